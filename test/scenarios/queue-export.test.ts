/**
 * `sluice queue export` of a real agent's mail: while it runs, gone on with after it has stopped, and nothing of it changed.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Ran, run } from '@sluice/agent/main/commands/commands.fixture.ts';
import type { ExportReport } from '@sluice/agent/main/export/queue-export.ts';
import type { ExportedMessage } from '@sluice/agent/main/export/written-mail.ts';
import { given, patient, setHold } from './acts.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox, wiringSecret } from './senders.ts';

const held = 'From: <eve@shop.test>\r\nSubject: =?utf-8?q?H=C3=A9ld?=\r\n\r\n.\r\n..two\r\nline\r\n.end\r\n';

type Scene = { readonly rig: Rig; readonly to: string; readonly ids: { readonly [name: string]: string } };

/** `ids`: of what is queued with two of three recipients open, waits, and is held. */
async function scene(context: TestContext): Promise<Scene> {
	const rig = await startRig(context, { isWired: true, delivery: patient });
	const parent = mkdtempSync(join(tmpdir(), 'sluice-export-'));
	context.after(() => rmSync(parent, { recursive: true }));
	const body = { mode: 'enforce' as const, hour: { recipients: 1 } };
	given(await rig.client.call('putLimits', { params: { level: 'accounts', id: 'domain:slow.test' }, body }));
	await setHold(rig, { kind: 'account', id: 'domain:shop.test' });
	const queued = await rig.send({
		from: 'anna@one.test',
		to: ['greylist-9-a@ok.test', 'taken@ok.test', 'greylist-9-b@ok.test'],
		sender: mailbox('anna@one.test'),
	});
	await rig.send({ to: ['first@ok.test'], sender: mailbox('bob@slow.test') });
	const ids = {
		queued,
		waiting: await rig.send({ from: '', to: ['w@ok.test'], sender: mailbox('bob@slow.test') }),
		held: await rig.send({
			from: 'eve@shop.test',
			to: ['h@ok.test'],
			sender: mailbox('eve@shop.test'),
			message: held,
		}),
	};
	await rig.until(() => rig.count('recipient.deferred') === 2 && rig.count('recipient.delivered') === 3);
	return { rig, to: join(parent, 'mail'), ids };
}

const exported = ({ rig, to }: Scene): Promise<Ran> =>
	run(['queue', 'export', '--to', to, '--data-dir', rig.dataDir, '--socket', rig.agent.socketPath, '--json']);

const reportOf = ({ out, err, code }: Ran): ExportReport => {
	assert.equal(code, 0, err);
	return JSON.parse(out) as ExportReport;
};

const messageIn = ({ to }: Scene, id: string): ExportedMessage =>
	JSON.parse(readFileSync(join(to, `${id}.json`), 'utf8')) as ExportedMessage;

/** Every file of the log and every database with its bytes. */
const bytesOf = (dataDir: string): readonly string[] =>
	readdirSync(dataDir, { recursive: true, encoding: 'utf8' })
		.filter((name) => statSync(join(dataDir, name)).isFile())
		.map(
			(name) =>
				`${name} ${createHash('sha256')
					.update(readFileSync(join(dataDir, name)))
					.digest('hex')}`,
		)
		.sort();

test('beside a running agent, and gone on with when it has stopped', async (context) => {
	const here = await scene(context);
	const { rig, to, ids } = here;
	const first = reportOf(await exported(here));
	assert.deepEqual(
		[first.agent, first.messages, first.recipients, first.agentCounts, first.notExported],
		['running', 3, { queued: 2, waiting: 1, held: 1 }, { queued: 2, waiting: 1, held: 1 }, []],
	);
	assert.equal(statSync(to).mode & 0o777, 0o700);
	assert.deepEqual([...new Set(readdirSync(to).map((name) => statSync(join(to, name)).mode & 0o777))], [0o600]);

	assert.equal(readFileSync(join(to, `${ids.held}.eml`), 'latin1'), held, 'as it was received, without our header');
	const queued = messageIn(here, ids.queued as string);
	assert.deepEqual(
		queued.sendmail,
		'sendmail -i -f anna@one.test -- greylist-9-a@ok.test greylist-9-b@ok.test'.split(' '),
	);
	assert.deepEqual([queued.recipientsEnded, queued.recipients[0]?.attempts], [1, 1]);
	assert.match(queued.recipients[0]?.lastReply ?? '', /^451/);
	const waiting = messageIn(here, ids.waiting as string);
	assert.deepEqual([waiting.sendmail[3], waiting.recipients[0]?.state], ['<>', 'waiting']);
	assert.match(waiting.recipients[0]?.why ?? '', /slow\.test/);
	assert.equal(messageIn(here, ids.held as string).recipients[0]?.why, 'looks hijacked');
	for (const name of readdirSync(to)) assert.ok(!readFileSync(join(to, name), 'latin1').includes(wiringSecret), name);

	given(await rig.client.call('discardMessage', { params: { id: ids.waiting as string }, body: { reason: 'test' } }));
	await rig.stopped();
	const before = bytesOf(rig.dataDir);
	// An interrupted run: one content is cut, one is only begun.
	writeFileSync(join(to, `${ids.held}.eml`), 'From');
	writeFileSync(join(to, `${ids.queued}.json.part`), '{');
	const second = reportOf(await exported(here));
	assert.deepEqual(
		[second.agent, second.messages, second.wereThere, second.removed, second.recipients],
		['stopped', 2, 1, 1, { queued: 2, waiting: 0, held: 1 }],
	);
	assert.equal(readFileSync(join(to, `${ids.held}.eml`), 'latin1'), held);
	const names = [ids.held, ids.queued].flatMap((id) => [`${id}.eml`, `${id}.json`]);
	assert.deepEqual(readdirSync(to).sort(), [...names, 'index.json'].sort());
	assert.deepEqual(bytesOf(rig.dataDir), before, 'read only');
});

test('what cannot be read is named, the rest is exported, and the command ends with 1', async (context) => {
	const here = await scene(context);
	const { rig, to, ids } = here;
	const last = await rig.send({ to: ['greylist-9-c@ok.test'], sender: mailbox('anna@one.test') });
	await rig.until(() => rig.count('recipient.deferred', { message: last }) === 1);
	await rig.stopped();
	const log = join(rig.dataDir, 'spool', '0000000001.log');
	const bytes = readFileSync(log);
	const at = bytes.indexOf('..two');
	assert.ok(at > 0);
	bytes.write('xx', at);
	writeFileSync(log, bytes);
	const { out, code } = await exported(here);
	const report = JSON.parse(out) as ExportReport;
	assert.deepEqual([code, report.messages, report.notExported.map(({ id }) => id)], [1, 3, [ids.held]]);
	assert.deepEqual(readdirSync(to).length, 7);
});

test('an agent that runs and does not answer, a foreign folder, a folder with other things: nothing is exported', async (context) => {
	const here = await scene(context);
	const { rig, to } = here;
	const silent = await run(['queue', 'export', '--to', to, '--data-dir', rig.dataDir, '--socket', '/nonexistent']);
	assert.equal(silent.code, 1);
	assert.match(silent.err, /process \d+\) runs but does not answer/);
	assert.equal(statSync(to, { throwIfNoEntry: false }), undefined);
	reportOf(await exported(here));
	chmodSync(to, 0o777);
	assert.match((await exported(here)).err, /others may write there/);
	chmodSync(to, 0o700);
	writeFileSync(join(to, 'mine.txt'), 'x');
	assert.match((await exported(here)).err, /something else already \(mine\.txt\)/);
});
