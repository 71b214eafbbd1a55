/**
 * What can be asked of what happened: search, metrics, log.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createLog } from '@sluice/agent/io/log/log.ts';
import type { CallInput } from '@sluice/shared/client/client.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, patient, setHold } from './acts.ts';
import { ask } from './http.ts';
import { plainMessage, type Rig, startRig } from './rig.ts';
import { mailbox, unixUser } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

type Query = NonNullable<CallInput<'listMessages'>['query']>;

test('what was sent is found by each filter, alone and together, in pages', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	await setHold(rig, { kind: 'destination', id: 'held.test' });
	const names = new Map<string, string>();
	const send = async (name: string, sending: Parameters<Rig['send']>[0], subject = name): Promise<void> => {
		const { end } = await rig.submit({ ...sending, message: plainMessage('x@y.test', subject) });
		names.set(end?.text.split(' ')[2] ?? '', name);
	};
	await send(
		'mary',
		{ from: 'mary@one.test', to: ['x@ok.test', 'y@two.test'], sender: mailbox('mary@one.test') },
		'Offer for spring',
	);
	await send(
		'bob',
		{ from: 'bob@one.test', to: ['x@ok.test'], sender: mailbox('bob@one.test') },
		'Your OFFER, 100% off',
	);
	await send(
		'script',
		{ from: 'www@shop.test', to: ['451-x@ok.test', 'z@ok.test'], sender: unixUser(7001) },
		'Order 12_3',
	);
	await send('bounced', { from: '', to: ['550-x@ok.test'], sender: unixUser(7001) }, 'Order 1243');
	await send('held', { from: 'Mary@One.test', to: ['h@held.test'], sender: mailbox('mary@one.test') }, 'Später');
	await rig.until(() => rig.count('message.finished') === 3 && rig.count('recipient.deferred') === 1);
	const found = async (query: Query): Promise<readonly string[]> =>
		given(await rig.client.call('listMessages', { query })).items.map(({ id }) => names.get(id) ?? id);
	const minute = (from: number): string => new Date(Date.now() + from * 60_000).toISOString();
	const cases: readonly [Query, readonly string[]][] = [
		[{}, ['held', 'bounced', 'script', 'bob', 'mary']],
		[{ account: 'domain:one.test' }, ['held', 'bob', 'mary']],
		[{ account: 'uid:7001' }, ['bounced', 'script']],
		[{ account: 'domain:one' }, []],
		[{ identity: 'mailbox:mary@one.test' }, ['held', 'mary']],
		[{ sender: 'mary@one.test' }, ['held', 'mary']],
		[{ sender: '@one.test' }, ['held', 'bob', 'mary']],
		[{ sender: '<>' }, ['bounced']],
		[{ recipient: 'x@ok.test' }, ['bob', 'mary']],
		[{ recipient: 'X@OK.test' }, ['bob', 'mary']],
		[{ recipient: '@two.test' }, ['mary']],
		[{ recipient: '@ok.test' }, ['bounced', 'script', 'bob', 'mary']],
		[{ subject: 'offer' }, ['bob', 'mary']],
		[{ subject: '100%' }, ['bob']],
		[{ subject: '12_3' }, ['script']],
		[{ subject: 'später' }, ['held']],
		[{ subject: 'SPÄTER' }, []], // beyond ASCII the case counts
		[{ state: 'delivered' }, ['script', 'bob', 'mary']],
		[{ state: 'queued' }, ['script']],
		[{ state: 'held' }, ['held']],
		[{ state: 'bounced' }, ['bounced']],
		[{ state: 'expired' }, []],
		[{ since: minute(-10), until: minute(10) }, ['held', 'bounced', 'script', 'bob', 'mary']],
		[{ until: minute(-10) }, []],
		[{ since: minute(10) }, []],
		// One recipient must be all that is asked of recipients.
		[{ recipient: 'z@ok.test', state: 'delivered' }, ['script']],
		[{ recipient: 'z@ok.test', state: 'queued' }, []],
		[
			{
				account: 'domain:one.test',
				recipient: '@ok.test',
				state: 'delivered',
				subject: 'OFFER',
				sender: '@one.test',
				since: minute(-10),
			},
			['bob', 'mary'],
		],
	];
	for (const [query, expected] of cases) assert.deepEqual(await found(query), expected, JSON.stringify(query));

	const paged: string[] = [];
	let cursor: string | undefined;
	do {
		const query = { limit: 2, ...(cursor === undefined ? {} : { cursor }) };
		const page: { items: readonly { id: string }[]; next?: string | undefined } = given(
			await rig.client.call('listMessages', { query }),
		);
		assert.ok(page.items.length <= 2);
		paged.push(...page.items.map(({ id }) => names.get(id) ?? id));
		cursor = page.next;
	} while (cursor !== undefined);
	assert.deepEqual(paged, ['held', 'bounced', 'script', 'bob', 'mary']);
});

/** `sluice_events_total{event="x"} 3` → 3; undefined when there is no such line. */
const metric = (text: string, line: string): number | undefined => {
	const found = text.split('\n').find((one) => one.startsWith(`${line} `));
	return found === undefined ? undefined : Number(found.slice(line.length + 1));
};

