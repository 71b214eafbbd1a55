/**
 * The whole life of the product on one server: installed from a release, mail flows, restarted under mail, upgraded, mail flows, taken
 * out, and the server is what it was.
 *
 * Mail is counted at both ends: what tenants handed in, what the agent took, what the sinks got, each message once.
 */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { agentSocket } from '@sluice/installers/facts/places.ts';
import { agentUnit, apiSocketUnit, smtpSocketUnit, watchTimerUnit } from '@sluice/installers/units/names.ts';
import { until } from '../mta/until.ts';
import { startPages } from '../panels/pages.ts';
import { ask, logInTo } from '../panels/visit.ts';
import { type Released, releasedServer } from './released.ts';
import type { ServerMta } from './server-mta.ts';
import { differences, type Snapshot, snapshotOf } from './snapshot.ts';

const firstVersion = '0.1.0';
/** As in test/upgrade: each version is a release to build. */
const secondVersion = '0.2.0';
const underRestart = 12;
const senders = ['alice', 'webuser'] as const;

export async function wholeLife(context: TestContext, mta: ServerMta): Promise<void> {
	const { server, before } = await installed(context, mta, [firstVersion, secondVersion]);
	await stage(server, 'installed once more: nothing to do', async () => {
		const former = await snapshotOf(server.box, whatRuns);
		await server.sluice(['install', '--yes'], { timeoutMs: 60_000 });
		assert.deepEqual(differences(former, await snapshotOf(server.box, whatRuns)), []);
	});
	await stage(server, 'restarted under mail: each message once', () => restartUnderMail(server));
	await stage(server, 'upgraded: the same, of the second release', async () => {
		await server.installUnpacked([], { version: secondVersion }); // by install.sh: test/upgrade
		await isUp(server, secondVersion);
		await flows(server, 'upgraded', 'agent');
	});
	await stage(server, 'uninstalled: the server is what it was', () => uninstalled(server, before));
}

/** In and out, for what differs only in how its configuration lies. */
export async function shortLife(context: TestContext, mta: ServerMta): Promise<void> {
	const { server, before } = await installed(context, mta, [firstVersion]);
	await stage(server, 'uninstalled: the server is what it was', () => uninstalled(server, before));
}

async function installed(
	context: TestContext,
	mta: ServerMta,
	versions: readonly string[],
): Promise<{ readonly server: Released; readonly before: Snapshot }> {
	const server = await releasedServer(context, { mta, versions });
	await flows(server, 'before', 'direct');
	if (mta === 'exim') await server.box.writeFile('/var/log/exim4/mainlog.1', loggedBefore());
	const before = await snapshotOf(server.box);
	await server.administrate();
	await stage(server, 'installed: the first page names who sent most before', async () => {
		await server.install();
		if (mta === 'exim') await firstPageSpeaks(context, server);
	});
	await stage(server, 'installed: units are active, mail flows through the agent', async () => {
		await isUp(server, firstVersion);
		await flows(server, 'installed', 'agent');
	});
	return { server, before };
}

/** Lines of a week in which alice sent most: what these servers send goes to the loopback, which is no other server to a log. */
function loggedBefore(): string {
	const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
	return ['alice', 'webuser', 'alice']
		.flatMap((user, at) =>
			[
				`<= ${user}@server.example.test U=${user} P=local S=374`,
				`=> r${at}@far.test R=dnslookup T=remote_smtp H=mx.far.test [203.0.113.7] C="250 ok"`,
				'Completed',
			].map((text) => `${day} 12:00:0${at} 1xVvZg-0000D${at}-1F ${text}\n`),
		)
		.join('');
}

