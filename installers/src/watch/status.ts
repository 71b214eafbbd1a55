/** `sluice watch --status`: what the watch remembers, for people. */
import { spanText, timeText } from './letter.ts';
import type { State } from './state.ts';

/** A tick is late beyond that: does the timer run? */
const lateMs = 180_000;

export type StatusReport = {
	readonly state: State['phase']['kind'];
	readonly since: string;
	readonly bypassed: boolean;
	/** RFC 3339; null: it has never looked. */
	readonly lastTick: string | null;
	readonly isLate: boolean;
	readonly recent: State['recent'];
	readonly alarmsOwed: number;
	readonly panelHeld: readonly string[];
	readonly problem?: string;
};

export function statusOf(state: State, nowMs: number): StatusReport {
	const { phase, problem } = state;
	return {
		state: phase.kind,
		since: new Date(phase.sinceMs).toISOString(),
		bypassed: state.orderedMs !== undefined,
		lastTick: state.tick === 0 ? null : new Date(state.tickMs).toISOString(),
		isLate: state.tick === 0 || nowMs - state.tickMs > lateMs,
		recent: state.recent,
		alarmsOwed: state.owed.length,
		panelHeld: state.panelHeld,
		...(problem === undefined ? {} : { problem }),
	};
}

const phaseTexts: { readonly [K in State['phase']['kind']]: (since: string) => string } = {
	healthy: (since) => `The agent takes mail, since ${since} at least.`,
	failing: (since) => `Probe messages have been failing since ${since}; that is not yet an outage.`,
	outage: (since) => `Outage: the agent has taken no mail since ${since}.`,
	recovering: (since) => `The agent takes mail again after an outage that began ${since}; it is watched for a while.`,
};

const recentShown = 5;

export function statusLines(state: State, nowMs: number): readonly string[] {
	const { phase, tick, tickMs, recent, orderedMs, panelHeld, problem } = state;
	if (tick === 0)
		return ['The watch has not looked yet. `systemctl status sluice-watch.timer` tells whether it is started.'];
	const agoMs = nowMs - tickMs;
	return [
		phaseTexts[phase.kind](timeText(phase.sinceMs)),
		...(orderedMs === undefined ? [] : [`The watch leads mail past the agent since ${timeText(orderedMs)}.`]),
		...(panelHeld.length === 0 ? [] : [`On the panel's hold by the watch: ${panelHeld.join(', ')}.`]),
		...(problem === undefined ? [] : [problem]),
		agoMs > lateMs
			? `It looked last ${spanText(agoMs)} ago: its timer does not run (\`systemctl status sluice-watch.timer\`).`
			: `It looked last ${Math.max(0, Math.round(agoMs / 1000))} s ago.`,
		...recent
			.slice(-recentShown)
			.map(({ atMs, outcome }) => `  ${new Date(atMs).toISOString().slice(0, 19)}Z  ${outcome}`),
	];
}
