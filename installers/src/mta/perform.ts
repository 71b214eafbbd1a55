/**
 * Performing steps on a site: the lock, the journal before and after, the log, and what is told when a step fails.
 */
import { dirname, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { actorText } from '@sluice/shared/contract/actor.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Journal, LastTest } from '../apply/journal.ts';
import { runSteps, type StepPorts, type StepReport, type StepsFailure } from '../apply/run-steps.ts';
import { sweepLeftovers } from '../facts/machine.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { Step } from '../plan/step.ts';
import type { Wiring } from '../plan/wiring.ts';
import { proveWiring } from '../proof/prove-route.ts';
import { type Stage, stageOf } from '../stage/stage.ts';
import { oneAtATime } from './one-at-a-time.ts';
import type { MtaOptions, MtaPorts, Site } from './site.ts';
import type { Speaker } from './speak.ts';

export type Call = {
	readonly terminal: Terminal;
	readonly options: MtaOptions;
	readonly ports: MtaPorts;
	readonly speaker: Speaker;
	/** A command of which this one is a part has the server's lock already. */
	readonly holdsLock?: boolean;
};

export type Performed = { readonly steps: readonly StepReport[]; readonly test: LastTest | undefined };

/** Runs the steps; a test message is sent when one of them asks for it. */
export async function performSteps(
	call: Call,
	site: Site,
	wiring: Wiring,
	steps: readonly Step[],
): Promise<Result<Performed, StepsFailure & { readonly test: LastTest | undefined }>> {
	const { terminal, options, ports, speaker } = call;
	let test: LastTest | undefined;
	const ran = await runSteps(steps, {
		machine: site.machine,
		...progressOf(speaker),
		reloadAgent: (upstream, monitorOnly) => reloadedAgent(call, site, { upstream, monitorOnly }),
		async test(check) {
			const client = await ports.client(terminal, options);
			const { machine } = site;
			const { sourceAddress, helo } = site.config?.delivery ?? {};
			const sent = await proveWiring(
				{ check, mta: wiring, set: { sourceAddress, helo } },
				{ machine, client, now: terminal.now, waitMs: ports.testWaitMs },
			);
			const at = new Date(terminal.now()).toISOString();
			test = sent.ok ? { at, ok: true, ...sent.value } : { at, ok: false, text: sent.error };
			return sent.ok ? ok(sent.value.text) : sent;
		},
	});
	return ran.ok ? ok({ steps: ran.value, test }) : failed({ ...ran.error, test });
}

/** Each step before it is done, and after. */
export const progressOf = (speaker: Speaker): Pick<StepPorts, 'onBegin' | 'onStep' | 'onFailure'> => ({
	onBegin: (what) => speaker.begin(what),
	onStep: ({ what }) => speaker.step(what),
	onFailure(what) {
		speaker.failed(what);
		speaker.begin('Putting back what was done before it.');
	},
});

const reloadWaitMs = 10_000;
const reloadPollMs = 100;

/** Reloaded, and what is named the agent says to be in force. */
async function reloadedAgent(
	{ terminal, options, ports }: Call,
	site: Site,
	wanted: { readonly upstream?: string | undefined; readonly monitorOnly?: boolean | undefined },
): Promise<Result<void, string>> {
	const { upstream, monitorOnly } = wanted;
	if (site.config === undefined) return failed(`there is no configuration of the agent (${site.configFile})`);
	const told = await ports.reloadAgent(site.machine, resolve(site.config.dataDir));
	if (!told.ok || (upstream === undefined && monitorOnly === undefined)) return told;
	const client = await ports.client(terminal, options);
	const deadlineMs = terminal.now() + reloadWaitMs;
	for (;;) {
		const health = await client.call('health');
		const isSo =
			health.ok &&
			(upstream === undefined || health.value.upstream === upstream) &&
			(monitorOnly === undefined || (health.value.monitorOnly === true) === monitorOnly);
		if (isSo) return ok(undefined);
		if (terminal.now() > deadlineMs) {
			const why = health.ok ? health.value.problems.find(({ code }) => code === 'configuration')?.text : undefined;
			return failed(
				why ??
					`the agent does not ${upstream === undefined ? 'go by the new stage' : `deliver through ${upstream}`}, though it was told to read its configuration anew`,
			);
		}
		await pause(reloadPollMs);
	}
}

/** One command at a time on one server, and nothing left behind by one that was cut off. */
export const locked = (call: Call, site: Site, work: () => Promise<void>): Promise<void> =>
	oneAtATime(site.store, { ...call, pid: call.ports.pid }, async () => {
		await sweepLeftovers(site.machine, foldersOf(site));
		await work();
	});

/** Every folder in which a command of this server writes. */
function foldersOf({ store, secretFolder, journal, wiring, traces }: Site): readonly string[] {
	const files = [
		...(journal?.files ?? []),
		...(wiring.ok ? wiring.value.files : []),
		...(traces.ok ? traces.value.files : []),
	];
	return [
		store.folder,
		`${store.folder}/before`,
		...(secretFolder === undefined ? [] : [secretFolder]),
		...files.map(({ path }) => dirname(path)),
	];
}

export async function note(call: Call, site: Site, act: string, outcome: string, detail: object = {}): Promise<void> {
	await site.store.log(call.terminal.now(), actorText(call.terminal.actor), { act, outcome, mta: site.mta, ...detail });
}

export const putBackHint = 'Everything was put back as it was.';

/** A failed command, told. */
export function failureRefusal({ what, why, stuck }: StepsFailure): Refusal {
	const sentence = (why.charAt(0).toUpperCase() + why.slice(1)).replace(/\.$/, '');
	return stuck.length === 0
		? {
				code: 'failed',
				text: `This did not work: ${what} ${sentence}.`,
				hint: putBackHint,
			}
		: {
				code: 'half-done',
				text: `This did not work: ${what} ${sentence}. And not everything could be put back: ${stuck.join(' ')}`,
				hint: 'Correct what is named here, then `sluice mta unwire` takes out what is left.',
			};
}

type Asked = Pick<Call, 'terminal' | 'speaker'> & { readonly options: Pick<MtaOptions, 'yes' | 'json'> };

/** Asks the person at the terminal; anything but `y` or `yes` is no. True: go on. */
export async function mayGoOn({ terminal, options, speaker }: Asked, question: string): Promise<boolean> {
	if (options.yes === true) return true;
	if (options.json === true || !terminal.canAsk) {
		speaker.refuse(
			{
				code: 'unasked',
				text: 'Nobody is here to be asked.',
				hint: 'Look at the change with --dry-run, then add --yes.',
			},
			2,
		);
		return false;
	}
	const reply = (await terminal.ask(`${question} [y/N] `)).trim().toLowerCase();
	if (reply === 'y' || reply === 'yes') return true;
	speaker.end(1, {}, ['Nothing was changed.']);
	return false;
}

/** The journal as it should be while steps run and when they have ended. */
export const journalOf = (
	site: Site,
	wiring: Wiring,
	parts: Pick<Journal, 'phase' | 'files' | 'overSmarthost'> & {
		/** Left out: as it is. */
		readonly stage?: Stage;
		readonly nowMs: number;
		readonly test: LastTest | undefined;
	},
): Journal => ({
	version: 1,
	mta: site.mta,
	phase: parts.phase,
	agentPort: wiring.agentPort,
	overSmarthost: parts.overSmarthost,
	...(wiring.relays === undefined || wiring.relays.length === 0
		? {}
		: { aside: wiring.relays.map(({ router }) => router) }),
	stage: parts.stage ?? stageOf(wiring.only, site.config),
	...(wiring.only === undefined ? {} : { only: wiring.only }),
	since: new Date(parts.nowMs).toISOString(),
	files: parts.files,
	...(parts.test === undefined ? {} : { lastTest: parts.test }),
});
