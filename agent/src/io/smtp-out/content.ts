/**
 * The content as it goes out: our own lines first, then the stored bytes without the lines taken out.
 *
 * The stored body is dot-stuffed, ends with CRLF and lacks the dot line, so nothing is copied or rewritten here: the
 * chunks are views. A cut takes out whole lines (a wiring header, a Bcc), so what follows a cut begins a line, as it did
 * before, and keeps its stuffing.
 *
 * Pure. RFC 5321 §4.5.2.
 */

/** A byte range of the stored body that does not go out: from `start`, up to and without `end`. */
export type Cut = { readonly start: number; readonly end: number };

export type OutgoingContent = {
	readonly chunks: readonly Uint8Array[];
	readonly bytes: number;
};

const CR = 13;
const LF = 10;

/**
 * Prefix and body without the cuts. `prefix` is whole lines ending in CRLF, or empty; cuts may come in any order and
 * overlap. Throws a RangeError for a cut outside the body or a prefix that is not whole lines: those are bugs.
 */
export function outgoingChunks(
	prefix: string | Uint8Array,
	body: readonly Uint8Array[] | Uint8Array,
	cuts: readonly Cut[] = [],
): OutgoingContent {
	const head = typeof prefix === 'string' ? Buffer.from(prefix, 'utf8') : prefix;
	if (head.length > 0 && !endsWithCrlf([head])) throw new RangeError('the prefix does not end with CRLF');
	const stored = body instanceof Uint8Array ? [body] : body;
	const kept = cuts.length === 0 ? stored : withoutCuts(stored, cuts);
	const chunks = head.length === 0 ? kept : [head, ...kept];
	let bytes = 0;
	for (const chunk of chunks) bytes += chunk.length;
	return { chunks, bytes };
}

function withoutCuts(stored: readonly Uint8Array[], cuts: readonly Cut[]): Uint8Array[] {
	const sorted = cuts.toSorted((one, other) => one.start - other.start);
	const kept: Uint8Array[] = [];
	let chunkStart = 0;
	let next = 0;
	/** First byte not yet kept or cut. */
	let from = 0;
	for (const chunk of stored) {
		const chunkEnd = chunkStart + chunk.length;
		while (from < chunkEnd) {
			const cut = sorted[next];
			if (cut === undefined || cut.start >= chunkEnd) {
				kept.push(chunk.subarray(from - chunkStart));
				from = chunkEnd;
				break;
			}
			if (cut.start < 0 || cut.end < cut.start) throw new RangeError(`cut ${cut.start}–${cut.end}`);
			if (cut.start > from) kept.push(chunk.subarray(from - chunkStart, cut.start - chunkStart));
			from = Math.max(from, cut.end);
			next++;
		}
		chunkStart = chunkEnd;
	}
	if (from > chunkStart || sorted[next] !== undefined) throw new RangeError('a cut lies outside the body');
	return kept;
}

/** True when the last two bytes are CRLF, wherever the chunk borders are. False for no bytes at all. */
export function endsWithCrlf(chunks: readonly Uint8Array[]): boolean {
	let wanted = LF;
	for (let index = chunks.length - 1; index >= 0; index--) {
		const chunk = chunks[index] as Uint8Array;
		for (let at = chunk.length - 1; at >= 0; at--) {
			if (chunk[at] !== wanted) return false;
			if (wanted === CR) return true;
			wanted = CR;
		}
	}
	return false;
}
