/**
 * Group commit: records that arrive together share one write and one flush.
 *
 * When nothing is under way, the flush begins at the end of the present turn of the loop, so everything that came in with the
 * same round of network reads is in it. What arrives while a flush runs, and in the turn after it, is gathered for the next.
 * There is no timer. One flush at a time, never over two segments: so only the last flush of a segment can be there in part.
 *
 * When it fails, the same records are tried once more in a fresh segment; when that fails too, every waiting caller is told. On
 * a full disk there is no second try but in a spare segment: messages are refused from then on, and transitions go into the
 * reserve. While anything is wrong, a timer looks every second whether it still is.
 *
 * Not here: what records mean, where they stand (tail.ts), which segments may go.
 */

import type { RecordKind } from '../../core/log/format.ts';
import { segmentHeaderBytes } from '../../core/log/format.ts';
import type { BodyRef, LogPosition, SpoolStats } from '../../ports/spool.ts';
import type { Folder } from './folder.ts';
import { spoolError } from './record.ts';
import type { SpoolSettings } from './settings.ts';
import type { Attempt, LogTail } from './tail.ts';
import type { ReportTrouble } from './trouble.ts';
import { isFullError, textOf } from './trouble.ts';

export type Writer = {
	/** Resolves with the record's place when it is durable. Takes the buffer over. */
	write(kind: RecordKind, bytes: Buffer): Promise<BodyRef>;
	/** Records that have not been answered for. */
	readonly unflushed: number;
	readonly failing: SpoolStats['failing'];
	/** Resolves when everything given has been answered for. Later writes are refused. */
	stop(): Promise<void>;
};

type Waiting = {
	readonly kind: RecordKind;
	readonly bytes: Buffer;
	readonly resolve: (ref: BodyRef) => void;
	readonly reject: (error: unknown) => void;
};

/** Free space, in reserves, at which a full disk counts as full no longer. */
const reservesFreeToRecover = 2;

