/** What a box promises: real unix users, nothing changed on the host, nothing left behind. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type Box, boxesUnavailable, startBox } from './box.ts';
import { unpackedLayer } from './debs.ts';
import { accountFiles, tenants } from './unix-users.ts';
import { until } from './until.ts';

const skip = (await boxesUnavailable()) ?? false;

const newBox = async (ttlSeconds?: number): Promise<Box> =>
	startBox({
		name: 'box-test',
		layers: [await unpackedLayer('php')],
		users: tenants,
		...(ttlSeconds === undefined ? {} : { ttlSeconds }),
	});
const hasEnded = (pid: number) => !existsSync(`/proc/${pid}`);
const ends = (pid: number) =>
	until(() => hasEnded(pid), { waitMs: 10_000, otherwise: () => `process 1 of the box (${pid}) lives on` });

test('a user of the box is a real unix user in a home of their own', { skip }, async () => {
	const box = await newBox();
	try {
		const { stdout } = await box.runAs('alice', 'id -u; id -un; pwd; touch mine && stat -c %u mine');
		assert.equal(stdout, '7001\nalice\n/home/alice\n7001\n');
		assert.notEqual((await box.runAs('bob', 'cat /home/alice/mine /etc/shadow', { allowFailure: true })).code, 0);
	} finally {
		await box.stop();
	}
});

test('the host keeps its files and users, and its /home and /var are not seen', { skip }, async () => {
	const passwd = await readFile('/etc/passwd', 'utf8');
	const box = await newBox();
	try {
		await box.run(['/bin/sh', '-c', 'echo x >/etc/box-was-here; echo x >/usr/bin/box-was-here; rm /etc/hostname']);
		assert.equal(
			(await box.run(['/bin/ls', '/home'])).stdout,
			`${tenants
				.map(({ name }) => name)
				.toSorted()
				.join('\n')}\n`,
		);
		assert.equal((await box.run(['/bin/ls', '/var/lib'])).stdout, '');
	} finally {
		await box.stop();
	}
	assert.ok(existsSync('/etc/hostname'));
	assert.ok(!existsSync('/etc/box-was-here') && !existsSync('/usr/bin/box-was-here'));
	assert.equal(await readFile('/etc/passwd', 'utf8'), passwd);
});

test('stop() ends what runs inside, and orphans are reaped before', { skip }, async () => {
	const box = await newBox();
	await box.runAs('alice', 'setsid sleep 600 >/dev/null 2>&1 </dev/null & (sleep 0.01 >/dev/null 2>&1 &)');
	// comm and state of each process; procps need not be installed
	const list = async () => (await box.run(['/bin/sh', '-c', 'cat /proc/[0-9]*/stat | cut -d" " -f2,3'])).stdout;
	await until(async () => !/\) Z/.test(await list()), { waitMs: 5000, otherwise: list });
	assert.match(await list(), /\(sleep\) S/);
	await box.stop();
	assert.ok(hasEnded(box.pid));
	await box.stop();
});

test('a box ends by itself after its time', { skip }, async () => {
	const box = await newBox(1);
	await ends(box.pid);
	await box.stop();
});

test('a box ends when its owner is killed', { skip }, async () => {
	const program = `
		import { startBox } from ${JSON.stringify(import.meta.resolve('./box.ts'))};
		import { unpackedLayer } from ${JSON.stringify(import.meta.resolve('./debs.ts'))};
		const box = await startBox({ name: 'orphan', layers: [await unpackedLayer('php')], users: [] });
		console.log(box.pid);
		setInterval(() => {}, 1000);`;
	const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	const [line] = (await once(owner.stdout.setEncoding('utf8'), 'data')) as [string];
	assert.ok(!hasEnded(Number(line)));
	owner.kill('SIGKILL');
	await ends(Number(line));
});

test('a box left open does not keep its owner alive', { skip }, async () => {
	const program = `
		import { startBox } from ${JSON.stringify(import.meta.resolve('./box.ts'))};
		import { unpackedLayer } from ${JSON.stringify(import.meta.resolve('./debs.ts'))};
		await startBox({ name: 'forgotten', layers: [await unpackedLayer('php')], users: [] });`;
	const owner = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'inherit', timeout: 20_000 });
	assert.deepEqual(await once(owner, 'exit'), [0, null]);
});

test('a layer that is lost is made again, by two at once', { skip }, async () => {
	const store = dirname(await unpackedLayer('php'));
	const cache = await mkdtemp(join(store, 'test-'));
	await cp(join(store, 'debs'), join(cache, 'debs'), { recursive: true }); // what is there is not downloaded again
	const former = process.env.SLUICE_TEST_CACHE;
	process.env.SLUICE_TEST_CACHE = cache;
	try {
		const [one, two] = await Promise.all([unpackedLayer('php'), unpackedLayer('php')]);
		assert.equal(one, two);
		assert.ok(one.startsWith(cache) && existsSync(join(one, 'usr/bin/php8.2')));
		const left = (await readdir(cache)).filter((name) => name.startsWith('making-'));
		assert.deepEqual(left, []);
	} finally {
		if (former === undefined) delete process.env.SLUICE_TEST_CACHE;
		else process.env.SLUICE_TEST_CACHE = former;
		await rm(cache, { recursive: true });
	}
});

test('a user takes the place of a host user of the same name or number', () => {
	const host = {
		passwd: 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/srv/alice:/bin/sh\nclash:x:7002:7002::/:/bin/sh\n',
		group: 'root:x:0:\nalice:x:1000:\nmail:x:8:\n',
		shadow: 'root:*:1::::::\nalice:!:1::::::\n',
	};
	const files = accountFiles(host, [
		{ name: 'alice', uid: 7001 },
		{ name: 'bob', uid: 7002 },
	]);
	assert.deepEqual(
		files.passwd
			.trim()
			.split('\n')
			.map((line) => line.split(':').slice(0, 3).join(':')),
		['root:x:0', 'alice:x:7001', 'bob:x:7002'],
	);
	assert.equal(files.group, 'root:x:0:\nmail:x:8:\nalice:x:7001:\nbob:x:7002:\n');
	assert.match(files.shadow, /^root:\*:1:+\nalice:!:19000:/);
});
