/**
 * `sluice queue export`: all open mail into a folder, whether the agent runs or not.
 *
 * Read from the log in both cases (open-mail.ts). An agent that answers goes on delivering meanwhile, so its export is a copy of a moment,
 * and says so; one that runs and does not answer may deliver what was exported, so then nothing is exported. What could not be read is
 * named and makes the command end with 1; beside a running agent it is looked for again first, since it may have left meanwhile.
 *
 * Not here: options and words (commands/queue-export.ts).
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { QueuedMessage } from '../../core/scheduling/queued.ts';
import { refuseNewerData } from '../formats.ts';
import { holderOf } from '../lock.ts';
import { readContent, readOpenMail } from './open-mail.ts';
import {
	countExported,
	type ExportedMessage,
	isExportable,
	openExportFolder,
	removeOthers,
	writeIndex,
	writeMessage,
} from './written-mail.ts';

export type StateCounts = { readonly queued: number; readonly waiting: number; readonly held: number };

export type ExportReport = {
	readonly version: 1;
	readonly to: string;
	readonly exportedAt: string;
	/** `running`: the agent has this mail still, and delivers it. */
	readonly agent: 'running' | 'stopped';
	readonly messages: number;
	readonly recipients: StateCounts;
	readonly bytes: number;
	/** Files of an earlier run that were right already. */
	readonly wereThere: number;
	/** Files of an earlier run that were taken away: that mail has left since. */
	readonly removed: number;
	readonly notExported: readonly { readonly id: string; readonly why: string }[];
	readonly reportsOwed: number;
	readonly damagedStretches: number;
	readonly doubtfulBytes: number;
	/** Open recipients that the running agent counted at the end; sending ones are queued ones. */
	readonly agentCounts?: StateCounts;
};

export type ExportParts = {
	readonly dataDir: string;
	readonly to: string;
	readonly uid: number;
	readonly now: () => number;
	/** What the agent counts; undefined: it does not answer. */
	readonly ask: () => Promise<StateCounts | undefined>;
	/** Messages done, of how many. */
	readonly progress: (done: number, all: number) => void;
};

/** A running agent may clear segments away under the reader; read again, what was in them is over or stands elsewhere. */
const passesMax = 3;
/** Messages between two breaths of the loop. */
const portion = 200;

/** An error is why nothing was exported. Throws I/O errors; run again it goes on. */
export async function exportQueue(parts: ExportParts): Promise<Result<ExportReport, string>> {
	const { dataDir, to, uid } = parts;
	refuseNewerData(dataDir);
	const isRunning = (await parts.ask()) !== undefined;
	const pid = holderOf(dataDir);
	if (!isRunning && pid !== undefined)
		return failed(
			`the agent (process ${pid}) runs but does not answer, and may deliver what is exported. Stop it first`,
		);
	const opened = openExportFolder(to, uid);
	if (!opened.ok) return opened;
	let pass = await exportPass(parts);
	for (let again = 1; isRunning && pass.notExported.length > 0 && again < passesMax; again++)
		pass = await exportPass(parts);
	const removed = removeOthers(to, new Set(pass.items.map(({ id }) => id)));
	const agentCounts = isRunning ? await parts.ask() : undefined;
	const report: ExportReport = {
		version: 1,
		to,
		exportedAt: new Date(parts.now()).toISOString(),
		agent: isRunning ? 'running' : 'stopped',
		messages: pass.items.length,
		recipients: countsOf(pass.items),
		bytes: pass.items.reduce((sum, { bytes }) => sum + bytes, 0),
		wereThere: pass.wereThere,
		removed,
		notExported: pass.notExported,
		reportsOwed: pass.reportsOwed,
		damagedStretches: pass.damagedStretches,
		doubtfulBytes: pass.doubtfulBytes,
		...(agentCounts === undefined ? {} : { agentCounts }),
	};
	const inFolder = countExported(to);
	if (inFolder !== report.messages)
		return failed(`${report.messages} messages were written and ${inFolder} are in ${to}: somebody else works there`);
	writeIndex(to, { ...report, hint: reinjectHint(report.agent), items: pass.items.map(indexLine) });
	return ok(report);
}

export const reinjectHint = (agent: ExportReport['agent']): string =>
	`To hand a message to the mail server again: \`jq -r '.sendmail | @sh' ID.json\` is the command, ID.eml its standard input.${
		agent === 'running'
			? ' The agent still has this mail and delivers it: hand in again only what it has not delivered when it is gone, or receivers get it twice.'
			: ''
	}`;

type Pass = Pick<ExportReport, 'wereThere' | 'notExported' | 'reportsOwed' | 'damagedStretches' | 'doubtfulBytes'> & {
	readonly items: readonly ExportedMessage[];
};

async function exportPass({ dataDir, to, progress }: ExportParts): Promise<Pass> {
	const { messages, ...read } = readOpenMail(dataDir);
	const items: ExportedMessage[] = [];
	const notExported: { id: string; why: string }[] = [];
	let wereThere = 0;
	for (const [at, message] of messages.entries()) {
		if (at % portion === 0) {
			progress(at, messages.length);
			await new Promise((resolve) => setImmediate(resolve));
		}
		const content = contentOf(dataDir, message);
		if (typeof content === 'string') {
			notExported.push({ id: message.id, why: content });
			continue;
		}
		const { exported, wasThere } = writeMessage(to, message, content);
		items.push(exported);
		if (wasThere) wereThere++;
	}
	progress(messages.length, messages.length);
	return { items, notExported, wereThere, ...read };
}

/** One message that cannot be read keeps no other from being exported. */
function contentOf(dataDir: string, message: QueuedMessage): ReturnType<typeof readContent> | string {
	if (!isExportable(message)) return 'its id is none that an agent gives';
	try {
		return readContent(dataDir, message);
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}

function countsOf(items: readonly ExportedMessage[]): StateCounts {
	const all = items.flatMap(({ recipients }) => recipients);
	const count = (state: keyof StateCounts): number => all.filter((one) => one.state === state).length;
	return { queued: count('queued'), waiting: count('waiting'), held: count('held') };
}

const indexLine = ({ id, account, subject, recipients, bytes }: ExportedMessage) => ({
	id,
	account,
	...(subject === undefined ? {} : { subject }),
	recipients: recipients.length,
	states: [...new Set(recipients.map(({ state }) => state))],
	bytes,
});
