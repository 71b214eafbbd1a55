/**
 * Group commit: records that arrive together share one write and one flush.
 *
 * When nothing is under way, the flush begins at the end of the present turn of the loop, so everything that came in with the
 * same round of network reads is in it. What arrives while a flush runs, and in the turn after it, is gathered for the next. There is no timer. One flush
 * at a time, never over two segments: so only the last flush of a segment can be there in part.
 *
 * When a write fails: the tail is cut off and made durable, then the same records are tried once in a fresh segment. When a
 * flush fails, nobody knows what the disk has, and asking again would answer for pages that the kernel has given up (the
 * "fsyncgate" of 2018): the segment is left for good and the header of the next one voids what stands behind its durable end.
 * When that fails too, every waiting caller is told. On a full disk messages are refused, and transitions go into the reserve.
 *
 * Not here: what records mean, which segments may go.
 */

import type { RecordKind } from '../../core/log/format.ts';
import { placeRecord, segmentHeaderBytes } from '../../core/log/format.ts';
import type { BodyRef, LogPosition } from '../../ports/spool.ts';
import type { SpoolFiles } from './files.ts';
import type { Folder, NewSegment, SegmentSource } from './folder.ts';
import { writeAll } from './folder.ts';
import { crc, spoolError } from './record.ts';
import type { SpoolSettings } from './settings.ts';

/** What went wrong, for the log and the metrics. Never a record's content. */
export type SpoolTrouble =
	| {
			readonly kind: 'write-failed';
			readonly segment: number;
			readonly error: string;
	  }
	/** A flush failed: the segment is written no further. */
	| {
			readonly kind: 'segment-left';
			readonly segment: number;
			readonly error: string;
	  }
	| {
			readonly kind: 'records-refused';
			readonly records: number;
			readonly error: string;
			readonly isFull: boolean;
	  }
	| { readonly kind: 'reserve-used' }
	| { readonly kind: 'recovered' }
	| {
			readonly kind: 'collect-failed';
			readonly segment: number;
			readonly error: string;
	  }
	| { readonly kind: 'segment-set-aside'; readonly segment: number };

export type Failing = {
	readonly sinceMs: number;
	readonly error: string;
	readonly isFull: boolean;
};

export type Writer = {
	/** Resolves with the record's place when it is durable. Takes the buffer over. */
	write(kind: RecordKind, bytes: Buffer): Promise<BodyRef>;
	readonly durable: LogPosition;
	readonly unflushed: number;
	readonly lastFlushMs: number;
	readonly failing: Failing | undefined;
	/** The segment being written, if one is open. */
	readonly activeSegment: number | undefined;
	stop(): Promise<void>;
};

/** What the writer tells as segments begin and end. */
export type SegmentEvents = {
	began(segment: number): void;
	/** Nothing will be written to it any more; its records end at `end`. */
	ended(segment: number, end: number): void;
	flushed(position: LogPosition): void;
};

type Waiting = {
	readonly kind: RecordKind;
	readonly bytes: Buffer;
	readonly resolve: (ref: BodyRef) => void;
	readonly reject: (error: unknown) => void;
};

type Active = NewSegment & { end: number };

const fullCodes: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);
const isFullError = (error: unknown): boolean => fullCodes.has((error as NodeJS.ErrnoException | undefined)?.code);
const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const ignore = (): void => {};

/** Free space, in reserves, at which a full disk counts as full no longer. */
const reservesFreeToRecover = 2;

