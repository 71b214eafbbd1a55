/**
 * What becomes of mail when the agent cannot take it, goes away or is killed: every message ends exactly once all the same.
 *
 * The same list for both MTAs (agent-trouble-exim.test.ts, agent-trouble-postfix.test.ts). Duplicates are allowed only where an answer was
 * lost on its way, and are counted. Waits are the MTA's own: nothing kicks its queue unless a test says so.
 */
import assert from 'node:assert/strict';
import { after, before, suite, type TestContext, test } from 'node:test';
import type { MtaKind } from './hosting.ts';
import { type Senders, sendersOf } from './senders.ts';
import { user1, user2 } from './sites.ts';
import { type HoldPoint, holdPoints, startTap } from './tap.ts';
import { startTrouble, type Trouble } from './trouble.ts';
import { until } from './until.ts';

const isLong = process.env.SLUICE_LONG !== undefined;
const kills = isLong ? 5 : 1;
/** Exim's retry rule says ten seconds, its queue runner comes every second; the rest is a slow machine. */
const backWithinMs = 15_000;
const messageBytesMax = 200_000;

export function troubleSuite(kind: MtaKind, skip: string | false): void {
	suite(`trouble between ${kind} and the agent`, { skip }, () => {
		let trouble: Trouble<MtaKind>;
		before(async () => {
			trouble = await startTrouble(kind, {
				name: `agent-trouble-${kind}`,
				config: (config) => ({ ...config, smtp: { ...config.smtp, messageBytesMax, headerBytesMax: messageBytesMax } }),
			});
		});
		after(() => trouble?.stop());
		const send = sendersOf(() => trouble.mta);

		test('disk low: 452 at MAIL, the MTA keeps the mail, and it leaves when there is room', async () => {
			const { ledger, mta } = trouble;
			await trouble.reconfigure((config) => ({ ...config, spool: { ...config.spool, minFreeBytes: 2 ** 40 } }));
			await trouble.agent().until(() => hasEvent(trouble, 'health.degraded'));
			const sent = await sendOne(send, 'low', ledger);
			await until(async () => (await mta.queue()).length === sent && (await mta.log()).includes('452 4.3.1'), {
				waitMs: backWithinMs,
				otherwise: () => mta.log(),
			});
			assert.equal(accepted(trouble), 0);
			await trouble.reconfigure((config) => config);
			await trouble.agent().until(() => hasEvent(trouble, 'health.recovered'));
			await mta.kick();
			await ledger.settled();
		});

		test("an account's bound: 450 for its next message, none for its neighbours, and it leaves later", async () => {
			const { ledger, mta } = trouble;
			await trouble.reconfigure((config) => ({ ...config, queue: { accountRecipientsMax: 1 } }));
			const [first, second, other] = ['greylist-2-bound@remote.test', 'bound-2@remote.test', 'bound-3@remote.test'];
			ledger.arrives('bound 1', [first!]);
			await send.mailbox(user1, first!)('bound 1');
			await trouble.agent().until(() => hasEvent(trouble, 'recipient.deferred'));
			ledger.arrives('bound 2', [second!]);
			await send.mailbox(user1, second!)('bound 2');
			await until(async () => (await mta.log()).includes('450 4.3.2'), { waitMs: 5000, otherwise: () => mta.log() });
			ledger.arrives('bound 3', [other!]);
			await send.mailbox(user2, other!)('bound 3');
			await trouble.agent().until(() => hasEvent(trouble, 'recipient.delivered', other));
			assert.equal(hasEvent(trouble, 'recipient.delivered', second), false);
			await trouble.agent().until(() => hasEvent(trouble, 'recipient.delivered', first));
			await mta.kick();
			await ledger.settled();
			await trouble.reconfigure((config) => config);
		});

		test('too big: 552, and one bounce by the MTA', async () => {
			const { ledger } = trouble;
			const body = `${'x'.repeat(70)}\r\n`.repeat(Math.ceil(messageBytesMax / 70));
			ledger.reported('too big', ['big@remote.test']);
			await send.mailbox(user1, 'big@remote.test', { body })('too big');
			await ledger.settled();
			const [report] = (await ledger.reports()).filter(({ about }) => about === 'too big');
			assert.match(report!.text, /5\.3\.4/);
		});

		test('stopped and started again: what came meanwhile leaves by itself, of every sender', async (context) => {
			const { ledger, mta } = trouble;
			const load = sendDuring(send, ledger, 8);
			assert.equal(await trouble.end(), 0);
			await load;
			const sent = await sendOne(send, 'away', ledger);
			await until(async () => (await mta.queue()).length >= sent, { waitMs: 5000, otherwise: () => mta.log() });
			await trouble.start();
			await sendOne(send, 'back', ledger);
			assert.deepEqual(await ledger.settled(), []);
			assertBack(context, trouble);
		});

		for (let kill = 1; kill <= kills; kill++)
			test(`killed at every point of a transaction at once, ${kill}`, (context) => killEverywhere(context, kill));

		async function killEverywhere(context: TestContext, round: number): Promise<void> {
			const { ledger, internet } = trouble;
			const tap = await startTap(0);
			try {
				await trouble.lead(tap.port);
				tap.leadTo(trouble.ports.agent);
				// One is with the agent and under way to a receiver that has it and has not answered yet.
				const slow = `slow-end-3000-${round}@remote.test`;
				ledger.mayArriveTwice(`under way ${round}`, [slow]);
				const atSink = internet.sink('ordinary');
				const before = atSink.counts().transactions;
				await send.mailbox(user2, slow)(`under way ${round}`);
				await atSink.waitFor(({ counts }) => counts().transactions > before);
				for (const point of holdPoints) {
					const subject = `cut at ${point} ${round}`;
					const to = `${point}-${round}@remote.test`;
					if (mayRepeat(point)) ledger.mayArriveTwice(subject, [to]);
					else ledger.arrives(subject, [to]);
					const body = 'A line of the message.\r\n'.repeat(100);
					await tap.holdNext(point, () => send.sendmail('alice', to, { body })(subject));
					// So that only the MTA can repeat it, and not the agent as well.
					if (mayRepeat(point)) await trouble.agent().until(() => hasEvent(trouble, 'recipient.delivered', to));
				}
				await trouble.kill();
				tap.cut();
				await trouble.start();
				await sendOne(send, `after kill ${round}`, ledger);
				const twice = await ledger.settled();
				context.diagnostic(`${kind}: twice: ${twice.join(', ') || 'none'}`);
				assertBack(context, trouble);
				await trouble.lead(trouble.ports.agent);
			} finally {
				await tap.stop();
			}
		}
	});
}

