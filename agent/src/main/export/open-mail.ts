/**
 * Open mail read from a data folder without an agent: what is queued, waits or is held, and each message with its content.
 *
 * The whole log is replayed, as at a start without an index, and nothing is opened for writing: no database, no lock, no file of ours
 * appears. Beside a running agent that is right too, as of the moment it was read: a segment that the agent has cleared away meanwhile
 * held nothing open, and its place in a reused file fails the checksums (record.ts).
 *
 * Not here: whether an agent runs (queue-export.ts), what is written (written-mail.ts).
 */
import { join } from 'node:path';
import { openPlain, readPlain } from '@sluice/shared/client/open-plain.ts';
import type { MessageRecord } from '@sluice/shared/words/message.ts';
import { isProbeDomain } from '@sluice/shared/words/probe.ts';
import { outgoingContent } from '../../core/delivery/content.ts';
import { segmentName } from '../../core/log/format.ts';
import { logStart } from '../../core/log/position.ts';
import type { QueuedMessage, QueuedRecipient } from '../../core/scheduling/queued.ts';
import { createRecovery } from '../../flow/recover.ts';
import { readFiles } from '../../io/spool/files.ts';
import { listSegments, readLog } from '../../io/spool/reader.ts';
import { decodeMessage } from '../../io/spool/record.ts';

/** Root reads here what is the agent's user's. */
const files = { ...readFiles, openForReading: openPlain };

export type OpenMail = {
	/** Oldest first; each with a recipient that is not at its end. */
	readonly messages: readonly QueuedMessage[];
	/** Of messages that are over and owe their sender a report: nothing of them can be sent. */
	readonly reportsOwed: number;
	/** Stretches of the log that cannot be read; each may have been several messages, and nobody knows of whom. */
	readonly damagedStretches: number;
	/** Bytes of the last flush that are not whole: an acceptance that was never acknowledged, or damage; it cannot be told which. */
	readonly doubtfulBytes: number;
};

export const isOpen = ({ state }: Pick<QueuedRecipient, 'state'>): boolean =>
	state === 'queued' || state === 'waiting' || state === 'held' || state === 'sending';

/** Throws I/O errors, and ESPOOLNEWER. */
export function readOpenMail(dataDir: string): OpenMail {
	const directory = join(dataDir, 'spool');
	const recovery = createRecovery(false);
	const segments = listSegments(files, directory);
	const visit = recovery.replay;
	const { corruptRecords, truncatedBytes } = readLog({ files, segments, from: logStart, visit });
	const all = recovery.open().filter(({ recipients }) => !recipients.every((one) => isProbeDomain(one.destination)));
	const messages = all.filter(({ recipients }) => recipients.some(isOpen));
	const reportsOwed = all.length - messages.length;
	return { messages, reportsOwed, damagedStretches: corruptRecords, doubtfulBytes: truncatedBytes };
}

export type Content = { readonly record: MessageRecord; readonly content: Buffer };

/** Record and content as the client sent it, without our wiring headers. Throws I/O errors and ESPOOLDAMAGED. */
export function readContent(dataDir: string, message: QueuedMessage): Content {
	const { segment, offset, recordBytes } = message;
	const path = join(dataDir, 'spool', segmentName(segment, 'log'));
	const bytes = readPlain(path, recordBytes, offset);
	if (bytes === undefined) throw new Error(`${path}, which it is in, is gone`);
	const { record, body } = decodeMessage(bytes, { segment, offset, bytes: recordBytes });
	return { record, content: unstuffed(Buffer.concat(outgoingContent('', body, record.cuts).chunks)) };
}

const dot = 0x2e;
const lineFeed = 0x0a;

/** RFC 5321 §4.5.2: the first of the dots that a line begins with was added on the way. */
export function unstuffed(content: Buffer): Buffer {
	const kept: Buffer[] = [];
	let from = 0;
	for (let at = content.indexOf(dot); at >= 0; at = content.indexOf(dot, at + 1)) {
		if ((at > 0 && content[at - 1] !== lineFeed) || content[at + 1] !== dot) continue;
		kept.push(content.subarray(from, at));
		from = at + 1;
		at++;
	}
	return Buffer.concat([...kept, content.subarray(from)]);
}
