/**
 * `sluice watch` and the release's `watch.js`: one tick, or how it stands.
 *
 * A tick ends with 0 whatever it found: an outage is the agent's failure and not the watch's. Lines for the journal begin with their
 * priority (sd-daemon(3)) where the journal reads them, and are plain for people.
 */
import { recall } from './memory.ts';
import { type Priority, priorities, type WatchPorts } from './ports.ts';
import { statusLines, statusOf } from './status.ts';
import { tick } from './tick.ts';

export type WatchOptions = { readonly status?: boolean; readonly json?: boolean };

export type WatchOut = {
	readonly write: (text: string) => void;
	/** What is written is read by the journal. */
	readonly isJournal: boolean;
};

export const printer =
	({ write, isJournal }: WatchOut) =>
	(priority: Priority, text: string): void =>
		write(`${isJournal ? `<${priorities[priority]}>` : ''}${text}\n`);

/** The exit code. */
export async function runWatch(options: WatchOptions, out: WatchOut, ports: WatchPorts): Promise<0 | 1> {
	if (options.status === true) return showStatus(options, out, ports);
	const { text, state } = await tick(ports);
	if (options.json === true) {
		const report = { text, ...(state === undefined ? {} : statusOf(state, ports.now())) };
		out.write(`${JSON.stringify(report, undefined, 2)}\n`);
	} else if (!out.isJournal) out.write(`${text}\n`);
	return 0;
}

async function showStatus({ json }: WatchOptions, out: WatchOut, ports: WatchPorts): Promise<0 | 1> {
	const nowMs = ports.now();
	const state = await recall(ports.machine, ports.places, nowMs);
	const report = statusOf(state, nowMs);
	if (json === true) out.write(`${JSON.stringify(report, undefined, 2)}\n`);
	else for (const line of statusLines(state, nowMs)) out.write(`${line}\n`);
	return report.state === 'healthy' && !report.isLate && !report.bypassed ? 0 : 1;
}
