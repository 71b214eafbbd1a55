/**
 * Receivers that answer differently at each stage, and what the sender hears of it.
 *
 * The same for both MTAs: each recipient ends once, at a sink or in a report; reports are made by the agent, go back through the MTA, and
 * lie in the mailbox of who sent the message.
 */
import assert from 'node:assert/strict';
import { configSchema } from '@sluice/shared/contract/config.ts';
import type { HostConfig, Hosting, MtaKind } from './hosting.ts';
import type { LocalReport } from './ledger.ts';
import type { Senders } from './senders.ts';
import { user1, user2 } from './sites.ts';

/** A receiver that only ever defers is given up after that long here. */
const expireSeconds = 4;

type Row = {
	readonly subject: string;
	readonly send: (to: readonly string[]) => (subject: string) => Promise<unknown>;
	readonly arrive: readonly string[];
	readonly fail: readonly string[];
	/** Whose mailbox the reports are in. */
	readonly reportsTo: string;
	/** Failed in one transaction: told in one report. */
	readonly together?: readonly string[];
};

function rowsOf(send: Senders): readonly Row[] {
	const mailbox = (user: typeof user1 | typeof user2) => (to: readonly string[]) => send.mailbox(user, to);
	/** `sendmail` as alice, with this reverse-path. */
	const from = (reversePath: string) => (to: readonly string[]) =>
		send.sendmail('alice', to[0]!, { arguments: `-i -f ${reversePath} -- ${to.join(' ')}` });
	const alice = (to: readonly string[]) => send.sendmail('alice', to[0]!, { arguments: `-i -- ${to.join(' ')}` });
	return [
		{
			subject: 'answers at RCPT',
			send: mailbox(user1),
			arrive: ['ok@one.test', 'greylist-1-later@one.test', 'ok@two.test'],
			fail: ['550-gone@one.test', 'multi-550-gone@two.test', '450-never@one.test'],
			reportsTo: user1.user,
		},
		{
			subject: 'answers at DATA',
			send: alice,
			arrive: ['ok@four.test'],
			fail: ['data-554-no@three.test', 'with-it@three.test', 'data-451-never@five.test'],
			together: ['data-554-no@three.test', 'with-it@three.test'],
			reportsTo: 'alice',
		},
		{
			subject: 'answers at the end of data',
			send: mailbox(user2),
			arrive: ['ok@eight.test'],
			fail: ['end-554-no@six.test', 'with-it@six.test', 'spam-no@seven.test', 'end-451-never@nine.test'],
			together: ['end-554-no@six.test', 'with-it@six.test'],
			reportsTo: user2.user,
		},
		{
			subject: '554 at MAIL',
			send: from('mail-554-alice@site1.test'),
			arrive: [],
			fail: ['a@one.test', 'b@two.test'],
			reportsTo: 'alice',
		},
		{
			subject: '451 at MAIL',
			send: from('mail-451-alice@site1.test'),
			arrive: [],
			fail: ['a@one.test', 'b@two.test'],
			reportsTo: 'alice',
		},
	];
}

/** Sends all, with a short lifetime in force meanwhile, and waits for every end. */
export async function runAnswers(hosting: Hosting<MtaKind>, send: Senders): Promise<void> {
	const { ledger, rig } = hosting;
	await withConfig(
		hosting,
		({ delivery, ...rest }) => ({ ...rest, delivery: { ...delivery, retry: { ...delivery?.retry, expireSeconds } } }),
		async () => {
			const rows = rowsOf(send);
			for (const { subject, send: hand, arrive, fail } of rows) {
				ledger.arrives(subject, arrive);
				ledger.reported(subject, fail);
				await hand([...arrive, ...fail])(subject);
			}
			await ledger.settled();
			const reports = await ledger.reports();
			for (const { subject, reportsTo, together = [] } of rows) {
				const found = reports.filter(({ about }) => about === subject);
				const isTold = ({ recipients }: LocalReport) =>
					together.every((one) => recipients.some(({ address }) => address === one));
				assert.ok(found.some(isTold), subject);
				for (const { to } of found) assert.equal(to, reportsTo);
				for (const { reportingMta } of found) assert.equal(reportingMta, hosting.mta.hostname);
			}
			assert.ok(rig.count('recipient.expired') >= 4);
		},
	);
}

/** Runs with a changed configuration, as after SIGHUP, and takes the change back. */
export async function withConfig(
	{ rig, config }: Hosting<MtaKind>,
	change: (config: HostConfig) => HostConfig,
	run: () => Promise<void>,
): Promise<void> {
	const parsed = (one: HostConfig) => configSchema.parse({ dataDir: rig.dataDir, ...one });
	rig.agent.reload(parsed(change(config)));
	try {
		await run();
	} finally {
		rig.agent.reload(parsed(config));
	}
}

/** Reports about mail whose sender is elsewhere: one each, at the sender's own server, whatever the MTA thinks of relaying. */
export async function runReportsAway(hosting: Hosting<MtaKind>, send: Senders): Promise<void> {
	const { ledger, internet } = hosting;
	const rows = [
		[
			'report to a script that writes as another',
			send.sendmail('alice', '550-away@one.test', { arguments: '-i -f writer@outside.test -- 550-away@one.test' }),
			'550-away@one.test',
			'writer@outside.test',
		],
		[
			'report about a forward',
			send.outside('gone@site1.test', { from: 'author@outside.test' }),
			'550-forwarded@remote.test',
			'author@outside.test',
		],
	] as const;
	for (const [subject, hand, failed, to] of rows) {
		ledger.reported(subject, [failed]);
		await hand(subject);
		await ledger.settled();
		const last = internet.accepted().at(-1);
		assert.deepEqual([last?.reversePath, last?.acceptedRecipients], ['', [to]]);
	}
}

/** What the agent says it did is what the sinks and the ledger saw. */
export function assertCounts({ rig, internet }: Hosting<MtaKind>): void {
	const handedIn = rig.events
		.filter(({ event, session }) => event === 'message.accepted' && session !== undefined)
		.reduce((sum, { recipientCount }) => sum + Number(recipientCount), 0);
	const isReport = new Set(rig.events.flatMap(({ event, report }) => (event === 'dsn.sent' ? [report] : [])));
	const ended = (event: 'delivered' | 'bounced' | 'expired', ofReports: boolean) =>
		rig.events.filter((one) => one.event === `recipient.${event}` && isReport.has(one.message) === ofReports);
	const ends = (ofReports: boolean) => [
		...ended('delivered', ofReports),
		...ended('bounced', ofReports),
		...ended('expired', ofReports),
	];
	assert.equal(ends(false).length, handedIn);
	assert.equal(ends(true).length, isReport.size);
	assert.equal(ended('delivered', true).length, isReport.size);
	const toSinks = [
		...ended('delivered', false),
		...ended('delivered', true).filter(({ host }) => String(host).includes('sink.test')),
	];
	assert.equal(internet.counts().recipients, toSinks.length);
}
