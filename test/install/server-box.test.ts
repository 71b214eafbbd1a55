/** What a whole server promises before anything is installed on it: real units, real mail, nothing left behind. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { unpackedLayer } from '../mta/debs.ts';
import { until } from '../mta/until.ts';
import { serversUnavailable, startServer } from './server-box.ts';
import { differences, snapshotOf } from './snapshot.ts';

const skip = (await serversUnavailable()) ?? false;

const unitOf = { exim: 'exim4', postfix: 'postfix', cpanel: 'exim' } as const;

for (const mta of ['exim', 'postfix', 'cpanel'] as const)
	test(`a server with ${mta}: units run it, mail reaches the internet, ports and rules are its own`, {
		skip,
	}, async (t) => {
		const server = await startServer(t, { mta });
		await server.send('someone@ok.test').catch(async (error) => assert.fail(`${error} ${await server.report()}`));
		const [message] = await server.internet
			.arrived('someone@ok.test')
			.catch(async (error) => assert.fail(`${error} ${await server.report()}`));
		assert.match(message!.reversePath, /^webuser@/);
		assert.equal(await server.stateOf(unitOf[mta]), 'active');
		await server.run(['nft', 'add', 'table', 'inet', 'sluice-test']);
		assert.match((await server.run(['nft', 'list', 'tables'])).stdout, /sluice-test/);
		const { pid } = server.box;
		await server.stop();
		assert.ok(!existsSync(`/proc/${pid}`));
	});

test('a snapshot sees files, owners, units and rules, and nothing where nothing was done', { skip }, async (t) => {
	const server = await startServer(t, { mta: 'exim' });
	const before = await snapshotOf(server.box);
	await server.send('snapshot@ok.test');
	await server.internet.arrived('snapshot@ok.test');
	await server.systemctl('restart', 'exim4');
	assert.deepEqual(differences(before, await snapshotOf(server.box)), []);
	const script = `
		echo x >>/etc/exim4/passwd.client; chmod 600 /etc/motd; chown alice /etc/hosts; ln -s /x /usr/local/bin/x; echo >/usr/lib/x
		rm /etc/mailname; mkdir -p /opt/x /etc/systemd/system; nft add table inet x
		printf '[Service]\\nExecStart=/bin/true\\n' >/etc/systemd/system/x.service; systemctl daemon-reload`;
	await server.run(['/bin/sh', '-c', script]);
	const found = differences(before, await snapshotOf(server.box)).map((line) => line.replace(/(:| {4}[-+]).*/, ''));
	assert.deepEqual(found.filter((line) => line !== '').sort(), [
		'/etc/exim4/passwd.client',
		'/etc/hosts',
		'/etc/mailname',
		'/etc/motd',
		'/etc/systemd/system/x.service',
		'/opt/x',
		'/usr/lib/x',
		'/usr/local/bin/x',
		'@nft',
		'@unit-files',
	]);
});

/** Groups of boxes, and marks that one was here, as the machine sees them. */
const groupsLeft = (): readonly string[] =>
	['/sys/fs/cgroup/unified', '/sys/fs/cgroup']
		.filter((folder) => existsSync(`${folder}/cgroup.procs`))
		.flatMap((folder) => readdirSync(folder).filter((name) => name.startsWith('sluice-box.')));

for (const [how, ttlSeconds, isKilled] of [
	['its owner is killed', 60, true],
	['its time is over', 3, false],
] as const)
	test(`a server ends with all in it when ${how}`, { skip }, async () => {
		const program = `
			import { startBox } from ${JSON.stringify(import.meta.resolve('../mta/box.ts'))};
			const layers = [${JSON.stringify(await unpackedLayer('server'))}];
			const box = await startBox({ name: 'orphan', layers, users: [], init: 'systemd', ttlSeconds: ${ttlSeconds} });
			await box.run(['systemd-run', '--unit=sleeper', 'sleep', '600']).catch(() => {});
			console.log(box.pid);
			setInterval(() => {}, 1000);`;
		const others = new Set(groupsLeft());
		const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
			stdio: ['ignore', 'pipe', 'inherit'],
		});
		const [line] = (await once(owner.stdout.setEncoding('utf8'), 'data')) as [string];
		const pid = Number(line);
		assert.ok(existsSync(`/proc/${pid}`));
		if (isKilled) owner.kill('SIGKILL');
		const left = () => groupsLeft().filter((name) => !others.has(name));
		await until(() => !existsSync(`/proc/${pid}`) && left().length === 0, {
			waitMs: 15_000,
			otherwise: () => `process ${pid} or a group is left: ${left().join(' ')}`,
		});
		owner.kill('SIGKILL');
	});
