/**
 * The installer struck at one act of one step: a call that fails, or a SIGKILL (fault.ts). What it did before is found by one whole run.
 */
import assert from 'node:assert/strict';
import type { RunResult } from '../mta/box.ts';
import { type Released, releasedServer } from './released.ts';
import type { Server } from './server-box.ts';
import type { ServerMta } from './server-mta.ts';
import { differences, snapshotOf } from './snapshot.ts';
import { flows, isUp } from './whole.ts';

export type How = 'fail' | 'kill';

/** One act of the installer, as fault.ts knows it: `STEP|WHAT|NUMBER`. Step 0: nothing was begun. */
export type Act = string;

const stepOf = (act: Act): number => Number.parseInt(act, 10);

export type Ground = {
	readonly server: Released;
	/** Everything that a whole installation does, in order. */
	readonly acts: readonly Act[];
	/** `sluice WORDS` of the release that lies beside, not of the one installed. */
	sluice(words: readonly string[], strike?: { readonly act: Act; readonly how: How }): Promise<RunResult>;
	/** `uninstall --purge`, which has to succeed, and the administrator's file again. */
	takeOut(): Promise<void>;
	/** Empty when the server is as before the installation. */
	changed(): Promise<readonly string[]>;
};

const faultInside = '/root/download/fault';
const traceInside = '/root/download/trace';
const releaseVersion = '0.1.0';
const TIMEOUT_MS = 120_000;

/** What a failed attempt may leave: its log, and the marks of commands that were here. */
const remains = [
	{ path: /^\/var\/lib\/sluice-install$/, why: 'its log says what happened' },
	{ path: /^\/var\/lib\/sluice-wiring$/, why: 'its lock' },
] as const;

export async function struckGround(
	context: { after(stop: () => Promise<void>): void },
	mta: ServerMta,
): Promise<Ground> {
	const server = await releasedServer(context, {
		mta,
		name: `struck-${mta}`,
		versions: [releaseVersion],
		binds: [{ host: import.meta.dirname, inside: faultInside, isReadOnly: true }],
		ttlSeconds: 3600,
	});
	await server.administrate();
	await server.send('first@ok.test'); // the MTA's hints are there
	await server.internet.arrived('first@ok.test');
	const sluice: Ground['sluice'] = (words, strike) => run(server, words, strike);
	const takeOut = async () => {
		const out = await sluice(['uninstall', '--yes', '--purge']);
		assert.equal(out.code, 0, out.stdout + out.stderr);
		await server.administrate(); // it went with the rest of the configuration
	};
	const whole = await sluice(['install', '--yes']);
	assert.equal(whole.code, 0, whole.stdout + whole.stderr);
	const acts = await tracedActs(server);
	await takeOut();
	const before = await snapshotOf(server.box, remains);
	const changed = async () => differences(before, await snapshotOf(server.box, remains));
	return { server, acts, sluice, takeOut, changed };
}

async function run(
	server: Released,
	words: readonly string[],
	strike?: { readonly act: Act; readonly how: How },
): Promise<RunResult> {
	const release = server.unpacked();
	const node = [`${release}/bin/node`, '--max-semi-space-size=8'];
	const fault = words[0] === 'install' ? ['--import', `${faultInside}/fault.ts`] : [];
	await server.box.removeFile(traceInside);
	return server.run([...node, ...fault, `${release}/program/cli.js`, ...words], {
		timeoutMs: TIMEOUT_MS,
		allowFailure: true,
		env:
			strike === undefined
				? { FAULT_TRACE: traceInside }
				: { FAULT_TRACE: traceInside, FAULT_AT: strike.act, FAULT_HOW: strike.how },
	});
}

async function tracedActs(server: Server): Promise<readonly Act[]> {
	const lines = (await server.box.readFile(traceInside)).trim().split('\n');
	return lines.map((line) => JSON.parse(line) as Act);
}

/** Neither looks only, nor writes down what was done. */
const isOfStep = (act: Act): boolean =>
	stepOf(act) > 0 && !/sluice-install\/(?:install\.log|state\.json)\||sluice-wiring\/(?:\*|acts\.log)\|/.test(act);

/** Of each step that does anything, the acts at these places of it: 0 is its first, 1 its last. */
export function chosenActs(acts: readonly Act[], places: readonly number[]): readonly Act[] {
	const ofSteps = Map.groupBy(acts.filter(isOfStep), stepOf);
	return [...ofSteps.values()].flatMap((inStep) => {
		const numbers = new Set(places.map((place) => Math.round(place * (inStep.length - 1))));
		return [...numbers].map((at) => inStep[at]!);
	});
}

/**
 * A call fails there: either the installation is whole all the same, since that act may fail, or everything is put back by itself.
 * Says which.
 */
export async function strikeFails(ground: Ground, act: Act): Promise<'whole' | 'back'> {
	const { sluice, changed, server, takeOut } = ground;
	const { code, stdout, stderr } = await sluice(['install', '--yes'], { act, how: 'fail' });
	const said = `${act}\n${stdout}${stderr}`;
	assert.ok((await tracedActs(server)).includes(act), `${said}\nnever came there`);
	if (code === 0) {
		await isWhole(ground, said);
		await takeOut();
	} else assert.equal(code, 1, said);
	assert.deepEqual(await changed(), [], said);
	assert.equal((await server.run(['systemctl', '--failed', '--plain', '--no-legend'])).stdout, '', said);
	return code === 0 ? 'whole' : 'back';
}

/** The installer is killed there; what was begun is gone on with, or taken out. */
export async function strikeKills(ground: Ground, act: Act, then: 'again' | 'uninstall'): Promise<void> {
	const { sluice, changed, takeOut } = ground;
	const killed = await sluice(['install', '--yes'], { act, how: 'kill' });
	const said = `${act}, then ${then}\n${killed.stdout}${killed.stderr}`;
	assert.equal(killed.code, 128, said);
	if (then === 'again') {
		const again = await sluice(['install', '--yes']);
		assert.equal(again.code, 0, `${said}\n${again.stdout}${again.stderr}`);
		await isWhole(ground, said);
	}
	await takeOut();
	assert.deepEqual(await changed(), [], said);
}

async function isWhole({ server }: Ground, said: string): Promise<void> {
	try {
		await isUp(server, releaseVersion);
		await flows(server, 'struck', 'agent');
	} catch (error) {
		throw new Error(`${said}\n${error}`, { cause: error });
	}
}
