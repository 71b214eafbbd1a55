/**
 * The part of a report that returns the message: whole where RET=FULL asked for it, it failed and is small enough, else its header.
 *
 * RFC 3461 §4.3, §6.2: RET is about failures only; without RET the choice is ours, and a header is enough to know one's message
 * again without sending a stranger's attachment around. Wiring lines never leave: the record's cuts are taken out, and every
 * X-Sluice-* field with them should a cut be missing. The stored content is dot-stuffed, and so is what stands here: nothing is
 * stuffed or unstuffed on the way.
 */
import type { Cut } from '@sluice/shared/words/message.ts';
import { beginsWith, scanHeader } from '../header/scan.ts';
import { type Report, returnBytesMaxDefault, returnedHeaderBytesMax } from './report.ts';
import { isBeyondAscii, textOf } from './text.ts';

export type OriginalPart = {
	readonly type: 'text/rfc822-headers' | 'message/rfc822' | 'message/global-headers' | 'message/global';
	/** One character per byte, CRLF at the end, dot-stuffed. */
	readonly content: string;
	readonly has8bit: boolean;
};

/** Undefined when there is no content to return. */
export function originalPart(report: Report): OriginalPart | undefined {
	const { record, original } = report;
	if (original === undefined || original.length === 0) return undefined;
	const bytesMax = report.returnBytesMax ?? returnBytesMaxDefault;
	const wantsAll = report.kind === 'failed' && record.envelope.ret === 'FULL' && original.length <= bytesMax;
	const text = textOf(wantsAll ? original : original.subarray(0, headerSearchBytesMax));
	const headerEnd = endOfHeader(text);
	const header = returnedHeader(text.slice(0, headerEnd), record.cuts);
	// The header of an internationalised message may have UTF-8 in it, which the classic types do not allow (RFC 6532, RFC 6533 §4.2, §4.3).
	const isGlobal = record.envelope.smtpUtf8 && isBeyondAscii(header);
	if (!wantsAll)
		return {
			type: isGlobal ? 'message/global-headers' : 'text/rfc822-headers',
			content: header,
			has8bit: isBeyondAscii(header),
		};
	const content = header + withoutCuts(text, headerEnd, record.cuts);
	return {
		type: isGlobal ? 'message/global' : 'message/rfc822',
		content: content.endsWith('\r\n') ? content : `${content}\r\n`,
		has8bit: isBeyondAscii(content),
	};
}

/** Enough to find a header that is to be cut to `returnedHeaderBytesMax`, wiring lines and all. */
const headerSearchBytesMax = 2 * returnedHeaderBytesMax;

/** Offset of the blank line; the end when there is none. */
function endOfHeader(text: string): number {
	if (text.startsWith('\r\n')) return 0;
	const blank = text.indexOf('\r\n\r\n');
	return blank < 0 ? text.length : blank + 2;
}

function returnedHeader(header: string, cuts: readonly Cut[]): string {
	let kept = '';
	// Both are in order: a message may bring ten thousands of fields to cut, and each field asks once.
	let next = 0;
	for (const field of scanHeader(header)) {
		while (next < cuts.length && (cuts[next] as Cut)[1] <= field.start) next++;
		const cut = cuts[next];
		if (cut !== undefined && cut[0] < field.end) continue;
		if (beginsWith(header, field.start, wiringPrefix)) continue;
		if (kept.length + field.end - field.start > returnedHeaderBytesMax) break;
		kept += header.slice(field.start, field.end);
	}
	return kept === '' || kept.endsWith('\r\n') ? kept : `${kept}\r\n`;
}

/** The rest of the message; a wiring header may have been displaced into it. */
function withoutCuts(text: string, from: number, cuts: readonly Cut[]): string {
	let kept = '';
	let at = from;
	for (const [start, end] of cuts) {
		if (end <= at) continue;
		kept += text.slice(at, Math.max(at, start));
		at = end;
	}
	return kept + text.slice(at);
}

const wiringPrefix = 'x-sluice-';
