/**
 * Restart, upgrade, an upgrade that fails, and a rollback while tenants send without a break, through real Exim under real systemd.
 *
 * Exim is never refused and defers nothing, and each message arrives once: its log and the sinks say so, not the agent.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentUnit } from '@sluice/installers/units/names.ts';
import { type Released, releasedServer, unasked } from '../install/released.ts';
import { serversUnavailable } from '../install/server-box.ts';
import { until } from '../mta/until.ts';

const skip = (await serversUnavailable()) ?? false;

const older = '0.1.0';
const newer = '0.2.0';
const mainlog = '/var/log/exim4/mainlog';

/** Sends some ten a second until told to stop; says how many. More would fall into no gap that these do not, and take the processors. */
const sending = `n=0; while [ ! -e /tmp/enough ]; do n=$((n+1)); printf 'Subject: load\\n\\nHello.\\n' | /usr/sbin/sendmail -i load-$n@ok.test || echo refused $n; sleep 0.1; done; echo sent $n`;

type Load = { stop(): Promise<number> };

/** Starts to send; the first message has gone through when it resolves. */
async function load(server: Released): Promise<Load> {
	const ended = server.runAs('webuser', sending, { timeoutMs: 150_000 });
	ended.catch(() => {});
	await server.internet
		.arrived('load-1@ok.test')
		.catch(async (error) => assert.fail(`${error} ${await server.report()}`));
	return {
		async stop() {
			await server.run(['touch', '/tmp/enough']);
			const { stdout } = await ended;
			assert.doesNotMatch(stdout, /refused/);
			return Number(/sent (\d+)/.exec(stdout)?.[1]);
		},
	};
}

const version = async (server: Released): Promise<string> => {
	const health = await server.client().call('health');
	assert.ok(health.ok, JSON.stringify(health));
	return health.value.version;
};

/** A release whose agent ends at once, as a customer's broken download would not: it is whole and signed. */
async function brokenRelease(server: Released): Promise<string> {
	const folder = '/opt/broken';
	await server.run(['cp', '-a', `/opt/sluice/releases/${newer}`, folder]);
	await server.run(['sed', '-i', `s/"version": *"${newer}"/"version":"0.3.0"/`, `${folder}/release.json`]);
	await server.run([
		'sh',
		'-c',
		`sed -i '1a case "$1 $2" in "agent run") echo this agent is broken >&2; exit 1;; esac' ${folder}/bin/sluice`,
	]);
	return folder;
}

test('restart, upgrade, failed upgrade and rollback under mail: nothing refused, deferred, lost or doubled', {
	skip,
}, async (context) => {
	const server = await releasedServer(context, { mta: 'exim', versions: [older, newer], name: 'upgrade' });
	await server.administrate();
	await server.install();
	assert.equal(await version(server), older);
	const { stop } = await load(server);
	const beganMs = performance.now();
	await server.systemctl('restart', agentUnit);
	const restartedMs = performance.now() - beganMs;

	const { stdout } = await server.install(unasked, { version: newer });
	assert.match(stdout, /Upgrade from 0\.1\.0 to 0\.2\.0/);
	assert.equal(await version(server), newer);
	assert.equal((await server.sluice(['--version'])).stdout.trim(), newer);

	const folder = await brokenRelease(server);
	const failed = await server.run([`${folder}/bin/sluice`, 'install', '--yes'], {
		allowFailure: true,
		timeoutMs: 120_000,
	});
	assert.equal(failed.code, 1, failed.stdout + failed.stderr);
	assert.match(failed.stdout + failed.stderr, /this agent is broken[\s\S]*Release 0\.2\.0 runs as before/);
	assert.equal(await version(server), newer);

	await server.sluice(['rollback', '--yes'], { timeoutMs: 120_000 });
	assert.equal(await version(server), older);

	const sent = await stop();
	context.diagnostic(
		`${sent} messages; a restart took ${Math.round(restartedMs)} ms, all of it ${Math.round((performance.now() - beganMs) / 1000)} s`,
	);
	const log = async () => (await server.box.readFile(mainlog)).split('\n');
	const putOff = async () => (await log()).filter((line) => / == |\*\* |refused|Frozen|failed/i.test(line));
	assert.deepEqual(await putOff(), [], 'Exim put nothing off');
	const taken = () => server.internet.accepted().filter(({ acceptedRecipients: [to] }) => to?.startsWith('load-'));
	await until(() => taken().length >= sent, {
		waitMs: 30_000,
		otherwise: async () => `${taken().length} of ${sent} arrived ${await server.report()}`,
	});
	const recipients = taken().map(({ acceptedRecipients: [to] }) => to);
	assert.equal(new Set(recipients).size, sent);
	assert.equal(recipients.length, sent, 'each once');
	assert.deepEqual(await putOff(), [], 'nor later');
});
