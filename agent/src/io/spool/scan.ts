/**
 * Reading one segment: its records in order, around any damage.
 *
 * After a bad record the search goes on for the next header that is whole and claims to stand exactly where it stands, so
 * damage never hides what follows it. Every gap is counted.
 *
 * What was being written when the machine stopped may be there in part, in any order. A record says up to where the segment
 * was durable when it was written; records below that mark of a later one were acknowledged and are told at once. The rest, at
 * most the last flush of the segment, is told only if its body's checksum is right too: nothing half stored comes back.
 *
 * Not here: which segments there are and where each ends (reader.ts).
 */

import type { RecordHeader } from '../../core/log/format.ts';
import { decodeRecordHeader, recordBytes, recordHeaderBytes, recordMagic, standsAt } from '../../core/log/format.ts';
import type { LogEntry, LogPosition } from '../../ports/spool.ts';
import { crc, entryOf } from './record.ts';
import type { FileWindow } from './window.ts';

/** Called with each entry and the position behind it: a follower that goes on from there sees the next one. */
export type VisitEntry = (entry: LogEntry, next: LogPosition) => void;

export type ScanInput = {
	readonly window: FileWindow;
	readonly segment: number;
	readonly salt: number;
	readonly from: number;
	/** Where to stop: the segment's known end, else the size of the file. */
	readonly end: number;
	/** Behind the records may stand what the file held before. */
	readonly isRecycled: boolean;
	/** Everything below was acknowledged, as far as is known beforehand; records tell more. */
	readonly durable: number;
	readonly visit: VisitEntry;
};

export type ScanResult = {
	/** Behind the last whole record; `from` when there is none. */
	readonly end: number;
	readonly records: number;
	/** Stretches of what was acknowledged that hold no readable record. Each may have been several. */
	readonly corruptRecords: number;
	readonly corruptBytes: number;
	/** Bytes of the last flush, which was under way or is damaged: it cannot be told which. */
	readonly tornBytes: number;
	/** Up to here what was read is known to have been acknowledged. */
	readonly durable: number;
};

/** A stretch of the segment: a whole record, or one without. */
type Stretch = { readonly start: number; readonly end: number } & (
	| {
			readonly kind: 'record';
			readonly header: RecordHeader;
			readonly entry: LogEntry;
	  }
	/** `known`: bytes of it that belong to a record of this segment for certain. */
	| { readonly kind: 'gap'; readonly known: number }
);

const magic = Buffer.from(recordMagic);

export function scanSegment(input: ScanInput): ScanResult {
	const { window, segment, visit } = input;
	let durable = input.durable;
	/** Stretches that no later record has called durable yet. */
	const open: Stretch[] = [];
	let end = input.from;
	let records = 0;
	let corruptRecords = 0;
	let corruptBytes = 0;
	let tornBytes = 0;

	function tell(stretch: Stretch): void {
		if (stretch.kind === 'gap') {
			corruptRecords++;
			corruptBytes += stretch.end - stretch.start;
			return;
		}
		records++;
		end = stretch.end;
		visit(stretch.entry, { segment, offset: stretch.end });
	}

	for (const stretch of stretches(input)) {
		if (stretch.kind === 'record' && stretch.header.durable > durable) {
			durable = stretch.header.durable;
			const stillOpen = open.findIndex((waiting) => waiting.end > durable);
			for (const settled of open.splice(0, stillOpen < 0 ? open.length : stillOpen)) tell(settled);
		}
		// Transitions have no body: their meta's checksum has been seen to.
		const isSettled = stretch.end <= durable || (stretch.kind === 'record' && stretch.header.bodyLength === 0);
		if (open.length === 0 && isSettled) tell(stretch);
		else open.push(stretch);
	}

	for (const stretch of open) {
		if (stretch.end <= durable || isWhole(window, stretch)) {
			tell(stretch);
			continue;
		}
		if (stretch.start < durable) tell({ kind: 'gap', start: stretch.start, end: durable, known: 0 });
		const doubtful = stretch.end - Math.max(stretch.start, durable);
		tornBytes += stretch.kind === 'gap' ? Math.min(stretch.known, doubtful) : doubtful;
	}
	return { end, records, corruptRecords, corruptBytes, tornBytes, durable };
}

function isWhole(window: FileWindow, stretch: Stretch): boolean {
	if (stretch.kind === 'gap') return false;
	const { header } = stretch;
	if (header.bodyLength === 0) return true;
	const body = window.bytes(stretch.start + recordHeaderBytes + header.metaLength, header.bodyLength);
	return body.length === header.bodyLength && crc(body) === header.bodyCrc;
}

/** The segment as records and the gaps between them. */
function* stretches(input: ScanInput): Generator<Stretch> {
	const { window, segment, end } = input;
	let offset = input.from;
	while (offset < end) {
		const header = headerAt(input, offset);
		if (header === undefined) {
			const next = searchRecord(input, offset + 1) ?? end;
			yield {
				kind: 'gap',
				start: offset,
				end: next,
				known: input.isRecycled ? 0 : next - offset,
			};
			offset = next;
			continue;
		}
		const next = offset + recordBytes(header);
		const meta = window.bytes(offset + recordHeaderBytes, header.metaLength);
		if (next > end || meta.length < header.metaLength || crc(meta) !== header.metaCrc) {
			const stop = Math.min(next, end);
			yield { kind: 'gap', start: offset, end: stop, known: stop - offset };
			offset = stop;
			continue;
		}
		const entry = entryOf(header.kind, meta.toString('utf8'), {
			segment,
			offset,
			bytes: recordBytes(header),
		});
		yield { kind: 'record', start: offset, end: next, header, entry };
		offset = next;
	}
}

/** The header at `offset`, when it belongs exactly there. */
function headerAt(input: ScanInput, offset: number): RecordHeader | undefined {
	if (offset + recordHeaderBytes > input.end) return undefined;
	const header = decodeRecordHeader(input.window.bytes(offset, recordHeaderBytes), crc);
	if (header === undefined) return undefined;
	return standsAt(header, { segment: input.segment, salt: input.salt, offset }) ? header : undefined;
}

/** Offset of the next record header that belongs where it stands. */
function searchRecord(input: ScanInput, from: number): number | undefined {
	let offset = from;
	while (offset + recordHeaderBytes <= input.end) {
		const near = input.window.peek(offset, recordHeaderBytes);
		if (near.length < recordHeaderBytes) return undefined;
		const found = near.indexOf(magic);
		if (found < 0) {
			// The magic may begin in the last bytes at hand.
			offset += near.length - magic.length + 1;
			continue;
		}
		if (headerAt(input, offset + found) !== undefined) return offset + found;
		offset += found + 1;
	}
	return undefined;
}
