/**
 * What is kept and for how long: history by the day, segments of the log.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accept } from '@sluice/agent/flow/accept.ts';
import { sweep } from '@sluice/agent/flow/sweep.ts';
import type { ProblemDocument } from '@sluice/shared/contract/problem.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { act, patient, setHold, states, takenBy } from './acts.ts';
import { ask } from './http.ts';
import { startRig } from './rig.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

test('history goes by the day, but never a day with open mail', async (context) => {
	const day = 86_400_000;
	const rig = await startRig(context, {
		internet,
		config: { queue: { holdExpireSeconds: 31_536_000 } },
		delivery: patient,
	});
	const { flow } = rig.agent;
	const { hold } = await setHold(rig, { kind: 'destination', id: 'open.test' });
	const acceptedDaysAgo = async (days: number, to: string): Promise<string> => {
		const then = Date.now() - days * day;
		const peer = { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2, proved: true };
		const body = Buffer.from('Subject: long ago\r\n\r\nHello.\r\n');
		const { lines } = await accept(
			// A hold of today met mail of today: here it has stood all the time.
			{
				...flow,
				clock: { ...flow.clock, now: () => then },
				holds: new Map([[hold.id, { ...flow.holds.get(hold.id)!, sinceMs: 0 }]]),
			},
			{ id: 's', peer, helo: 'client.example.test', protocol: 'ESMTP', xforward: {} },
			{ reversePath: '', recipients: [{ address: to }], has8bit: false, smtpUtf8: false },
			{
				chunks: [body],
				bytes: body.length,
				headerText: 'Subject: long ago\r\n\r\n',
				has8bit: false,
				newlinesNormalised: 0,
			},
		);
		return lines[0]?.split(' ')[0] ?? '';
	};
	const gone = await acceptedDaysAgo(40, 'x@ok.test');
	const open = await acceptedDaysAgo(35, 'x@open.test');
	const young = await acceptedDaysAgo(20, 'x@ok.test');
	await rig.until(() => [gone, young].every((message) => rig.count('message.finished', { message }) === 1));
	const files = (): number => readdirSync(join(rig.dataDir, 'history')).filter((name) => name.endsWith('.db')).length;
	assert.deepEqual(await states(rig, gone), { 'x@ok.test': 'delivered' });
	assert.equal(files(), 3);
	await sweep(flow);
	const answer = await ask(rig.agent.socketPath, { path: `/v1/messages/${gone}/trace` });
	assert.equal(answer.status, 404);
	assert.match((answer.json as ProblemDocument).detail ?? '', /older than the history \(30 days\)/);
	assert.equal(files(), 2);
	assert.deepEqual(await states(rig, young), { 'x@ok.test': 'delivered' });
	assert.deepEqual(await states(rig, open), { 'x@open.test': 'held' });
	// Its day goes when it has ended.
	await act(rig, 'REST', 'discard', { kind: 'message', id: open });
	assert.deepEqual(await states(rig, open), { 'x@open.test': 'discarded' });
	await sweep(flow);
	assert.equal(files(), 1);
});

test('log segments go when nothing needs them; a held message keeps only itself', async (context) => {
	const segmentBytes = 1024 * 1024;
	const rig = await startRig(context, { internet, delivery: patient });
	const { flow } = rig.agent;
	await setHold(rig, { kind: 'destination', id: 'kept.test' });
	const body = `Subject: kept\r\n\r\n${'.to be found again\r\n'.repeat(1000)}`;
	const kept = (await rig.submit({ from: '', to: ['x@kept.test'], message: body })).end?.text.split(' ')[2] ?? '';
	const bulk = `Subject: bulk\r\n\r\n${`${'y'.repeat(70)}\r\n`.repeat(1400)}`;
	for (let sent = 0; sent < 80; sent += 8)
		await Promise.all(Array.from({ length: 8 }, () => rig.send({ from: '', to: ['x@ok.test'], message: bulk })));
	await rig.until(() => rig.count('message.finished') === 80);
	const bytesBefore = flow.spool.stats().bytes;
	assert.ok(
		flow.spool.stats().segments >= 8,
		'the held message keeps what came behind it, since segments go oldest first',
	);
	await sweep(flow);
	assert.equal(rig.count('spool.compacted'), 1);
	await rig.until(() => flow.spool.stats().segments <= 2);
	context.diagnostic(`${bytesBefore} bytes before, ${flow.spool.stats().bytes} after`);
	assert.ok(flow.spool.stats().bytes <= 2 * segmentBytes);
	const onDisk = readdirSync(join(rig.dataDir, 'spool')).map((name) => statSync(join(rig.dataDir, 'spool', name)).size);
	// The two, a reserve, and a few finished ones kept for writing over.
	assert.ok(onDisk.reduce((sum, size) => sum + size, 0) < 9 * segmentBytes, onDisk.join(' '));
	const again = await rig.restart();
	assert.deepEqual(await states(again, kept), { 'x@kept.test': 'held' });
	await act(again, 'REST', 'release', { kind: 'message', id: kept });
	await again.until(() => takenBy(internet, 'x@kept.test') === 1);
	const [taken] = internet.accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes('x@kept.test'));
	const content = taken?.content.toString() ?? '';
	assert.equal(content.slice(content.indexOf('Subject:')), body);
	assert.ok(existsSync(join(rig.dataDir, 'queue.db')));
});
