/**
 * `sluice panel limits`: the panel's own limits, which discard mail before it reaches the agent. Shown, lifted, and put back.
 *
 * The same act as the pages' (helper/panel-limits.ts), done at once by whoever is root here, and written into the agent's audit.
 */
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { actorText } from '@sluice/shared/contract/actor.ts';
import type { HelperResult } from '@sluice/shared/contract/helper.ts';
import { panelLimits } from '../helper/panel-limits.ts';
import type { HelperOptions } from '../helper/run.ts';
import { helperPorts } from '../helper/run.ts';
import type { Speaker } from '../mta/speak.ts';

export type LimitsAct = 'show' | 'lift' | 'restore';

export async function panelLimitsCommand(
	act: LimitsAct,
	{
		terminal,
		options,
		speaker,
	}: { readonly terminal: Terminal; readonly options: HelperOptions; readonly speaker: Speaker },
): Promise<void> {
	const ports = helperPorts(terminal, options);
	const done = await panelLimits.perform({ act }, terminal.actor, ports);
	if (!done.ok)
		return speaker.refuse({
			code: done.error.code,
			text: done.error.text,
			hint: hintFor(done.error.code, done.error.text),
		});
	const { result, recorded } = done.value;
	const isRecorded = recorded === undefined || (await ports.record(actorText(terminal.actor), recorded));
	speaker.end(0, { ok: true, isRecorded, ...result }, [
		result.text,
		...(isRecorded ? [] : ['The audit has nothing of this: the agent does not answer.']),
		...(result.isLifted
			? ['As before: `sluice panel limits restore`.']
			: act === 'show' && hasNumbers(result)
				? [liftHint]
				: []),
	]);
}

const liftHint = 'Lift the defaults of the server, so that mail waits instead: `sluice panel limits lift`.';

const hasNumbers = ({ hourMessages, deferFailPercent }: HelperResult<'panel-limits'>): boolean =>
	hourMessages !== null || deferFailPercent !== null;

const hintFor = (code: string, text: string): string =>
	/ENOENT|EACCES|EPERM/.test(text) || code === 'forbidden'
		? 'Run this as root on a cPanel server.'
		: 'Mail goes on as before. Try the function that is named with whmapi1 by hand.';
