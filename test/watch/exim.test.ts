/**
 * The watch of a real Exim: the agent is killed, stopped, has no room, or has lost its port to another program. Mail is counted at both ends.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { boxesUnavailable } from '../mta/box.ts';
import { until } from '../mta/until.ts';
import { full, killed, replaced, stopped } from './causes.ts';
import { mtaLog, outageTicks, startWatched, type WatchedServer } from './watched-server.ts';

const skip = (await boxesUnavailable()) ?? false;
const isLong = process.env.SLUICE_LONG === '1';

suite('the watch of an Exim', { skip, concurrency: false }, () => {
	let watched: WatchedServer;
	before(async () => {
		watched = await startWatched('exim');
	});
	after(() => watched?.stop());

	const waiting = async (count: number): Promise<void> => {
		const lines = async () => (await watched.queue()).split('\n').filter((line) => line.includes('@ok.test')).length;
		await until(async () => (await lines()) === count, { waitMs: 10_000, otherwise: () => watched.queue() });
	};

	test('healthy: probes are taken, stored and dropped, and nothing is said', async () => {
		assert.equal((await watched.ticks(3)).phase.kind, 'healthy');
		assert.equal(watched.outcomes.at(-1)?.kind, 'accepted', JSON.stringify(watched.outcomes));
		const sent = await watched.send('well');
		await watched.allArrived();
		assert.equal(await watched.byAgent(sent), 1);
		assert.deepEqual([watched.journal, watched.asked], [[], []]);
	});

	test('the program itself, as the timer runs it: finds the wiring, hands in a probe, remembers', async () => {
		const { box } = watched.server;
		const words = ['/opt/sluice/node_modules/.bin/node', '/opt/sluice/installers/src/watch/main.ts', '--json'];
		const { stdout, stderr } = await box.run(words);
		const { state, recent } = JSON.parse(stdout) as { state: string; recent: { outcome: string }[] };
		assert.deepEqual([state, stderr], ['healthy', '']);
		assert.match(recent.at(-1)?.outcome ?? '', /^it took a probe message in \d+ ms$/);
		const status = await box.run([...words.slice(0, 2), '--status']);
		assert.match(status.stdout, /^The agent takes mail, since .*\nIt looked last \d+ s ago\.$/m);
		assert.equal((await box.run([...words, '--nonsense'], { allowFailure: true })).code, 2);
	});

	test('a tenant who says that mail is an alarm does not get past the agent', async () => {
		const sent = await watched.send('alarm', 1, '-oMr sluice-alarm');
		await watched.allArrived();
		assert.equal(await watched.byAgent(sent), 1);
	});

	test('keep: mail waits, nothing is changed; when the agent is back all of it leaves at once, and frozen mail does not', async () => {
		watched.policy('keep');
		const sum = await watched.server.treeSum();
		await watched.killAgent();
		const sent = await watched.send('kept', 4);
		await waiting(4);
		const frozen = /(\S{6}-\S+-\S{2}) </.exec(await watched.queue())?.[1] ?? assert.fail(await watched.queue());
		const { box } = watched.server;
		await box.run(['/usr/sbin/exim4', '-Mf', frozen]);
		assert.equal((await watched.ticks(outageTicks + 3)).phase.kind, 'outage');
		assert.equal(await watched.server.treeSum(), sum);
		assert.deepEqual(
			[watched.asked, watched.journal.filter((line) => line.startsWith('error'))],
			[[], ['error Outgoing mail waits: the relay agent takes none (nothing listens on its port: it is not running)']],
		);
		const letter = async () => box.readFile('/var/mail/webuser').catch(() => '');
		await until(async () => (await letter()).includes('has not taken mail since'), {
			waitMs: 10_000,
			otherwise: () => mtaLog(watched.server),
		});
		const told = () =>
			watched.server.internet
				.accepted()
				.filter(({ acceptedRecipients }) => acceptedRecipients.includes('operator@ok.test'));
		await until(() => told().length === 1, { waitMs: 10_000, otherwise: () => mtaLog(watched.server) });
		assert.equal((await watched.queue()).includes('operator@ok.test'), false, 'an alarm does not wait for the agent');

		await watched.startAgent();
		await watched.ticks(2);
		const arrived = () =>
			watched.server.internet.accepted().filter(({ acceptedRecipients }) => sent.includes(acceptedRecipients[0] ?? ''));
		await until(() => arrived().length === 3, { waitMs: 8_000, otherwise: () => mtaLog(watched.server) });
		assert.match(await watched.queue(), /\*\*\* frozen \*\*\*/);
		await box.run(['/usr/sbin/exim4', '-Mt', frozen]);
		await box.run(['/usr/sbin/exim4', '-qff']);
		await watched.allArrived();
		assert.equal(await watched.byAgent(sent), 4);
		await until(async () => (await letter()).includes('The relay agent takes mail again'), {
			waitMs: 10_000,
			otherwise: () => mtaLog(watched.server),
		});
	});

	test('bypass: what waits and what comes goes directly; a healthy minute later it goes by the agent again', async () => {
		watched.policy('bypass');
		await watched.killAgent();
		const waited = await watched.send('waited', 3);
		await waiting(3);
		const state = await watched.ticks(outageTicks);
		assert.deepEqual([state.phase.kind, watched.asked], ['outage', ['mta bypass']], watched.journal.join('\n'));
		const passed = await watched.send('passed', 2);
		await watched.allArrived();
		await watched.startAgent();
		assert.equal(await watched.byAgent([...waited, ...passed]), 0, 'none of it went by the agent');
		await watched.ticks(2);
		const during = await watched.send('during');
		await watched.allArrived();
		assert.equal(await watched.byAgent(during), 0, 'not yet believed');
		// On a server a minute has passed by now, and Exim's ten seconds until it tries the agent again with it.
		await watched.server.box.run(['/bin/sh', '-c', 'rm -f /var/spool/exim4/db/retry*']);
		assert.equal((await watched.ticks(1)).phase.kind, 'healthy', watched.journal.join('\n'));
		assert.deepEqual(watched.asked, ['mta bypass', 'mta ensure']);
		const again = await watched.send('again');
		await watched.allArrived();
		assert.equal(await watched.byAgent(again), 1);
	});

	test('no room, another program on the port, and an agent that is stopped: outages all, whatever the cause', async () => {
		watched.policy('keep');
		await full.begin(watched);
		assert.equal((await watched.ticks(outageTicks)).phase.kind, 'outage');
		assert.match(watched.journal.at(-1) ?? '', /it has no room: it answered "452/);
		await full.end(watched);

		await replaced.begin(watched);
		await watched.ticks(1);
		assert.deepEqual(watched.outcomes.at(-1), {
			kind: 'refused',
			phase: 'greeting',
			reply: 'HTTP/1.1 400 Bad Request',
		});
		await replaced.end(watched);

		await stopped.begin(watched);
		try {
			await watched.ticks(1);
			assert.deepEqual(watched.outcomes.at(-1), { kind: 'silent', phase: 'greeting' });
		} finally {
			await stopped.end(watched);
		}
		assert.equal((await watched.ticks(2)).phase.kind, 'healthy');
		const sent = await watched.send('after');
		await watched.allArrived();
		assert.equal(await watched.byAgent(sent), 1);
	});

	if (isLong)
		for (const { cause, begin, end } of [killed, stopped, full, replaced])
			test(`bypass because ${cause}: mail in and out of it, each once, and by the agent again`, async () => {
				watched.policy('bypass');
				await begin(watched);
				const before = watched.asked.length;
				await watched.send(`waits-${cause.split(' ').at(-1)}`, 10);
				assert.equal((await watched.ticks(outageTicks)).phase.kind, 'outage');
				await watched.send('passes', 10);
				await end(watched);
				await watched.ticks(2);
				await watched.send('passes-too', 10);
				await watched.server.box.run(['/bin/sh', '-c', 'rm -f /var/spool/exim4/db/retry*']);
				assert.equal((await watched.ticks(1)).phase.kind, 'healthy', watched.journal.join('\n'));
				assert.deepEqual(watched.asked.slice(before), ['mta bypass', 'mta ensure']);
				const again = await watched.send('again', 10);
				await watched.allArrived();
				assert.equal(await watched.byAgent(again), 10);
			});
});