/** Only there the agent has the whole message. */
const mayRepeat = (point: HoldPoint): boolean => point === 'end';

const accepted = (trouble: Trouble<MtaKind>): number =>
	trouble.agent().lines.filter(({ event }) => event === 'message.accepted').length;

const hasEvent = (trouble: Trouble<MtaKind>, event: string, recipient?: string): boolean =>
	trouble
		.agent()
		.lines.some((line) => line.event === event && (recipient === undefined || line.recipient === recipient));

/** All that waited has come to the agent in time after its start, mail of senders that were not touched by the outage too. */
function assertBack(context: TestContext, { kind, agent }: Trouble<MtaKind>): void {
	const at = (event: string): number[] =>
		agent().lines.flatMap((line) => (line.event === event ? [Date.parse(String(line.time))] : []));
	const lastMs = Math.max(...at('message.accepted')) - Math.min(...at('agent.started'));
	context.diagnostic(`${kind}: the last message came ${lastMs} ms after the agent was back`);
	assert.ok(lastMs <= backWithinMs);
}

/** One message each from senders with different source addresses. Answers how many. */
async function sendOne(send: Senders, subject: string, ledger: Trouble<MtaKind>['ledger']): Promise<number> {
	const slug = subject.replace(/\W+/g, '-');
	const ways = [
		[`${subject}, site1`, `${slug}-1@remote.test`, send.mailbox(user1, `${slug}-1@remote.test`)],
		[`${subject}, site2`, `${slug}-2@remote.test`, send.mailbox(user2, `${slug}-2@remote.test`)],
		[`${subject}, alice`, `${slug}-3@remote.test`, send.sendmail('alice', `${slug}-3@remote.test`)],
	] as const;
	for (const [name, to, way] of ways) {
		ledger.arrives(name, [to]);
		await way(name);
	}
	return ways.length;
}

/** A stream of messages, for as long as it takes the agent to end. */
async function sendDuring(send: Senders, ledger: Trouble<MtaKind>['ledger'], count: number): Promise<void> {
	for (let at = 0; at < count; at++) {
		const to = `slow-end-50-stream${at}@remote.test`;
		ledger.arrives(`stream ${at}`, [to]);
		await send.mailbox(at % 2 === 0 ? user1 : user2, to)(`stream ${at}`);
	}
}