export function openWriter(input: {
	readonly files: SpoolFiles;
	readonly folder: Folder;
	readonly settings: SpoolSettings;
	/** Where the log ends. Writing begins with a new segment behind it. */
	readonly end: LogPosition;
	/** No number up to this one is given to a new segment. */
	readonly newestSegment: number;
	/** Why there is no reserve, when there is none. */
	readonly reserveError: unknown;
	readonly events: SegmentEvents;
	readonly report: (trouble: SpoolTrouble) => void;
	readonly now: () => number;
}): Writer {
	const { files, folder, settings, events, report, now } = input;
	let waiting: Waiting[] = [];
	let pendingBytes = 0;
	let isRunning = false;
	let isStopped = false;
	let stopped: (() => void) | undefined;
	let active: Active | undefined;
	/** Behind the newest durable record. */
	let last = input.end;
	let newestSegment = input.newestSegment;
	let isTailUnknown = false;
	let isFull = false;
	let failing: Failing | undefined;
	let lastFlushMs = 0;
	let isRecoveryDue = false;
	let recoveryTimer: NodeJS.Timeout | undefined;

	function write(kind: RecordKind, bytes: Buffer): Promise<BodyRef> {
		if (isStopped) return Promise.reject(spoolError('ESPOOLSTOPPED', 'the spool is stopped'));
		if (pendingBytes + bytes.length > settings.pendingBytesMax && waiting.length > 0)
			return Promise.reject(spoolError('ESPOOLBUSY', 'too much is waiting for the disk'));
		if (isFull && kind === 'message') return Promise.reject(fullError());
		return new Promise((resolve, reject) => {
			waiting.push({ kind, bytes, resolve, reject });
			pendingBytes += bytes.length;
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
	function take(): Waiting[] {
		const first = (waiting[0] as Waiting).bytes.length;
		const room = active === undefined ? 0 : active.bytesMax - active.end;
		const bytesMax = Math.min(
			settings.flushBytesMax,
			first <= room ? room : settings.segmentBytes - segmentHeaderBytes,
		);
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
		const messages = isFull ? batch.filter(({ kind }) => kind === 'message') : [];
		refuse(messages, fullError());
		let rest = isFull ? batch.filter(({ kind }) => kind === 'transitions') : batch;
		if (rest.length === 0) return;
		let attempt = await attemptIn(rest, 'present');
		if (attempt.kind === 'failed' && (!isFullError(attempt.error) || folder.spares > 0))
			attempt = await attemptIn(rest, isFullError(attempt.error) ? 'spare' : 'any');
		if (attempt.kind === 'failed' && isFullError(attempt.error)) {
			isFull = true;
			setFailing(attempt.error);
			refuse(
				rest.filter(({ kind }) => kind === 'message'),
				attempt.error,
			);
			rest = rest.filter(({ kind }) => kind === 'transitions');
			if (rest.length === 0) return;
			if (folder.hasReserve) {
				attempt = await attemptIn(rest, 'reserve');
				if (attempt.kind === 'done') report({ kind: 'reserve-used' });
			}
		}
		if (attempt.kind === 'failed') {
			setFailing(attempt.error);
			refuse(rest, attempt.error);
			return;
		}
		if (!isFull && folder.hasReserve) clearFailing();
		accept(rest, attempt);
	}

	type Attempt =
		| {
				readonly kind: 'done';
				readonly segment: number;
				readonly start: number;
		  }
		| { readonly kind: 'failed'; readonly error: unknown };

	async function attemptIn(batch: readonly Waiting[], where: 'present' | SegmentSource): Promise<Attempt> {
		let bytes = 0;
		for (const record of batch) bytes += record.bytes.length;
		const fits = active !== undefined && active.end + bytes <= active.bytesMax;
		if (where !== 'present' || !fits) {
			const failure = await advance(where === 'present' ? 'any' : where);
			if (failure !== undefined) return failure;
		}
		const target = active as Active;
		const { segment, salt, end: start } = target;
		let offset = start;
		for (const record of batch) {
			placeRecord(record.bytes, { segment, salt, offset, durable: start }, crc);
			offset += record.bytes.length;
		}
		const buffers = batch.map((record) => record.bytes);
		try {
			await writeAll(files, target.fd, buffers, start);
		} catch (error) {
			report({ kind: 'write-failed', segment, error: textOf(error) });
			await voidTail(target);
			return { kind: 'failed', error };
		}
		const began = performance.now();
		try {
			await files.fdatasync(target.fd);
		} catch (error) {
			report({ kind: 'segment-left', segment, error: textOf(error) });
			await leave(target);
			return { kind: 'failed', error };
		}
		lastFlushMs = performance.now() - began;
		target.end = offset;
		last = { segment, offset };
		return { kind: 'done', segment, start };
	}

	/** Begins the next segment. Until its name is given the present one stays in use. */
	async function advance(source: SegmentSource): Promise<Attempt | undefined> {
		const segment = ++newestSegment;
		const header = {
			segment,
			previous: last.segment,
			previousEnd: last.offset,
			isPreviousAcknowledged: last.segment !== input.end.segment,
			nowMs: now(),
		};
		const creation = await folder.create(header, source);
		if (creation.kind === 'created' || creation.isNamed) {
			if (active !== undefined) await close(active);
			events.began(segment);
		}
		if (creation.kind === 'failed') {
			// The number is spent. `last` stays: the header of the next segment must name one that is surely there.
			if (creation.isNamed) events.ended(segment, segmentHeaderBytes);
			return { kind: 'failed', error: creation.error };
		}
		last = { segment, offset: segmentHeaderBytes };
		active = { ...creation.created, end: segmentHeaderBytes };
		isTailUnknown = false;
		return undefined;
	}

	async function close(target: Active): Promise<void> {
		active = undefined;
		events.ended(target.segment, target.end);
		await files.close(target.fd).catch(ignore);
	}

	/** After a failed write: what was written of it is cut off, durably, or the segment is left. */
	async function voidTail(target: Active): Promise<void> {
		try {
			await files.truncate(target.fd, target.end);
			await files.fdatasync(target.fd);
		} catch (error) {
			report({
				kind: 'segment-left',
				segment: target.segment,
				error: textOf(error),
			});
			await leave(target);
		}
	}

	/** The tail is unknown. Cutting it off is worth a try; what counts is that the next segment's header voids it. */
	async function leave(target: Active): Promise<void> {
		isTailUnknown = true;
		await files.truncate(target.fd, target.end).catch(ignore);
		await close(target);
	}

	function accept(batch: readonly Waiting[], place: { readonly segment: number; readonly start: number }): void {
		let offset = place.start;
		for (const { bytes, resolve } of batch) {
			pendingBytes -= bytes.length;
			resolve({ segment: place.segment, offset, bytes: bytes.length });
			offset += bytes.length;
		}
		events.flushed(last);
	}

	function refuse(batch: readonly Waiting[], error: unknown): void {
		if (batch.length === 0) return;
		report({
			kind: 'records-refused',
			records: batch.length,
			error: textOf(error),
			isFull,
		});
		for (const { bytes, reject } of batch) {
			pendingBytes -= bytes.length;
			reject(error);
		}
	}

	function setFailing(error: unknown): void {
		failing = {
			sinceMs: failing?.sinceMs ?? now(),
			error: textOf(error),
			isFull,
		};
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
			const failure = isTailUnknown || !wasFull ? await advance('any') : undefined;
			if (failure === undefined) clearFailing();
			else if (failure.kind === 'failed') setFailing(failure.error);
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
		get durable() {
			return last;
		},
		get unflushed() {
			return waiting.length;
		},
		get lastFlushMs() {
			return lastFlushMs;
		},
		get failing() {
			return failing;
		},
		get activeSegment() {
			return active?.segment;
		},
		async stop() {
			isStopped = true;
			clearInterval(recoveryTimer);
			if (isRunning) await new Promise<void>((resolve) => (stopped = resolve));
			if (active !== undefined) await close(active);
		},
	};
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const fullError = (): Error => Object.assign(new Error('the disk is full'), { code: 'ENOSPC' });
