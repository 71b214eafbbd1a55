/**
 * Mail in the agent's queue, before the agent is taken out: waited for, written out, or given up by name. It is never removed with the rest.
 *
 * Not here: mail that came to an installation that is put back (data-away.ts).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { dataFolder, installFolder } from '../facts/places.ts';
import { clientOf, type InstallPorts, machineOf, type NestedCall } from './call.ts';

export type QueueOptions = {
	readonly purge?: boolean;
	/** Milliseconds to wait for the queue. */
	readonly drain?: number;
	readonly export?: string;
	readonly discardQueue?: boolean;
};

/** Why taking out stops at the queue, and what to do. */
export type QueueLeft = { readonly why: string; readonly hint: string };

const pollMs = 200;
const noQueue = 'There is no queue.';
const emptyText = 'The queue is empty.';
const stoppedText = 'The agent does not run.';

const queueHint =
	'Mail already goes its former way, and the agent goes on delivering. Wait and run it again; or `--drain 1h` waits for it, `--export DIR` writes the mail out, `--discard-queue` gives it up.';
const stoppedHint =
	'Mail already goes its former way. Start the agent (`systemctl start sluice-agent`) so that it delivers them, and run this again; or `--export DIR` writes the mail where you want it, `--discard-queue` gives it up.';

/** What will be done about it, for the plan. Undefined: nothing was asked for. */
export function queueText({ drain = 0, export: to, discardQueue }: QueueOptions): string | undefined {
	const wait =
		drain > 0
			? `Wait until the queue of the agent is empty, for ${Math.ceil(drain / 60_000)} minutes at most`
			: undefined;
	if (to !== undefined) return `${wait ?? 'Look at the queue of the agent'}; write mail that is in it to ${to}.`;
	if (discardQueue === true) return `${wait ?? 'Look at the queue of the agent'}; mail that is in it is GIVEN UP.`;
	return wait === undefined ? undefined : `${wait}; if it is not, stop there.`;
}

/** Until the agent has nothing to deliver any more, or does not answer, or the time is over. */
export async function queueEmpty(call: NestedCall): Promise<Result<string, string>> {
	const { terminal, ports } = call;
	if (!(await machineOf(call).exists(dataFolder))) return ok(noQueue);
	const client = await clientOf(call);
	const deadlineMs = terminal.now() + ports.waitMs.queue;
	for (;;) {
		const health = await client.call('health');
		if (!health.ok) return ok(stoppedText);
		const { recipients } = health.value.queue;
		if (recipients === 0) return ok(emptyText);
		if (terminal.now() > deadlineMs) return failed(`mail for ${recipients} recipients is still in the queue`);
		await pause(pollMs);
	}
}

type Emptying = {
	readonly options: QueueOptions;
	readonly ports: Pick<InstallPorts, 'exportQueue'>;
	readonly note: NestedCall['note'];
	/** The agent's data is there. */
	readonly hasData: boolean;
	/** `queueEmpty`, as a step of its own. */
	readonly wait: () => Promise<Result<string, string>>;
};

/** Nothing is waited for where there is nothing; what does not leave in time is written out, or given up by name. */
export async function emptied({ options, ports, note, hasData, wait }: Emptying): Promise<Result<string, QueueLeft>> {
	if (!hasData) return ok(noQueue);
	const empty = await wait();
	if (options.export !== undefined) return exportTo(ports, options.export);
	if (!empty.ok && options.discardQueue !== true) return failed({ why: empty.error, hint: queueHint });
	if (!empty.ok) {
		note(`Given up (--discard-queue): ${empty.error}.`);
		return ok('The queue is given up.');
	}
	if (empty.value !== stoppedText) return empty;
	// The agent does not run: what is in the folder is not known to it, but to the files.
	if (options.purge !== true || options.discardQueue === true)
		return ok(`The agent does not run; what is in its queue stays in ${dataFolder}.`);
	return exportStopped(ports);
}

async function exportStopped(ports: Emptying['ports']): Promise<Result<string, QueueLeft>> {
	const to = `${installFolder}-mail`;
	const exported = await ports.exportQueue(dataFolder, to);
	if (!exported.ok) return failed({ why: exported.error, hint: queueHint });
	const { messages } = exported.value;
	if (messages === 0) return ok(emptyText);
	const why = `${messages} messages are in the queue of an agent that does not run; they are written out to ${to}`;
	return failed({ why, hint: stoppedHint });
}

async function exportTo(ports: Emptying['ports'], to: string): Promise<Result<string, QueueLeft>> {
	const exported = await ports.exportQueue(dataFolder, to);
	if (!exported.ok) return failed({ why: `the queue could not be written out: ${exported.error}`, hint: queueHint });
	const { messages, recipients } = exported.value;
	return ok(`${messages} messages for ${recipients} recipients are written out to ${to}.`);
}
