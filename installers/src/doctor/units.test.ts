/** Units that are not as the installer left them, each told with its mend; the guard that somebody flushed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { relayGuardFile } from '../facts/places.ts';
import { guardText } from '../units/relay-guard.ts';
import { wantedFiles } from '../units/unit-steps.ts';
import { codes, groundWith } from './ground.fixture.ts';
import { guardFindings, unitFindings } from './units.ts';

const settings = { relayPort: 926, panel: 'none', guard: { nft: '/usr/sbin/nft', uids: [105] } } as const;
const files = [...wantedFiles(settings), fileOf('/usr/sbin/nft', '')];
const state = (id: string, more: object = {}) =>
	Object.entries({
		Id: id,
		LoadState: 'loaded',
		ActiveState: 'active',
		UnitFileState: 'enabled',
		NeedDaemonReload: 'no',
		...more,
	})
		.map((pair) => pair.join('='))
		.join('\n');

const agent = (more: object) => ({
	'systemctl show': [state('sluice-smtp.socket'), state('sluice-agent.service', more)].join('\n\n'),
});

test('a well server: nothing', async () => {
	assert.deepEqual(await unitFindings(groundWith({ files, answers: agent({}) })), []);
});

test('each thing that may be wrong with a unit', async () => {
	const rows: readonly (readonly [object, string])[] = [
		[{ ActiveState: 'failed' }, 'units.failed'],
		[{ ActiveState: 'inactive' }, 'units.stopped'],
		[{ UnitFileState: 'disabled' }, 'units.disabled'],
		[{ LoadState: 'masked', ActiveState: 'inactive' }, 'units.masked'],
		[{ NeedDaemonReload: 'yes' }, 'units.reload'],
	];
	for (const [broken, code] of rows) {
		const answers = { ...agent(broken), journalctl: 'first\nno space left on device\n' };
		const found = await unitFindings(groundWith({ files, answers }));
		assert.deepEqual(codes(found), [code]);
		if (code === 'units.failed') assert.match(found[0]?.text ?? '', /sluice-agent\.service has failed: no space left/);
	}
});

test('a file that is missing or changed is written again, and systemd told', async () => {
	const agentFile = files.find(({ path }) => path.endsWith('sluice-agent.service')) ?? assert.fail();
	const others = files.filter((file) => file !== agentFile);
	const missing = await unitFindings(groundWith({ files: others, answers: agent({}) }));
	assert.deepEqual(codes(missing), ['units.missing']);
	const changed = await unitFindings(
		groundWith({ files: [...others, { ...agentFile, content: '[Unit]\n' }], answers: agent({}) }),
	);
	assert.deepEqual(codes(changed), ['units.changed']);
	const acts = (changed[0]?.repair?.apply ?? []).map((action) =>
		action.kind === 'write'
			? `write ${action.file.path}`
			: action.kind === 'run'
				? action.command.join(' ')
				: action.kind,
	);
	assert.deepEqual(
		acts.filter((act) => act.startsWith('write')),
		[`write ${agentFile.path}`],
	);
	assert.ok(
		acts.includes('systemctl daemon-reload') && acts.includes('systemctl start sluice-agent.service'),
		acts.join('\n'),
	);
});

test('the relay guard: in force, flushed, for other users, without nft', async () => {
	const listed = (uids: string) =>
		`table inet sluice_guard {\n\tchain output {\n\t\ttype filter hook output priority filter; policy accept;\n\t\toifname "lo" tcp dport 926 meta skuid != { ${uids} } reject with tcp reset\n\t}\n}\n`;
	const rows: readonly (readonly [string | { exitCode: number; output: string }, readonly string[]])[] = [
		[listed('0, 105'), []],
		[{ exitCode: 1, output: 'No such file or directory' }, ['guard.missing']],
		[listed('0, 105, 7001'), ['guard.missing']],
	];
	for (const [answer, wanted] of rows) {
		const answers = { '/usr/sbin/nft -n list table inet sluice_guard': answer };
		assert.deepEqual(codes(await guardFindings(groundWith({ files, answers }))), wanted);
	}
	const withoutNft = [fileOf(relayGuardFile, guardText(926, [105]))];
	assert.deepEqual(codes(await guardFindings(groundWith({ files: withoutNft }))), ['guard.no-nft']);
	assert.deepEqual(await guardFindings(groundWith()), [], 'no guard was made here');
});
