/**
 * Blocks of ours in somebody else's configuration file, put in and taken out byte for byte.
 *
 * A block stands between two comment lines that name it. What is outside is never touched, so that taking out is exact and
 * putting in twice is putting in once. A file whose comment lines do not pair up is damaged: nothing is guessed, the caller
 * reports it. Lines end with LF; a file without a final newline stays one.
 *
 * Pure. Not here: what stands in the blocks (exim.ts, postfix.ts), writing files.
 */

import { failed, ok, type Result } from '@sluice/shared/words/result.ts';

/** Where a block goes: behind or before the first line that equals the text (blanks around apart), or at an end of the file. */
export type Place = { readonly after: string } | { readonly before: string } | 'start' | 'end';

export type BlockProblem =
	/** No line like that in the file. */
	| { readonly kind: 'place-missing'; readonly block: string; readonly after: string }
	/** Begin and end lines do not pair up: somebody edited them. */
	| { readonly kind: 'damaged'; readonly block: string };

const beginLine = (name: string): string => `# BEGIN sluice ${name} (written by sluice; removed by: sluice mta unwire)`;
const endLine = (name: string): string => `# END sluice ${name}`;
const begin = /^# BEGIN sluice ([a-z-]+)(?: .*)?$/;
const end = /^# END sluice ([a-z-]+)$/;

export type FoundBlock = {
	readonly name: string;
	/** The lines between the two comments, without a final newline. */
	readonly body: string;
	/** Offsets of the text that taking it out removes. */
	readonly from: number;
	readonly to: number;
};

/** All blocks in the order they stand. */
export function findBlocks(text: string): Result<readonly FoundBlock[], BlockProblem> {
	const found: FoundBlock[] = [];
	let open: { readonly name: string; readonly from: number; readonly bodyFrom: number } | undefined;
	for (let start = 0; start < text.length; ) {
		const newline = text.indexOf('\n', start);
		const next = newline < 0 ? text.length : newline + 1;
		const line = text.slice(start, newline < 0 ? text.length : newline);
		const begins = begin.exec(line)?.[1];
		const ends = end.exec(line)?.[1];
		if (begins !== undefined) {
			if (open !== undefined) return failed({ kind: 'damaged', block: open.name });
			open = { name: begins, from: start, bodyFrom: next };
		} else if (ends !== undefined) {
			if (open?.name !== ends) return failed({ kind: 'damaged', block: ends });
			// Without a newline behind it, it was put behind a last line that had none: that one's is ours too.
			const from = newline < 0 && open.from > 0 ? open.from - 1 : open.from;
			found.push({ name: ends, body: text.slice(open.bodyFrom, Math.max(open.bodyFrom, start - 1)), from, to: next });
			open = undefined;
		}
		start = next;
	}
	return open === undefined ? ok(found) : failed({ kind: 'damaged', block: open.name });
}

/** The text without any of our blocks. */
export function removeBlocks(text: string): Result<string, BlockProblem> {
	const found = findBlocks(text);
	if (!found.ok) return found;
	let rest = '';
	let at = 0;
	for (const { from, to } of found.value) {
		rest += text.slice(at, from);
		at = to;
	}
	return ok(rest + text.slice(at));
}

/** The text with one block more. `text` must not hold a block of that name. */
export function insertBlock(text: string, name: string, body: string, place: Place): Result<string, BlockProblem> {
	const at = offsetOf(text, place);
	if (at === undefined) return failed({ kind: 'place-missing', block: name, after: anchorOf(place) });
	const block = `${beginLine(name)}\n${body}${body === '' ? '' : '\n'}${endLine(name)}`;
	const isBehindOpenLine = at > 0 && text[at - 1] !== '\n';
	return ok(isBehindOpenLine ? `${text.slice(0, at)}\n${block}` : `${text.slice(0, at)}${block}\n${text.slice(at)}`);
}

/** The line a place is named by; empty for an end of the file. */
export const anchorOf = (place: Place): string =>
	typeof place === 'string' ? '' : 'after' in place ? place.after : place.before;

function offsetOf(text: string, place: Place): number | undefined {
	if (place === 'start') return 0;
	if (place === 'end') return text.length;
	const wanted = anchorOf(place);
	for (let start = 0; start < text.length; ) {
		const newline = text.indexOf('\n', start);
		const next = newline < 0 ? text.length : newline + 1;
		if (text.slice(start, newline < 0 ? text.length : newline).trim() === wanted.trim())
			return 'after' in place ? next : start;
		start = next;
	}
	return undefined;
}
