/**
 * A whole installation where a firewall keeps users from sending: nothing is done without a choice; with one the agent's mail gets out and a
 * tenant's own connection does not; the firewall's own restart leaves it so; another choice takes its place; taken out, the server is as it was.
 *
 * `npm test`: CSF, from one way to another. SLUICE_LONG=1: every choice under each restriction.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { csfConf } from '@sluice/installers/facts/csf.ts';
import { exemptScript, exemptUnit, type FirewallChoice, mailGroupDropIn } from '@sluice/installers/facts/firewall.ts';
import { agentUnit } from '@sluice/installers/units/names.ts';
import { type Released, releasedServer } from './released.ts';
import {
	csfSettings,
	keptPort,
	openKeptPort,
	type Restriction,
	reached,
	restrict,
	useIptables,
} from './restrictions.ts';
import { serversUnavailable, towardsInternet } from './server-box.ts';
import { mxPort, sinkAddress } from './server-internet.ts';
import { differences, type Snapshot, snapshotOf } from './snapshot.ts';

const skip = (await serversUnavailable()) ?? false;
const isLong = process.env.SLUICE_LONG === '1';

/** Mail of the agent goes to the port that is kept for the MTA. */
const administration = { ...towardsInternet, delivery: { ...towardsInternet.delivery, port: keptPort } };

/** What a tenant meets. */
const met = { whm: 'back', csf: 'refused' } as const;

async function restrictedServer(
	context: TestContext,
	restriction: Restriction,
): Promise<{ readonly server: Released; readonly before: Snapshot }> {
	const server = await releasedServer(context, { mta: 'exim', layers: ['iptables'] });
	await useIptables(server.box);
	await openKeptPort(server.box);
	await restrict(server.box, restriction);
	return { server, before: await snapshotOf(server.box) };
}

const choose = (server: Released, choice: FirewallChoice) => server.installUnpacked(['--firewall', choice]);
/** By the command that is there already. */
const chooseAnother = (server: Released, choice: FirewallChoice, allowFailure = false) =>
	server.sluice(['install', '--yes', '--firewall', choice], { timeoutMs: 120_000, allowFailure });
/** Once more, and nobody chooses. */
const hasNothingToDo = async (server: Released): Promise<void> =>
	assert.match((await server.sluice(['install', '--yes'])).stdout, /nothing to do/);

async function isRefused(server: Released, before: Snapshot): Promise<void> {
	const { code, stdout, stderr } = await server.installUnpacked([], { allowFailure: true });
	assert.equal(code, 1, stdout);
	assert.match(`${stdout}${stderr}`, /--firewall rule/);
	assert.deepEqual(differences(before, await snapshotOf(server.box, lockAlone)), []);
}

/** Of whoever looks at a server, so that two do not at once. */
const lockAlone = [{ path: /^\/var\/lib\/sluice-wiring$/, why: 'the lock, in a folder of its own' }] as const;

let labels = 0;

/** A tenant's mail arrives by way of the agent; its own connection to the same server does not come about. */
async function isLetOut(server: Released, restriction: Restriction, label: string): Promise<void> {
	const recipient = `${label}-${++labels}@ok.test`;
	await server.send(recipient);
	await server.internet
		.arrived(recipient)
		.catch(async (error) => assert.fail(`${label}: ${error} ${await server.report()}`));
	assert.equal(await server.taken(recipient), 1, label);
	assert.equal(await reached(server.box, 'alice', sinkAddress), met[restriction], label);
}

/** What the firewall does by itself at any time. */
async function again(server: Released, restriction: Restriction, choice: FirewallChoice): Promise<void> {
	if (restriction === 'csf') {
		await server.run(['csf', '-r']);
		return;
	}
	await server.run(['bash', '-c', 'iptables -t nat -F; iptables -F']);
	await restrict(server.box, restriction);
	if (choice === 'rule') await server.systemctl('start', exemptUnit); // what its timer does
}

