/**
 * `sluice doctor` on a whole server with a release that was installed: well, then one thing after the other is broken for real,
 * told, and what can be mended is mended by `--repair`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releasedServer } from './released.ts';
import { serversUnavailable } from './server-box.ts';

const skip = (await serversUnavailable()) ?? false;

type Found = { readonly code: string; readonly level: string; readonly text: string; readonly repairable?: true };

/** What this server has and a customer's has not: no way out, no clock's keeper, a key of development; and its stage. */
const expected = [
	'outbound.dns',
	'source',
	'server.clock',
	'version.development',
	'mta.stage',
	'watch',
	'install.pending',
	'space',
];

test('what is broken on an installed server is told, and mended where that is safe', { skip }, async (context) => {
	const server = await releasedServer(context, { mta: 'exim' });
	await server.administrate();
	await server.installUnpacked();
	const doctor = async (words: readonly string[] = []) => {
		const { stdout, stderr } = await server.sluice(['doctor', '--json', ...words], { allowFailure: true });
		assert.notEqual(stdout, '', stderr);
		const { findings, repaired = [] } = JSON.parse(stdout) as {
			findings: readonly Found[];
			repaired?: readonly { readonly what: string; readonly why?: string }[];
		};
		const told = findings.filter(({ code }) => !expected.some((each) => code.startsWith(each)));
		return { told, codes: told.map(({ code }) => code), repaired };
	};
	const well = await doctor();
	assert.deepEqual(well.told, []);

	const unit = '/etc/systemd/system/sluice-agent.service';
	const text = await server.box.readFile(unit);
	await server.box.writeFile(unit, text.replace('Restart=always', 'Restart=no'));
	await server.systemctl('stop', 'sluice-agent.service', 'sluice-api.socket', 'sluice-smtp.socket');
	await server.systemctl('disable', 'sluice-api.socket');
	await server.run(['nft', 'flush', 'ruleset']);
	await server.run(['bash', '-c', 'rm /etc/exim4/conf.d/router/*sluice*']);
	await server.run(['chmod', '777', '/etc/sluice/conf.d']);
	const broken = await doctor();
	for (const code of [
		'agent.silent',
		'units.changed',
		'units.stopped',
		'units.disabled',
		'guard.missing',
		'rights',
		'agent.relay-port',
		'mta.changed',
	])
		assert.ok(broken.codes.includes(code), `${code} of ${broken.codes}`);

	const unasked = await server.sluice(['doctor', '--repair'], { allowFailure: true });
	assert.equal(unasked.code, 2, 'nobody to ask');
	const { told, repaired } = await doctor(['--repair', '--yes']);
	assert.deepEqual(
		repaired.filter(({ why }) => why !== undefined),
		[],
	);
	assert.deepEqual(told, []);
	assert.equal(await server.box.readFile(unit), text);
	await server.send('someone@ok.test');
	await server.internet
		.arrived('someone@ok.test')
		.catch(async (error) => assert.fail(`${error} ${await server.report()}`));

	const probed = await server.sluice(['doctor', '--probe', '--json'], { allowFailure: true });
	const { items } = JSON.parse(probed.stdout) as { items: readonly { id: string; outcome: string; text: string }[] };
	const systemd = items.find(({ id }) => id === 'server-systemd');
	assert.equal(systemd?.outcome, 'proved', systemd?.text);
});
