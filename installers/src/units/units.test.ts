/** What a server gets by what it is, and what a step does to what is there. What systemd makes of it: test/install/units.test.ts. */
import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileOf, memoryMachine } from '../facts/memory-machine.fixture.ts';
import type { Action } from '../plan/step.ts';
import { recurringUnits, servingUnits, startedUnits, type UnitSettings } from './names.ts';
import { ensureGuard, guardOnDisk, guardText, isGuarded } from './relay-guard.ts';
import { unitFiles } from './unit-files.ts';
import { type FormerFiles, unitSteps, wantedFiles } from './unit-steps.ts';
import { userFacts, userSteps, usersRefusal } from './users.ts';

const guard = { nft: '/usr/sbin/nft', uids: [0, 47] };
const cpanel: UnitSettings = { relayPort: 926, panel: 'cpanel', guard };
const plain: UnitSettings = { relayPort: 927, panel: 'none' };

const commands = (actions: readonly Action[]): readonly string[] =>
	actions.flatMap((action) => (action.kind === 'run' ? [action.command.join(' ')] : []));
const asFound = (settings: UnitSettings, change: (path: string, content: string) => string): FormerFiles =>
	new Map(
		wantedFiles(settings).map((file) => [file.path, { ...file, content: change(basename(file.path), file.content) }]),
	);

for (const [name, settings] of Object.entries({ cpanel, plain }))
	test(`${name}: every unit that is started has a file, and every file is a unit that is started`, () => {
		const started = [...servingUnits(settings), ...recurringUnits(settings), ...startedUnits(settings)];
		const files = unitFiles(settings).map(({ path }) => basename(path));
		assert.deepEqual(files.toSorted(), [...started, 'sluice.conf'].toSorted());
	});

test('without a panel nothing is asked of root, nobody else opens the agent, and nothing names what is not there', () => {
	const all = unitFiles(plain)
		.map(({ content }) => content)
		.join();
	assert.doesNotMatch(all, /sluice-panel|helper|reconcile|relay-guard/);
	assert.match(all, /SocketGroup=sluice\n/);
	assert.match(all, /ListenStream=127\.0\.0\.1:927\n/);
});

test('the guard says who may connect, and is recognised as nft prints it', async () => {
	const text = guardText(926, [47, 0]);
	assert.match(text, /tcp dport 926 meta skuid != \{ 0, 47 \} reject with tcp reset/);
	const printed = (uids: string): string =>
		`table inet sluice_guard {\n\tchain output {\n\t\toifname "lo" tcp dport 926 meta skuid != ${uids} reject with tcp reset\n`;
	const inForce = async (uids: string): Promise<boolean> =>
		isGuarded(
			memoryMachine([], () => ({ exitCode: 0, output: printed(uids) })),
			guard,
			926,
		);
	assert.deepEqual(await Promise.all(['{ 0, 47 }', '{ 0, 48 }', '{ 0, 47, 48 }', '0'].map(inForce)), [
		true,
		false,
		false,
		false,
	]);
	const machine = memoryMachine([fileOf('/etc/sluice/relay-guard.nft', text)]);
	assert.deepEqual(await guardOnDisk(machine), { port: 926, uids: [0, 47] });
});

test('a guard that cannot be loaded is told, one that is nobody’s business is not', async () => {
	assert.deepEqual(await ensureGuard(memoryMachine()), { ok: true, value: false });
	const file = fileOf('/etc/sluice/relay-guard.nft', guardText(926, [47]));
	assert.equal((await ensureGuard(memoryMachine([file]))).ok, false, 'no nft');
	const dead = memoryMachine([file, fileOf('/usr/sbin/nft', '')], (command) => ({
		exitCode: command.includes('tables') ? 0 : 1,
		output: 'Operation not permitted',
	}));
	assert.match(JSON.stringify(await ensureGuard(dead)), /not taken by nft: Operation not permitted/);
});

test('units that are as they should be are not written again, and nothing that runs is started anew', () => {
	const [files, , serve] = unitSteps(
		cpanel,
		asFound(cpanel, (_, content) => content),
	);
	assert.deepEqual(files?.doneWhen, { kind: 'is-so' });
	assert.deepEqual(
		commands(serve?.apply ?? []).filter((line) => /stop|restart/.test(line)),
		[],
	);
});

test('a service with a new text is started anew behind its socket; with a socket all of it goes down first', () => {
	const renewed = (name: string): readonly string[] => {
		const former = asFound(cpanel, (file, content) => (file === name ? `${content}# older\n` : content));
		const [, , serve] = unitSteps(cpanel, former);
		return commands(serve?.apply ?? []).filter((line) => /stop|restart/.test(line));
	};
	assert.deepEqual(renewed('sluice-agent.service'), ['systemctl try-restart sluice-agent.service']);
	assert.deepEqual(renewed('relay-guard.nft'), ['systemctl try-restart sluice-relay-guard.service']);
	assert.deepEqual(renewed('sluice-watch.service'), []);
	const [down] = renewed('sluice-smtp.socket');
	assert.match(down ?? '', /^systemctl stop .*sluice-agent\.service.* sluice-smtp\.socket/);
});

const passwd = (line: string) => fileOf('/etc/passwd', `root:x:0:0::/root:/bin/sh\n${line}\n`);
const group = (line: string) => fileOf('/etc/group', `root:x:0:\n${line}\n`);

test('users are made once and taken away only where they were made', async () => {
	const none = await userFacts(memoryMachine([passwd(''), group('')]));
	assert.equal(usersRefusal(none, 'cpanel'), undefined);
	const [agent, pages] = userSteps(none, 'cpanel');
	assert.deepEqual(commands(agent?.apply ?? []), [
		'groupadd --system sluice',
		'useradd --system --gid sluice --home-dir / --no-create-home --shell /usr/sbin/nologin sluice',
	]);
	assert.deepEqual(commands(pages?.undo ?? []), ['userdel sluice-panel', 'groupdel sluice-panel']);
	const ours = await userFacts(memoryMachine([passwd('sluice:x:990:991::/:/sbin/nologin'), group('sluice:x:991:')]));
	assert.equal(usersRefusal(ours, 'none'), undefined);
	assert.deepEqual(
		userSteps(ours, 'none').map(({ doneWhen, undo }) => [doneWhen.kind, undo]),
		[['is-so', []]],
	);
});

test('a stranger of our name stands in the way', async () => {
	const refused = async (user: string, its: string): Promise<string | undefined> =>
		usersRefusal(await userFacts(memoryMachine([passwd(user), group(its)])), 'none')?.code;
	const like = 'sluice:x:990:991::/:/usr/sbin/nologin';
	const wrong = {
		'a hosting account': ['sluice:x:1005:1005::/home/sluice:/bin/bash', 'sluice:x:1005:'],
		'a shell': [like.replace('/usr/sbin/nologin', '/bin/bash'), 'sluice:x:991:'],
		root: ['sluice:x:0:991::/:/usr/sbin/nologin', 'sluice:x:991:'],
		'another group': [like, 'sluice:x:992:'],
		'members of the group': [like, 'sluice:x:991:alice'],
		'a group alone': ['', 'sluice:x:1200:'],
	} as const;
	for (const [what, [user, its]] of Object.entries(wrong)) assert.equal(await refused(user, its), 'user-taken', what);
});