/** An administrator opens the pages right after installing: the mail log speaks, since nothing was counted yet. */
async function firstPageSpeaks(context: TestContext, { box }: Released): Promise<void> {
	const pages = await startPages(box.hostPath(agentSocket), { now: Date.now });
	context.after(() => pages.stop());
	const { text } = await ask(await logInTo(pages), '/');
	const card = /Before Sluice: from the mail log, last \d days<\/h2>.*?<\/tbody>/s.exec(text)?.[0] ?? '';
	assert.match(card, /3 recipients, 2 accounts, 2 senders.*<tbody>\s*<tr>.*?>alice<.*>webuser</s);
}

/** Of a running installation. */
const whatRuns = [
	{
		path: /^\/opt\/sluice\/releases$/,
		why: 'many files, which no second time may write: the links to them are looked at',
	},
	{ path: /^\/var\/lib\/sluice$/, why: "the agent's own, which it writes at any time" },
	{ path: /^\/var\/lib\/sluice-wiring\/lock\.\d+$/, why: 'one name for each command that held the lock' },
] as const;

/** What fails says in which part of the life it was, and what the server's logs say of it. */
async function stage(server: Released, name: string, work: () => Promise<void>): Promise<void> {
	try {
		await work();
	} catch (error) {
		throw new Error(`${name}: ${error instanceof Error ? error.message : String(error)}\n${await server.report()}`, {
			cause: error,
		});
	}
}

/** Takes it out with all its data; mail then goes as before. */
async function uninstalled(server: Released, before: Snapshot): Promise<void> {
	await server.sluice(['uninstall', '--yes', '--purge'], { timeoutMs: 120_000 });
	assert.deepEqual(differences(before, await snapshotOf(server.box)), []);
	await flows(server, 'uninstalled', 'direct');
}

/** Units are active, none has failed, the agent answers, and the command is of that version. */
export async function isUp(server: Released, version: string): Promise<void> {
	for (const unit of [smtpSocketUnit, apiSocketUnit, agentUnit, watchTimerUnit])
		assert.equal(await server.stateOf(unit), 'active', `${unit}: ${await server.journal(unit)}`);
	const { stdout: broken } = await server.run(['systemctl', '--failed', '--plain', '--no-legend']);
	assert.equal(broken, '');
	assert.match((await server.sluice(['--version'])).stdout, new RegExp(version.replaceAll('.', '\\.')));
	const health = await server.client().call('health');
	assert.ok(health.ok);
}

let labels = 0;

/** Every tenant's message arrives once; the agent took all of them, or none. */
export async function flows(server: Released, label: string, way: 'direct' | 'agent'): Promise<void> {
	for (const user of senders) {
		const recipient = `${label}-${user}-${++labels}@ok.test`;
		await server.send(recipient, { user });
		assert.equal((await server.internet.arrived(recipient)).length, 1);
		if (way === 'agent') assert.equal(await server.taken(recipient), 1, `the agent took mail to ${recipient}`);
		else assert.equal(hopsOf((await server.internet.arrived(recipient))[0]!.text), 1, 'one hop, the MTA itself');
	}
}

/** Trace fields of a message: one for each program that has handed it on (RFC 5321 §4.4). */
const hopsOf = (text: string): number => (text.split('\r\n\r\n')[0]!.match(/^Received:/gim) ?? []).length;

/** Mail goes in all the while, the agent is restarted in the midst: no message is refused, deferred, lost or doubled. */
async function restartUnderMail(server: Released): Promise<void> {
	const recipients = Array.from({ length: underRestart }, (_, at) => `restart-${++labels}-${at}@ok.test`);
	const restarted = server.systemctl('restart', agentUnit);
	for (const recipient of recipients) await server.send(recipient);
	await restarted;
	const taken = () => server.internet.accepted().filter(({ acceptedRecipients: [to] }) => recipients.includes(to!));
	await until(() => taken().length >= recipients.length, {
		waitMs: 30_000,
		otherwise: async () => `${taken().length} of ${recipients.length} arrived ${await server.report()}`,
	});
	assert.deepEqual(
		taken()
			.map(({ acceptedRecipients: [to] }) => to!)
			.toSorted(),
		recipients.toSorted(),
	);
}
