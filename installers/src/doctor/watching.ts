/** The watch and the dead man's switch: does it look, what has it done, what waits to be confirmed. */
import { runFolder, watchFolder } from '../facts/places.ts';
import { pendingFile } from '../install/pending.ts';
import { watchTimerUnit } from '../units/names.ts';
import { recall } from '../watch/memory.ts';
import { findPending } from '../watch/pending.ts';
import { statusOf } from '../watch/status.ts';
import { type Finding, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';
import { unitRepair } from './units.ts';

export async function watchingFindings(ground: Ground): Promise<readonly Finding[]> {
	const { machine, now } = ground;
	const [pending, state] = await Promise.all([
		findPending(machine, pendingFile, now),
		recall(machine, { folder: watchFolder, runFolder }, now),
	]);
	const { state: phase, isLate, lastTick, bypassed, since, alarmsOwed, panelHeld, problem } = statusOf(state, now);
	return [
		...pendingFindings(pending, now),
		...(lastTick !== null && !isLate ? [] : await notLooking(ground, lastTick)),
		...(phase === 'outage' || phase === 'recovering'
			? [
					wrong(
						`watch.${phase}`,
						phase === 'outage'
							? `The watch says: an outage, since ${since}.`
							: `The watch says: well again after an outage that began ${since}; it waits a while before it believes that.`,
						'`sluice watch --status` and `sluice status` tell more.',
					),
				]
			: []),
		...(bypassed
			? [
					wrong(
						'watch.bypass',
						'The watch leads mail past the agent: no limits hold meanwhile.',
						'It ends that by itself when the agent is well; `sluice mta wire` does now.',
					),
				]
			: []),
		...(panelHeld.length > 0
			? [
					watch(
						'watch.held',
						`The watch holds accounts in the panel itself: ${panelHeld.join(', ')}.`,
						'It lets them go when the agent is back.',
					),
				]
			: []),
		...(alarmsOwed > 0
			? [
					watch(
						'watch.owed',
						`${alarmsOwed} alarms of the watch could not be told yet.`,
						'See that mail to root is delivered on this server.',
					),
				]
			: []),
		...(problem === undefined ? [] : [watch('watch.problem', problem, '`sluice watch --status`')]),
	];
}

/** Its timer begins with the server, and with the installation: the first look comes within that time. */
const firstLookMs = 120_000;

async function notLooking(ground: Ground, lastTick: string | null): Promise<readonly Finding[]> {
	const runsMs = await timerRunsMs(ground);
	if (runsMs !== undefined && runsMs < firstLookMs) return [];
	if (lastTick === null && runsMs === undefined)
		return [
			watch(
				'watch.never',
				'The watch has not looked yet.',
				'`systemctl status sluice-watch.timer`; it looks every half minute.',
			),
		];
	return [
		wrong(
			lastTick === null ? 'watch.never' : 'watch.late',
			lastTick === null
				? 'The watch has never looked: nobody would tell of an outage.'
				: `The watch has not looked since ${lastTick}: nobody would tell of an outage.`,
			'`systemctl start sluice-watch.timer`; `journalctl -u sluice-watch` tells more',
			await unitRepair(ground),
		),
	];
}

/** For how long its timer has been running; undefined: it does not run, or nobody can tell. */
async function timerRunsMs({ machine }: Ground): Promise<number | undefined> {
	const property = ['systemctl', 'show', '--value', '-p', 'ActiveEnterTimestampMonotonic', watchTimerUnit];
	const [{ output }, uptime, active] = await Promise.all([
		machine.run(property),
		machine.read('/proc/uptime'),
		machine.run(['systemctl', 'is-active', '--quiet', watchTimerUnit]),
	]);
	const since = /^([1-9]\d*)$/m.exec(output)?.[1];
	const upSeconds = Number(/^[\d.]+/.exec(uptime?.content ?? '')?.[0] ?? Number.NaN);
	if (active.exitCode !== 0 || since === undefined || Number.isNaN(upSeconds)) return undefined;
	return upSeconds * 1000 - Number(since) / 1000;
}

function pendingFindings(pending: Awaited<ReturnType<typeof findPending>>, now: number): readonly Finding[] {
	switch (pending.kind) {
		case 'none':
			return [];
		case 'unbelievable':
			return [wrong('install.pending', `${pending.why}.`, '`sluice confirm`, or `sluice mta unwire`')];
		case 'due':
			return [
				wrong(
					'install.pending',
					`Nobody confirmed ${pending.pending.why} in time: it is being taken back.`,
					'`sluice install` does it again.',
				),
			];
		case 'waiting': {
			const minutes = Math.ceil((pending.pending.untilMs - now) / 60_000);
			const text = `Not confirmed yet: ${pending.pending.why}. It is taken back by itself in ${minutes} minutes.`;
			return [watch('install.pending', text, '`sluice confirm`')];
		}
	}
}
