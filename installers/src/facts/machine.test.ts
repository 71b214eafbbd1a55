/** The real machine's files and programs, in a folder of the test's own. */
import assert from 'node:assert/strict';
import {
	chmodSync,
	lstatSync,
	mkdtempSync,
	readdirSync,
	readFileSync,
	rmSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { sweepLeftovers, systemMachine } from './machine.ts';
import { stagedPath } from './whole-files.ts';

const root = mkdtempSync(join(tmpdir(), 'sluice-machine-'));
after(() => rmSync(root, { recursive: true, force: true }));
const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const machine = systemMachine(root);

test('a file is replaced with mode and every byte kept, and nothing is left beside it', async () => {
	writeFileSync(join(root, 'main.cf'), Buffer.from([0x61, 0xff, 0x0a]));
	chmodSync(join(root, 'main.cf'), 0o640);
	const file = await machine.read('/main.cf');
	assert.deepEqual(file, { path: '/main.cf', content: 'a\xff\n', mode: 0o640, uid, gid });
	await machine.write({ ...file, content: `${file.content}b\xfe` });
	assert.deepEqual([...readFileSync(join(root, 'main.cf'))], [0x61, 0xff, 0x0a, 0x62, 0xfe]);
	assert.equal(lstatSync(join(root, 'main.cf')).mode & 0o7777, 0o640);
	assert.deepEqual(readdirSync(root), ['main.cf']);
});

test('what is not there is undefined, empty, or gone, never an error', async () => {
	assert.equal(await machine.read('/none/of/it'), undefined);
	assert.deepEqual(await machine.list('/none'), []);
	assert.equal(await machine.exists('/none'), false);
	await machine.remove('/none');
	assert.equal(await machine.removeFolder('/none'), true);
});

test('a link is followed on this machine and refused below another root', async () => {
	writeFileSync(join(root, 'real'), 'old');
	symlinkSync(join(root, 'real'), join(root, 'link'));
	await systemMachine('/').write({ path: join(root, 'link'), content: 'new', mode: 0o600, uid, gid });
	assert.equal(readFileSync(join(root, 'real'), 'latin1'), 'new');
	assert.equal(lstatSync(join(root, 'link')).isSymbolicLink(), true, 'the link stays one');
	await assert.rejects(machine.write({ path: '/link', content: 'x', mode: 0o600, uid, gid }), /symbolic link/);
});

test('a folder that is not empty stays', async () => {
	assert.equal(await machine.makeFolder('/folder', { mode: 0o700, uid, gid }), true);
	assert.equal(await machine.makeFolder('/folder'), false);
	await machine.write({ path: '/folder/file', content: '', mode: 0o600, uid, gid });
	assert.equal(await machine.removeFolder('/folder'), false);
	await machine.remove('/folder/file');
	assert.equal(await machine.removeFolder('/folder'), true);
});

test('what a killed command left behind is swept, and nothing else', async () => {
	for (const path of [stagedPath('/kept'), '/.kept.sluice-0123456789ab', '/.kept.sluice-mine', '/kept.sluice-new'])
		await machine.write({ path, content: '', mode: 0o600, uid, gid });
	await sweepLeftovers(machine, ['/', '/none']);
	const left = (await machine.list('/')).filter((name) => name.includes('kept'));
	assert.deepEqual(left, ['.kept.sluice-mine', 'kept.sluice-new']);
});

test('programs: exit code, both outputs, input, directory; a missing one is 127', async () => {
	const here = systemMachine('/');
	const script = 'cat; pwd; echo err >&2; exit 3';
	const ran = await here.run(['/bin/sh', '-c', script], { input: 'in\n', cwd: '/tmp' });
	assert.deepEqual(ran, { exitCode: 3, output: 'in\n/tmp\nerr\n' });
	assert.equal((await here.run(['/no/such/program'])).exitCode, 127);
});

test('another user', { skip: uid === 0 ? false : 'needs root' }, async () => {
	const ran = await systemMachine('/').run(['/usr/bin/id', '-u'], { user: { uid: 65_534, gid: 65_534 } });
	assert.equal(ran.output, '65534\n');
});

test('a program that runs as another user is in a session of its own: the terminal of the administrator is not its terminal', async () => {
	const session = ['cut', '-d', ' ', '-f', '1,6', '/proc/self/stat'];
	const { exitCode, output } = await systemMachine('/').run(session, { user: { uid, gid } });
	const [pid, leader] = output.trim().split(' ');
	assert.deepEqual([exitCode, leader], [0, pid]);
});