test('/metrics has what happened', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	await rig.send({ to: ['x@ok.test', '451-x@ok.test'], sender: mailbox('m@one.test') });
	await rig.send({ to: ['550-x@ok.test', 'full-x@ok.test'], sender: unixUser(7001) });
	await rig.send({ from: '', to: ['y@ok.test'] });
	await rig.until(() => rig.count('recipient.deferred') === 2 && rig.count('recipient.delivered') === 3);
	const text = (await ask(rig.agent.socketPath, { path: '/metrics', actor: null })).text;
	const counted = rig.summary(
		'message.accepted',
		'recipient.delivered',
		'recipient.deferred',
		'recipient.bounced',
		'dsn.sent',
	);
	for (const [event, times] of Object.entries(counted))
		assert.equal(metric(text, `sluice_events_total{event="${event}"}`), times, event);
	assert.deepEqual(
		['mailbox', 'script', 'unattributed'].map((name) => metric(text, `sluice_accepted_total{class="${name}"}`)),
		[1, 1, 1],
	);
	assert.equal(metric(text, 'sluice_failures_total{event="recipient.bounced",cause="recipient-gone"}'), 1);
	assert.equal(metric(text, 'sluice_failures_total{event="recipient.deferred",cause="mailbox-full"}'), 1);
	assert.equal(metric(text, 'sluice_delivery_delay_seconds_count'), 3);
	assert.equal(metric(text, 'sluice_queue_recipients'), 2);
	assert.equal(metric(text, 'sluice_queue_messages'), 2);
	assert.equal(metric(text, 'sluice_problems'), 0);
	for (const gauge of [
		'sluice_resident_bytes',
		'sluice_spool_bytes',
		'sluice_spool_segments',
		'sluice_disk_free_bytes',
	])
		assert.ok((metric(text, gauge) ?? 0) > 0, gauge);
	assert.ok((metric(text, 'sluice_event_loop_stall_seconds{quantile="1"}') ?? -1) >= 0);
});

test('with masking no line of the log names a mailbox, whatever happened', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const secret = 'longsecretname';
	const sender = mailbox(`${secret}@one.test`);
	const from = `${secret}@one.test`;
	await rig.send({ from, to: [`${secret}@ok.test`, `550-${secret}@ok.test`, `451-${secret}@ok.test`], sender });
	await rig.submit({ from: `${secret}@@two@three.test`, to: ['x@ok.test'] });
	await rig.submit({ from, to: [`<${secret}@ok.test`, `"a ${secret}"@ok.test`] });
	await rig.submit({
		from,
		to: ['x@ok.test'],
		sender: unixUser(7001),
		message: `${'Received: from a by b; now\r\n'.repeat(60)}\r\n`,
	});
	await rig.until(() => rig.count('dsn.sent') === 1 && rig.count('recipient.deferred') === 1);
	await setHold(rig, { kind: 'identity', id: `mailbox:${secret}@one.test` });
	await rig.submit({ from, to: ['held@ok.test'], sender });
	given(
		await rig.client.call('act', {
			params: { act: 'discard' },
			body: {
				selector: { kind: 'identity', id: `mailbox:${secret}@one.test` },
				reason: `${secret}@one.test asked for it`,
			},
		}),
	);
	await rig.until(() => rig.count('recipient.discarded') >= 2);
	const lines = (maskAddresses: boolean): readonly string[] => {
		const written: string[] = [];
		const log = createLog({ level: 'debug', maskAddresses }, { write: (line) => void written.push(line) });
		for (const event of rig.events) log.write(event);
		return written;
	};
	const open = lines(false);
	const naming = open.filter((line) => line.includes(`${secret}@`));
	assert.ok(naming.length >= 10, `${naming.length} lines would name it`);
	const masked = lines(true);
	assert.equal(masked.length, open.length);
	assert.deepEqual(
		masked.filter((line) => line.includes(secret.slice(1))),
		[],
	);
	assert.ok(
		masked.some((line) => line.includes('l***@one.test')),
		'who knows it can still tell',
	);
});
