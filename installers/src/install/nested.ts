/**
 * The acts of an installation that are commands of their own: done in this process, under the lock that is held already.
 *
 * Each takes itself back when it fails, and says in one sentence what came of it.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { LastTest } from '../apply/journal.ts';
import { agentSocket, helperDataFolder, reconcileFolder } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import { listener } from '../mta/listen.ts';
import { type Call as MtaCall, putBackHint } from '../mta/perform.ts';
import type { Speaker } from '../mta/speak.ts';
import { unwire } from '../mta/unwire.ts';
import { wire } from '../mta/wire.ts';
import type { NestedAct } from '../plan/step.ts';
import { wishedOnly } from '../stage/names.ts';
import { clientOf, machineOf, mtaOptions, type NestedCall, serverTerminal } from './call.ts';
import { dataAway } from './data-away.ts';
import { learnLog } from './learn.ts';
import { armPending, disarmPending } from './pending.ts';
import { queueEmpty } from './queue.ts';

type Outcome = Result<string, string>;

const pollMs = 200;
/** Long enough for everything that is still to be done; set anew when somebody is asked. */
const armedMsMin = 600_000;

export async function performNested(call: NestedCall, act: NestedAct): Promise<Outcome> {
	const other = call.ports.nested?.(act);
	if (other !== undefined) return other;
	return acts[act]?.(call) ?? failed(`nobody here can do ${act}`);
}

const acts: { readonly [act in NestedAct]?: (call: NestedCall) => Promise<Outcome> } = {
	learn: learnLog,
	'agent-answers': agentAnswers,
	reconcile: reconcileOnce,
	'plugin-install': (call) => plugin(call, 'install'),
	'plugin-remove': (call) => plugin(call, 'remove'),
	'limits-restore': restoreLimits,
	async arm(call) {
		const withinMs = Math.max(armedMsMin, call.options.confirmWithin ?? 0);
		await armPending(machineOf(call), call.terminal.now() + withinMs);
		return ok('armed');
	},
	async disarm(call) {
		await disarmPending(machineOf(call));
		return ok('disarmed');
	},
	wire: wireByStage,
	unwire: (call) => mta(call, unwire),
	stage: goToStage,
	'queue-empty': queueEmpty,
	'data-away': dataAway,
};

/** That all of it was put back is said once, at the end. */
const textOf = ({ text, hint }: Refusal): string => (hint === putBackHint ? text : `${text} ${hint}`.trim());

/** Whose mail is led to the agent stands before the first of it comes. */
async function wireByStage(call: NestedCall): Promise<Outcome> {
	const only = await wishedOnly(call.options, { machine: machineOf(call), client: await clientOf(call) });
	if (!only.ok) return failed(textOf(only.error));
	const { value } = only;
	return mta(call, ({ options, ...asked }) =>
		wire({ ...asked, options: value === undefined ? options : { ...options, only: value } }, 'wire'),
	);
}

async function goToStage(call: NestedCall): Promise<Outcome> {
	const { stage, only: names = [] } = call.options;
	if (stage === undefined) return failed('nobody has named a stage');
	const { changeStage } = await import('../stage/change.ts');
	return mta(call, (asked) => changeStage(asked, { stage, names }));
}

async function mta(call: NestedCall, verb: (asked: MtaCall) => Promise<void>): Promise<Outcome> {
	const { speaker, said } = listener();
	await verb({
		terminal: call.hasUsableConfig === false ? { ...call.terminal, exists: () => false } : await serverTerminal(call),
		options: { ...mtaOptions(call.options), port: call.relayPort },
		ports: call.ports,
		speaker: heard(speaker, call),
		holdsLock: true,
	});
	const done = said();
	return done.ok ? ok(done.value.text) : failed(textOf(done.error));
}

/** What a command says to a person on its way is worth hearing here too. */
const heard = (speaker: Speaker, { note, onProved }: NestedCall): Speaker => ({
	...speaker,
	say(text) {
		note(text);
		speaker.say(text);
	},
	end(code, report, lines) {
		const { test } = report as { readonly test?: LastTest };
		if (test?.ok === true) onProved?.(test.text);
		speaker.end(code, report, lines);
	},
});

async function plugin(call: NestedCall, verb: 'install' | 'remove'): Promise<Outcome> {
	const { changePlugin } = await import('../panel/plugin.ts');
	const { speaker, said } = listener();
	const { terminal, ports } = call;
	const options = { yes: true, json: true };
	await changePlugin({ terminal, options, machine: machineOf(call), speaker, pid: ports.pid, holdsLock: true }, verb);
	const done = said();
	return done.ok ? ok(done.value.text) : failed(textOf(done.error));
}

async function reconcileOnce(call: NestedCall): Promise<Outcome> {
	const [{ reconcilePorts }, { reconcile }, { reportSentence }] = await Promise.all([
		import('../panel/reconcile.ts'),
		import('@sluice/panel-cpanel/reconcile/reconcile.ts'),
		import('@sluice/panel-cpanel/reconcile/sentence.ts'),
	]);
	const done = await reconcile(reconcilePorts(agentSocket, { root: '/', state: reconcileFolder }));
	if (!done.ok) return failed(done.error.text);
	call.note(reportSentence(done.value));
	return ok(reportSentence(done.value));
}

async function restoreLimits(call: NestedCall): Promise<Outcome> {
	const [{ panelLimits }, { helperPorts }] = await Promise.all([
		import('../helper/panel-limits.ts'),
		import('../helper/run.ts'),
	]);
	const options = {
		listen: '',
		group: '',
		root: '/',
		state: reconcileFolder,
		memory: helperDataFolder,
		wiring: mtaOptions({}).state,
		socket: agentSocket,
	};
	const done = await panelLimits.perform({ act: 'restore' }, call.terminal.actor, helperPorts(call.terminal, options));
	return done.ok ? ok(done.value.result.text) : failed(done.error.text);
}

async function agentAnswers(call: NestedCall): Promise<Outcome> {
	const { terminal, ports, relayPort } = call;
	const client = await clientOf(call);
	const deadlineMs = terminal.now() + ports.waitMs.agent;
	for (;;) {
		const health = await client.call('health');
		const answer = health.ok ? await ports.relayAnswer(relayPort) : undefined;
		if (answer?.ok === true) return ok(answer.value);
		if (terminal.now() > deadlineMs)
			return failed(
				answer === undefined
					? `the agent does not answer at ${agentSocket}; \`journalctl -u sluice-agent\` tells why`
					: answer.error,
			);
		await pause(pollMs);
	}
}