export function groupWriter(input: {
	readonly tail: LogTail;
	readonly folder: Folder;
	readonly settings: SpoolSettings;
	/** Why there is no reserve, when there is none. */
	readonly reserveError: unknown;
	readonly onDurable: (position: LogPosition) => void;
	readonly report: ReportTrouble;
	readonly now: () => number;
}): Writer {
	const { tail, folder, settings, onDurable, report, now } = input;
	let waiting: Waiting[] = [];
	let unflushed = 0;
	let unflushedBytes = 0;
	let isRunning = false;
	let isStopped = false;
	let stopped: (() => void) | undefined;
	let isFull = false;
	let failing: SpoolStats['failing'];
	let isRecoveryDue = false;
	let recoveryTimer: NodeJS.Timeout | undefined;

	function write(kind: RecordKind, bytes: Buffer): Promise<BodyRef> {
		if (isStopped) return Promise.reject(spoolError('ESPOOLSTOPPED', 'the spool is stopped'));
		if (isFull && kind === 'message') return Promise.reject(fullError());
		// A single record may be larger than the bound. Steps are small, no more than what is under way, and without them delivering stops.
		if (kind === 'message' && unflushed > 0 && unflushedBytes + bytes.length > settings.pendingBytesMax)
			return Promise.reject(spoolError('ESPOOLBUSY', 'too much is waiting for the disk'));
		return new Promise((resolve, reject) => {
			waiting.push({ kind, bytes, resolve, reject });
			unflushed++;
			unflushedBytes += bytes.length;
			wake();
		});
	}

	function wake(): void {
		if (isRunning) return;
		isRunning = true;
		setImmediate(() => void run());
	}

	async function run(): Promise<void> {
		for (;;) {
			if (isRecoveryDue) await recover();
			if (waiting.length === 0) break;
			await commit(take());
			// Those who were answered may have more to say: one turn of the loop makes one full flush of two half ones.
			await turn();
		}
		isRunning = false;
		stopped?.();
	}

	/** The next records that fit into one flush and one segment; at least one. */
	function take(): readonly Waiting[] {
		const first = (waiting[0] as Waiting).bytes.length;
		const room = first <= tail.room ? tail.room : settings.segmentBytes - segmentHeaderBytes;
		const bytesMax = Math.min(settings.flushBytesMax, room);
		let count = 0;
		let bytes = 0;
		for (const { bytes: record } of waiting) {
			if (count > 0 && bytes + record.length > bytesMax) break;
			bytes += record.length;
			count++;
		}
		const batch = waiting.slice(0, count);
		waiting = waiting.slice(count);
		return batch;
	}

	/** Makes the batch durable by the first way that works, and answers every caller. */
	async function commit(batch: readonly Waiting[]): Promise<void> {
		const rest = isFull ? withoutMessages(batch, fullError()) : batch;
		if (rest.length === 0) return;
		const attempt = await attemptTwice(buffersOf(rest));
		if (attempt.kind === 'done') accept(rest, attempt);
		else if (isFullError(attempt.error)) await commitToReserve(rest, attempt.error);
		else {
			setFailing(attempt.error);
			refuse(rest, attempt.error);
		}
	}

	async function attemptTwice(records: readonly Buffer[]): Promise<Attempt> {
		const attempt = await tail.attempt(records, 'present');
		if (attempt.kind === 'done') return attempt;
		if (!isFullError(attempt.error)) return tail.attempt(records, 'any');
		return folder.spares > 0 ? tail.attempt(records, 'spare') : attempt;
	}

	/** No room: messages are refused, outcomes are worth the last of it. */
	async function commitToReserve(batch: readonly Waiting[], error: unknown): Promise<void> {
		isFull = true;
		setFailing(error);
		const rest = withoutMessages(batch, error);
		if (rest.length === 0) return;
		if (!folder.hasReserve) return refuse(rest, error);
		const attempt = await tail.attempt(buffersOf(rest), 'reserve');
		if (attempt.kind === 'failed') return refuse(rest, attempt.error);
		report({ kind: 'reserve-used' });
		accept(rest, attempt);
	}

	function withoutMessages(batch: readonly Waiting[], error: unknown): readonly Waiting[] {
		refuse(
			batch.filter(({ kind }) => kind === 'message'),
			error,
		);
		return batch.filter(({ kind }) => kind !== 'message');
	}

	function accept(batch: readonly Waiting[], place: { readonly segment: number; readonly start: number }): void {
		if (!isFull && folder.hasReserve) clearFailing();
		let offset = place.start;
		for (const { bytes, resolve } of batch) {
			answered(bytes);
			resolve({ segment: place.segment, offset, bytes: bytes.length });
			offset += bytes.length;
		}
		onDurable(tail.durable);
	}

	function refuse(batch: readonly Waiting[], error: unknown): void {
		if (batch.length === 0) return;
		report({ kind: 'records-refused', records: batch.length, error: textOf(error), isFull });
		for (const { bytes, reject } of batch) {
			answered(bytes);
			reject(error);
		}
	}

	function answered(bytes: Buffer): void {
		unflushed--;
		unflushedBytes -= bytes.length;
	}

	function setFailing(error: unknown): void {
		failing = { sinceMs: failing?.sinceMs ?? now(), error: textOf(error), isFull };
		if (recoveryTimer !== undefined || isStopped) return;
		recoveryTimer = setInterval(() => {
			isRecoveryDue = true;
			wake();
		}, settings.recoverEveryMs);
		recoveryTimer.unref();
	}

	function clearFailing(): void {
		if (failing === undefined) return;
		failing = undefined;
		clearInterval(recoveryTimer);
		recoveryTimer = undefined;
		report({ kind: 'recovered' });
	}

	/** Tries to get well without a caller's record at stake: there is room and a reserve, and a segment can be begun. */
	async function recover(): Promise<void> {
		isRecoveryDue = false;
		if (failing === undefined) return;
		try {
			const wasFull = isFull;
			if (isFull && (await folder.freeBytes()) < reservesFreeToRecover * settings.reserveBytes) return;
			await folder.ensureReserve();
			isFull = false;
			const failure = tail.isUnknown || !wasFull ? await tail.advance('any') : undefined;
			if (failure?.kind === 'failed') setFailing(failure.error);
			else clearFailing();
		} catch (error) {
			setFailing(error);
		}
	}

	if (input.reserveError !== undefined) {
		isFull = isFullError(input.reserveError);
		setFailing(input.reserveError);
	}

	return {
		write,
		get unflushed() {
			return unflushed;
		},
		get failing() {
			return failing;
		},
		async stop() {
			isStopped = true;
			clearInterval(recoveryTimer);
			if (isRunning)
				await new Promise<void>((resolve) => {
					stopped = resolve;
				});
		},
	};
}

const buffersOf = (batch: readonly Waiting[]): readonly Buffer[] => batch.map(({ bytes }) => bytes);
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const fullError = (): Error => Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
