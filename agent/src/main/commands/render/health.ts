/**
 * `sluice status`: does it work, what is wrong and what to do, how much is waiting.
 */
import type { HealthDto } from '@sluice/shared/contract/shapes.ts';
import { clean, countText, hanging, numberText, padEnd, sizeText } from './text.ts';
import { relativeText, timeAndAgeText } from './time.ts';
import { proseWidth, type View } from './view.ts';

/** A few messages behind is what a worker always is. */
const lagBytesShownMin = 1_000_000;

const isWell = ({ ready, delivering }: HealthDto): boolean => ready && delivering;

function headline({ version, ready, delivering }: HealthDto): string {
	const name = `Sluice ${clean(version)}`;
	if (ready && delivering) return `${name} accepts and delivers mail.`;
	if (ready) return `${name} accepts mail but does not deliver; mail waits in the queue.`;
	if (delivering) return `${name} delivers but does not accept new mail; it waits at the MTA.`;
	return `${name} neither accepts nor delivers mail. Nothing is lost: it waits here and at the MTA.`;
}

function problemLines({ problems }: HealthDto, view: View): readonly string[] {
	if (problems.length === 0) return [];
	const columns = proseWidth(view);
	const lines = problems.flatMap(({ code, text, hint, since }) => [
		...hanging('  - ', `${clean(text)} (${code}, began ${relativeText(view, Date.parse(since))})`, columns),
		...hanging('    ', `→ ${clean(hint)}`, columns),
	]);
	return ['', view.paint.warning(countText(problems.length, 'problem')), ...lines];
}

function nextStep({ queue }: HealthDto): readonly string[] {
	if (queue.held > 0) return ['', 'See what is held: `sluice message list --state held`.'];
	if (queue.waiting > 0) return ['', 'See whose mail is over a limit: `sluice account list --sort waiting`.'];
	if (queue.recipients > 0) return ['', 'See where mail waits: `sluice queue`, `sluice lane list`.'];
	return [];
}

/** The first stage of an installation, or somebody's wish: said wherever it is asked how the agent is. */
const monitorLines = ({ monitorOnly }: HealthDto, view: View): readonly string[] =>
	monitorOnly !== true
		? []
		: hanging(
				'',
				'Monitor-only: no rule limits or refuses mail, whatever its mode; what it would have done is counted.',
				proseWidth(view),
			).map(view.paint.warning);

export function healthLines(health: HealthDto, view: View): readonly string[] {
	const { queue, spool, connections } = health;
	const states = (['queued', 'waiting', 'held', 'sending'] as const)
		.filter((state) => queue[state] > 0)
		.map((state) => `${numberText(queue[state])} ${state}`);
	const open =
		queue.recipients === 0
			? 'empty'
			: `${countText(queue.messages, 'message')}, ${countText(queue.recipients, 'recipient')}: ${states.join(', ')}`;
	const behind =
		spool.projectionLagBytes < lagBytesShownMin
			? 'search is up to date'
			: `search is ${sizeText(spool.projectionLagBytes)} behind`;
	const rows: readonly (readonly [string, string])[] = [
		['Running since', timeAndAgeText(view, Date.parse(health.started))],
		['Queue', open],
		['Connections', `${numberText(connections.in)} from the MTA, ${numberText(connections.out)} to receivers`],
		[
			'Spool',
			`${sizeText(spool.bytes)} in ${countText(spool.segments, 'segment')}, ${sizeText(spool.freeBytes)} free on the disk, ${behind}`,
		],
	];
	return [
		...hanging('', headline(health), proseWidth(view)).map(isWell(health) ? view.paint.good : view.paint.bad),
		...monitorLines(health, view),
		...problemLines(health, view),
		'',
		...rows.flatMap(([name, text]) => hanging(padEnd(name, 15), text, proseWidth(view))),
		...nextStep(health),
	];
}
