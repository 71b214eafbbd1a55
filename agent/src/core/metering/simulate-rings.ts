/**
 * Coarse windows: five pieces of a quarter window each, and whether they may hold more than a limit.
 *
 * A ring is 16 numbers of one array, a line of the processor's cache: this is done for every message of weeks. Its window, the present
 * piece, what may be in all pieces (recipients, messages), what is, then recipients and messages of each piece. Each ring sees the
 * order of time.
 */
import { type Window, windowSeconds, windows } from '@sluice/shared/words/limits.ts';

export type Rings = {
	make(window: Window, recipientsMax: number, messagesMax: number): number;
	/** Adds a message; true when a window may hold more than the limits. */
	overflows(ring: number, second: number, recipients: number): boolean;
};

const piecesOfWindow = 4;
const pieces = piecesOfWindow + 1;
const pieceSeconds = windows.map((window) => windowSeconds[window] / piecesOfWindow);

const windowIndex = 0;
const present = 1;
const recipientsMax = 2;
const messagesMax = 3;
const recipientsSum = 4;
const messagesSum = 5;
const recipientsOf = 6;
const messagesOf = recipientsOf + pieces;
const ringStride = 16;
const ringsInitial = 1024;
/** As a limit: none. */
export const unlimited = 0x7fffffff;

export function createRings(): Rings {
	let cells = new Int32Array(ringsInitial * ringStride);
	let used = 0;
	/** The present piece of each window, and its place in a ring. */
	const now = { second: -1, piece: windows.map(() => 0), slot: windows.map(() => 0) };

	function make(window: Window, recipients: number, messages: number): number {
		if (used + ringStride > cells.length) {
			const grown = new Int32Array(2 * cells.length);
			grown.set(cells);
			cells = grown;
		}
		const ring = used;
		used += ringStride;
		cells[ring + windowIndex] = windows.indexOf(window);
		cells[ring + recipientsMax] = recipients;
		cells[ring + messagesMax] = messages;
		return ring;
	}

	function slide(ring: number, piece: number): void {
		const before = cells[ring + present] as number;
		for (let passed = Math.max(before + 1, piece - pieces + 1); passed <= piece; passed++) {
			const at = ring + (passed % pieces);
			cells[ring + recipientsSum] = (cells[ring + recipientsSum] as number) - (cells[at + recipientsOf] as number);
			cells[ring + messagesSum] = (cells[ring + messagesSum] as number) - (cells[at + messagesOf] as number);
			cells[at + recipientsOf] = 0;
			cells[at + messagesOf] = 0;
		}
		cells[ring + present] = piece;
	}

	function setNow(second: number): void {
		now.second = second;
		for (let index = 0; index < windows.length; index++) {
			const piece = Math.floor(second / (pieceSeconds[index] as number));
			now.piece[index] = piece;
			now.slot[index] = piece % pieces;
		}
	}

	/** Adds a message; true when a window may hold more than the limits. */
	function overflows(ring: number, second: number, recipients: number): boolean {
		if (second !== now.second) setNow(second);
		const window = cells[ring + windowIndex] as number;
		const piece = now.piece[window] as number;
		if (piece !== cells[ring + present]) slide(ring, piece);
		const at = ring + (now.slot[window] as number);
		cells[at + recipientsOf] = (cells[at + recipientsOf] as number) + recipients;
		cells[at + messagesOf] = (cells[at + messagesOf] as number) + 1;
		const inRecipients = (cells[ring + recipientsSum] as number) + recipients;
		const inMessages = (cells[ring + messagesSum] as number) + 1;
		cells[ring + recipientsSum] = inRecipients;
		cells[ring + messagesSum] = inMessages;
		return inRecipients > (cells[ring + recipientsMax] as number) || inMessages > (cells[ring + messagesMax] as number);
	}

	return { make, overflows };
}
