/**
 * `sluice mta ensure` and `bypass` as the helper does them: the same code, spoken to by a program.
 */
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Machine } from '../facts/machine.ts';
import { queueRuns } from '../facts/queue-run.ts';
import { listener } from '../mta/listen.ts';
import type { MtaOptions, MtaPorts } from '../mta/site.ts';
import { bypass } from '../mta/unwire.ts';
import { wire } from '../mta/wire.ts';
import { refusal, type VerbPorts } from './verb.ts';

type Asking = { readonly terminal: Terminal; readonly options: MtaOptions; readonly ports: MtaPorts };

/** A sentence about what was done, or why not. */
export async function mtaAct(
	act: 'ensure' | 'bypass',
	actor: Actor,
	{ terminal, options, ports }: Asking,
): Promise<Result<string, string>> {
	const { speaker, said } = listener();
	const call = { terminal: { ...terminal, actor }, options: { ...options, yes: true, json: true }, ports, speaker };
	if (act === 'ensure') await wire(call, 'ensure');
	else await bypass(call);
	const done = said();
	return done.ok ? ok(done.value.text) : failed(`${done.error.text} ${done.error.hint}`.trim());
}

const kickPauseMs = 30_000;

/** Begins a queue run of the MTA that is here, at most one in a while: each is a process that goes through the whole queue. */
export function queueKicker(machine: Machine, now: () => number): VerbPorts['kickQueue'] {
	let lastMs = Number.NEGATIVE_INFINITY;
	return async () => {
		const agoMs = now() - lastMs;
		if (agoMs < kickPauseMs) return refusal('busy', `A queue run was begun ${Math.round(agoMs / 1000)} s ago.`);
		for (const command of Object.values(queueRuns)) {
			if (!(await machine.exists(command[0]))) continue;
			lastMs = now();
			await machine.run(command, { isDetached: true });
			return ok(`A queue run was begun (${command.join(' ')}).`);
		}
		return refusal('panel-failed', 'There is no mail server here whose queue could be run.');
	};
}
