/** Rights, room and clock: what others could change or read, and what is running out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok } from '@sluice/shared/words/result.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { clockFindings } from './clock.ts';
import { codes, groundWith } from './ground.fixture.ts';
import { rightsFindings } from './rights.ts';
import { secretFindings } from './secret.ts';
import { spaceFindings } from './space.ts';

const well = [
	'/opt/sluice|755|root',
	'/etc/sluice|755|root',
	'/etc/sluice/agent.yaml|640|root',
	'/etc/sluice/wiring-secret|640|root',
	'/run/sluice|755|root',
	'/run/sluice/agent.sock|660|sluice',
	'/var/lib/sluice|700|sluice',
	'/var/lib/sluice-install|700|root',
];

test('a place that others can change or read is told with the command that takes it back', async () => {
	const rows: readonly (readonly [string, string])[] = [
		['/opt/sluice|775|root', 'chmod go-w /opt/sluice'],
		['/etc/sluice|755|sluice', 'chown root /etc/sluice; chmod go-w /etc/sluice'],
		['/etc/sluice/wiring-secret|644|root', 'chmod g-w,o-rwx /etc/sluice/wiring-secret'],
		['/run/sluice|755|sluice', 'chown root /run/sluice; chmod go-w /run/sluice'],
		['/run/sluice/agent.sock|666|sluice', 'chmod o-rwx /run/sluice/agent.sock'],
		['/var/lib/sluice|755|sluice', 'chmod go-rwx /var/lib/sluice'],
		['/var/lib/sluice-install|750|root', 'chmod go-rwx /var/lib/sluice-install'],
	];
	assert.deepEqual(await rightsFindings(groundWith({ answers: { stat: well.join('\n') } })), []);
	for (const [line, mend] of rows) {
		const path = line.split('|')[0] ?? '';
		const lines = well.map((each) => (each.startsWith(`${path}|`) ? line : each));
		const found = await rightsFindings(groundWith({ answers: { stat: lines.join('\n') } }));
		assert.deepEqual([codes(found), found[0]?.mend], [['rights'], `\`${mend}\``]);
		assert.equal(found[0]?.repair?.id, 'modes');
	}
});

test('an open secret is closed only while both copies say the same', async () => {
	const agents = (text: string) => fileOf('/etc/sluice/wiring-secret', text);
	const exims = (text: string, mode = 0o600) => fileOf('/etc/sluice-exim/secret', text, { mode });
	const stat = well.map((line) => line.replace('wiring-secret|640', 'wiring-secret|644')).join('\n');
	const look = async (files: readonly ReturnType<typeof fileOf>[]) => {
		const ground = groundWith({
			files,
			answers: { stat },
			config: { wiring: { mta: 'exim', secretFile: '/etc/sluice/wiring-secret' } },
		});
		assert.ok(ground.site.ok && ground.site.value.wiring.ok);
		const wiring = ok({ ...ground.site.value.wiring.value, secretPath: '/etc/sluice-exim/secret' });
		const site = { ...ground.site.value, wiring, secretFolder: '/etc/sluice-exim' };
		const found = [...(await rightsFindings({ ...ground, site: ok(site) })), ...(await secretFindings(site))];
		return found.map(({ code, repair }) => `${code} ${repair?.apply.length ?? 'told'}`);
	};
	assert.deepEqual(await look([agents('ab\n'), exims('ab', 0o644)]), ['rights 2', 'mta.secret-mode 2']);
	assert.deepEqual(await look([agents('ab\n'), exims('cd', 0o644)]), ['rights told', 'mta.secret-mode told']);
	assert.deepEqual(await look([agents('ab\n'), exims('ab')]), ['rights 2']);
});

test('a file deep in the program that others can change', async () => {
	const answers = { stat: well.join('\n'), find: '/opt/sluice/releases/1.0.0/program/cli.js\n' };
	const found = await rightsFindings(groundWith({ answers }));
	assert.match(found[0]?.text ?? '', /program\/cli\.js can be changed by others/);
});

test('room: bytes and files, and nothing said where nothing is known', async () => {
	const df = (free: number) =>
		`Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/x 99999999 1 ${free} 1% /\n`;
	const inodes = (all: number, free: number) =>
		`Filesystem Inodes IUsed IFree IUse% Mounted on\n/dev/x ${all} 1 ${free} 1% /\n`;
	const rows: readonly (readonly [string, string, readonly string[]])[] = [
		[df(9_000_000), inodes(999_999, 99_999), []],
		[df(1_000_000), inodes(999_999, 99_999), ['space watch']],
		[df(100_000), inodes(999_999, 99_999), ['space wrong']],
		[df(9_000_000), inodes(999_999, 99), ['space.inodes wrong']],
		[df(9_000_000), inodes(0, 0), []],
		['', '', []],
	];
	for (const [bytes, files, wanted] of rows) {
		const answers = { 'df -P -k /var/lib/sluice': bytes, 'df -P -i /var/lib/sluice': files };
		const found = await spaceFindings(groundWith({ answers }));
		assert.deepEqual(
			found.map(({ code, level }) => `${code} ${level}`),
			wanted,
		);
	}
});

test('the clock is spoken of only when somebody knows that it is not kept right', async () => {
	assert.deepEqual(codes(await clockFindings(groundWith({ answers: { timedatectl: 'no\n' } }))), ['server.clock']);
	assert.deepEqual(await clockFindings(groundWith({ answers: { timedatectl: 'yes\n' } })), []);
	assert.deepEqual(await clockFindings(groundWith({ answers: { timedatectl: { exitCode: 127, output: 'no' } } })), []);
});
