/**
 * A server with the product's units alone: no MTA, its user only; a release in place, users, configuration and units as the installer
 * makes them. For what systemd and the kernel do with the units, which no MTA is needed to show.
 */
import { randomBytes } from 'node:crypto';
import { runSteps } from '@sluice/installers/apply/run-steps.ts';
import { currentRelease, releasesFolder } from '@sluice/installers/facts/places.ts';
import type { UnitSettings } from '@sluice/installers/units/names.ts';
import { workingNft } from '@sluice/installers/units/relay-guard.ts';
import { formerFiles, unitSteps } from '@sluice/installers/units/unit-steps.ts';
import { userFacts, userSteps } from '@sluice/installers/units/users.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { type Box, startBox } from '../mta/box.ts';
import { machineOf } from '../mta/box-machine.ts';
import { unpackedLayer } from '../mta/debs.ts';
import { eximUser } from '../mta/exim.ts';
import { tenants } from '../mta/unix-users.ts';
import { builtRelease } from '../release/built.ts';
import { booted } from './server-box.ts';

export const relayPort = 926;
export const mtaUser = eximUser;

/** What the steps do, performed; throws when one fails. */
export async function performed(box: Box, steps: Parameters<typeof runSteps>[0]): Promise<void> {
	const done = await runSteps(steps, {
		machine: machineOf(box),
		test: async () => ok('no mail here'),
		reloadAgent: async () => ok(undefined),
		onStep: () => {},
	});
	if (!done.ok) throw new Error(JSON.stringify(done.error));
}

/** A server with release, users and configuration; nothing of ours runs yet. */
export async function bareServer(): Promise<{ readonly box: Box; readonly settings: UnitSettings }> {
	const release = await builtRelease();
	const place = `${releasesFolder}/${release.version}`;
	const box = await startBox({
		name: 'units',
		layers: [await unpackedLayer('server')],
		users: [...tenants, mtaUser],
		binds: [{ host: release.folder, inside: place }],
		init: 'systemd',
		ttlSeconds: 300,
	});
	try {
		await booted(box);
		await box.run(['ln', '-s', `releases/${release.version}`, currentRelease]);
		const machine = machineOf(box);
		await performed(box, userSteps(await userFacts(machine), 'cpanel'));
		await box.writeFile('/etc/sluice/agent.yaml', JSON.stringify(configuration), { mode: 0o640 });
		await box.writeFile('/etc/sluice/wiring-secret', `${randomBytes(24).toString('hex')}\n`, { mode: 0o640 });
		await box.run(['chgrp', 'sluice', '/etc/sluice/agent.yaml', '/etc/sluice/wiring-secret']);
		const nft = await workingNft(machine);
		const guard = nft === undefined ? {} : { guard: { nft, uids: [0, mtaUser.uid] } };
		return { box, settings: { relayPort, panel: 'cpanel', ...guard } };
	} catch (error) {
		await box.stop();
		throw error;
	}
}

/** All units serve. */
export async function servingServer(): Promise<{ readonly box: Box; readonly settings: UnitSettings }> {
	const { box, settings } = await bareServer();
	try {
		await performed(box, unitSteps(settings, await formerFiles(machineOf(box), settings)));
		return { box, settings };
	} catch (error) {
		const journal = await box.run(['journalctl', '--no-pager', '-n', '40'], { allowFailure: true });
		await box.stop();
		throw new Error(`${error} ${journal.stdout}`);
	}
}

const configuration = {
	dataDir: '/var/lib/sluice',
	hostName: 'server.test',
	spool: { minFreeBytes: 0, minFreeRatio: 0 },
	smtp: { listen: `127.0.0.1:${relayPort}`, peers: 'mta', mtaUsers: [mtaUser.name] },
	api: { socket: '/run/sluice/agent.sock' },
	wiring: { mta: 'exim', secretFile: '/etc/sluice/wiring-secret' },
	// Nothing is ever delivered here.
	delivery: { smarthost: { host: '127.0.0.1', port: 2600 } },
};