/** Somebody puts an older file in place, or removes one. */
async function lose(server: Released, restriction: Restriction, choice: FirewallChoice): Promise<void> {
	const path = { rule: exemptScript, 'mail-group': mailGroupDropIn }[choice as 'rule'];
	if (path === undefined) await server.box.writeFile(csfConf, csfSettings, { mode: 0o600 });
	else await server.box.removeFile(path);
	await server.systemctl('daemon-reload');
	await server.systemctl('restart', agentUnit);
	if (restriction === 'csf') await server.run(['csf', '-r']);
}

async function isOut(server: Released, before: Snapshot): Promise<void> {
	await server.sluice(['uninstall', '--yes', '--purge'], { timeoutMs: 120_000 });
	assert.deepEqual(differences(before, await snapshotOf(server.box)), []);
}

test('CSF: refused, exempted, let out by a rule instead, taken out', { skip }, async (context) => {
	const { server, before } = await restrictedServer(context, 'csf');
	await isRefused(server, before);
	await server.administrate(administration);
	await choose(server, 'exempt');
	assert.equal(await server.box.readFile(csfConf), csfSettings.replace('USER = ""', 'USER = "sluice"'));
	await isLetOut(server, 'csf', 'exempt');
	await chooseAnother(server, 'rule');
	assert.equal(await server.box.readFile(csfConf), csfSettings);
	await again(server, 'csf', 'rule');
	await isLetOut(server, 'csf', 'rule');
	await isOut(server, before);
});

for (const [restriction, choice] of [
	['whm', 'rule'],
	['whm', 'mail-group'],
	['csf', 'exempt'],
	['csf', 'rule'],
	['csf', 'mail-group'],
] as const)
	test(`${restriction}: --firewall ${choice}`, { skip: isLong ? skip : 'SLUICE_LONG=1' }, async (context) => {
		const { server, before } = await restrictedServer(context, restriction);
		await isRefused(server, before);
		await server.administrate(administration);
		await choose(server, choice);
		await isLetOut(server, restriction, 'chosen');
		await again(server, restriction, choice);
		await isLetOut(server, restriction, 'again');
		await hasNothingToDo(server);
		await lose(server, restriction, choice);
		const { stdout } = await server.sluice(['doctor', '--repair', '--yes', '--json'], { allowFailure: true });
		assert.match(stdout, /Let the agent out past the firewall again/);
		await isLetOut(server, restriction, 'repaired');
		await isOut(server, before);
	});

for (const restriction of ['whm', 'csf'] as const)
	test(`${restriction}: --firewall none keeps mail in the queue until another choice lets it out`, {
		skip: isLong ? skip : 'SLUICE_LONG=1',
	}, async (context) => {
		const { server, before } = await restrictedServer(context, restriction);
		await server.administrate(administration);
		await choose(server, 'none');
		await server.send('waits@ok.test');
		await server.internet.waitFor(() => true);
		await hasNothingToDo(server);
		assert.equal(await server.taken('waits@ok.test'), 1);
		assert.deepEqual(server.internet.accepted(), []);
		await chooseAnother(server, 'rule');
		await server.internet.arrived('waits@ok.test');
		assert.match((await chooseAnother(server, 'smarthost', true)).stderr, /delivery\.smarthost/);
		const smarthost = { host: sinkAddress, port: mxPort, tls: 'none' };
		await server.administrate({ ...administration, delivery: { ...administration.delivery, smarthost } });
		await server.systemctl('reload', agentUnit);
		await chooseAnother(server, 'smarthost');
		await isLetOut(server, restriction, 'smarthost');
		await hasNothingToDo(server);
		await server.administrate(administration);
		await server.systemctl('reload', agentUnit);
		for (const choice of ['mail-group', 'rule'] as const) {
			await chooseAnother(server, choice);
			await isLetOut(server, restriction, choice);
		}
		await isOut(server, before);
	});
