/**
 * The content as it goes out: our own lines first, then the stored bytes without the lines that are cut.
 *
 * Stored content is dot-stuffed, ends with CRLF and lacks the dot line; cuts are whole header lines, so what follows a cut
 * still begins a line and keeps its stuffing. Nothing is copied: the chunks are views.
 */
import type { Cut } from '@sluice/shared/words/message.ts';

export type OutgoingContent = { readonly chunks: readonly Uint8Array[]; readonly bytes: number };

/** `prefix` is whole ASCII lines; `cuts` are in order and apart, as attribution gives them. */
export function outgoingContent(prefix: string, body: Uint8Array, cuts: readonly Cut[]): OutgoingContent {
	const head = new Uint8Array(prefix.length);
	for (let index = 0; index < prefix.length; index++) head[index] = prefix.charCodeAt(index) & 0x7f;
	const chunks: Uint8Array[] = [head];
	let from = 0;
	for (const [start, end] of cuts) {
		if (start > from) chunks.push(body.subarray(from, start));
		from = Math.max(from, end);
	}
	if (from < body.length) chunks.push(body.subarray(from));
	let bytes = 0;
	for (const chunk of chunks) bytes += chunk.length;
	return { chunks, bytes };
}
