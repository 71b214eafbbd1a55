/**
 * The watch as a release brings it and systemd runs it: by its timer, inside its sandbox, with its words in the journal.
 *
 * There is no MTA, only the state of a wired Exim: the command `sluice mta bypass` cannot work, so the watch has to do it by hand.
 * Waits are real half minutes, so this is for the long run.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { serversUnavailable } from '../install/server-box.ts';
import { relayPort, servingServer } from '../install/units-box.ts';
import type { Box } from '../mta/box.ts';
import { until } from '../mta/until.ts';

const isLong = process.env.SLUICE_LONG === '1';
const skip = isLong ? ((await serversUnavailable()) ?? false) : 'real half minutes: SLUICE_LONG=1';
const bypassFile = '/etc/exim4/sluice/bypass';
const outageMs = 180_000;

suite('the watch under systemd', { skip }, () => {
	let box: Box;
	before(async () => {
		({ box } = await servingServer());
	});
	after(() => box?.stop());

	const journal = async (...words: string[]): Promise<string> =>
		(await box.run(['journalctl', '--no-pager', '-u', 'sluice-watch', '-o', 'cat', ...words])).stdout;
	const status = async (): Promise<{ state: string; lastTick: string | null }> => {
		const words = ['/opt/sluice/current/bin/node', '/opt/sluice/current/program/watch.js', '--status', '--json'];
		return JSON.parse((await box.run(words, { allowFailure: true })).stdout) as never;
	};

	test('a configuration that the agent refuses: told in the journal, led past it by hand, seen when it is back', async () => {
		const wiring = { version: 1, mta: 'exim', phase: 'wired', agentPort: relayPort, overSmarthost: false, since: '' };
		await box.makeFolder('/var/lib/sluice-wiring', { mode: 0o700 });
		await box.writeFile('/var/lib/sluice-wiring/state.json', JSON.stringify({ ...wiring, files: [] }), { mode: 0o600 });
		await box.makeFolder('/etc/exim4/sluice', { mode: 0o700 });
		await box.makeFolder('/etc/sluice/conf.d');
		const part = '/etc/sluice/conf.d/50-watch.yaml';
		await box.writeFile(part, 'watch: { onOutage: bypass, outageSeconds: 30, healthySeconds: 60 }\n');
		await box.run(['systemctl', 'start', 'sluice-watch.service']);
		await box.run(['systemctl', 'start', 'sluice-watch.timer']);
		assert.equal((await status()).state, 'healthy', await journal());
		assert.equal(await journal('-p', 'warning'), '');

		await box.writeFile('/etc/sluice/conf.d/60-broken.yaml', 'smtp: { nonsense: 1 }\n');
		await box.run(['systemctl', 'restart', 'sluice-agent'], { allowFailure: true });
		await until(async () => (await journal('-p', 'err')).includes('it is led past the agent'), {
			waitMs: outageMs,
			otherwise: () => journal(),
		});
		assert.equal(await box.readFile(bypassFile), 'sluice-watch\n');

		await box.removeFile('/etc/sluice/conf.d/60-broken.yaml');
		await box.run(['systemctl', 'restart', 'sluice-agent']);
		await until(async () => (await status()).state === 'recovering', { waitMs: outageMs, otherwise: () => journal() });
	});
});
