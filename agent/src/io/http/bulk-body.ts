/**
 * A large JSON body read in slices: `{"revision": 7, "items": [ … ten thousand … ]}`.
 *
 * JSON.parse and zod take 150 ms for four megabytes, and nothing else runs meanwhile. So the elements of `items` are found by their
 * brackets, then parsed and checked one by one, with a look at the clock in between; the rest of the body is small and goes the usual
 * way. What is accepted is JSON as RFC 8259 has it: each element and the body without them are parsed by JSON.parse itself.
 */
import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';

export type BulkShape = {
	/** Of the whole body. */
	readonly body: z.ZodType;
	/** Of one element of `items`. */
	readonly item: z.ZodType;
	readonly itemsMax: number;
	/** What the body may have without its items. */
	readonly restBytesMax: number;
};

export type BulkIssue = { readonly path: readonly PropertyKey[]; readonly message: string };

export type BulkBody =
	| { readonly kind: 'value'; readonly value: unknown }
	| { readonly kind: 'issues'; readonly issues: readonly BulkIssue[] }
	| { readonly kind: 'bad-json' | 'not-utf8' | 'rest-too-large' };

type Range = readonly [start: number, end: number];
type Split = { readonly items: readonly Range[]; readonly rest: readonly Range[] };

/** Issues told of one body. */
const issuesMax = 100;
/** Bytes looked at, and items checked, between two looks at the clock. */
const bytesPerLook = 65_536;
const itemsPerLook = 8;

const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** Longest piece of work between two turns of the loop. */
const sliceMs = 5;

/** Undefined while there is time left in this turn of the loop; else a promise of the next. */
type Breathe = () => Promise<void> | undefined;

function createBreath(): Breathe {
	let beganMs = performance.now();
	return () => {
		if (performance.now() - beganMs < sliceMs) return undefined;
		return new Promise((resolve) =>
			setImmediate(() => {
				beganMs = performance.now();
				resolve();
			}),
		);
	};
}

/** Never rejects for what is in the body. */
export async function readBulk(bytes: Buffer, shape: BulkShape): Promise<BulkBody> {
	const breathe = createBreath();
	if (!isUtf8(bytes)) return { kind: 'not-utf8' };
	const scan = splitItems(bytes, shape.itemsMax);
	let step = scan.next();
	for (; step.done !== true; step = scan.next()) await breathe();
	if (step.value === undefined) return { kind: 'bad-json' };
	const { items: ranges, rest } = step.value;
	if (ranges.length > shape.itemsMax)
		return { kind: 'issues', issues: [{ path: ['items'], message: `at most ${shape.itemsMax} items` }] };
	if (rest.reduce((sum, [start, end]) => sum + end - start, 0) > shape.restBytesMax)
		return { kind: beginsObject(bytes) ? 'rest-too-large' : 'bad-json' };
	try {
		return await checked(bytes, { items: ranges, rest }, shape, breathe);
	} catch (error) {
		if (error instanceof SyntaxError) return { kind: 'bad-json' };
		throw error;
	}
}

/** Throws SyntaxError when a part is not JSON. */
async function checked(
	bytes: Buffer,
	{ items: ranges, rest }: Split,
	shape: BulkShape,
	breathe: Breathe,
): Promise<BulkBody> {
	const body = shape.body.safeParse(
		JSON.parse(rest.map(([start, end]) => bytes.toString('utf8', start, end)).join('')),
	);
	const issues: BulkIssue[] = [...(body.error?.issues ?? [])];
	const items: unknown[] = [];
	for (const [index, [start, end]] of ranges.entries()) {
		const pause = index % itemsPerLook === 0 ? breathe() : undefined;
		if (pause !== undefined) await pause;
		const item = shape.item.safeParse(JSON.parse(bytes.toString('utf8', start, end)));
		if (item.success) items.push(item.data);
		else if (issues.length < issuesMax)
			issues.push(...item.error.issues.map(({ path, message }) => ({ path: ['items', index, ...path], message })));
	}
	if (issues.length > 0) return { kind: 'issues', issues: issues.slice(0, issuesMax) };
	return { kind: 'value', value: ranges.length === 0 ? body.data : { ...(body.data as object), items } };
}

/**
 * Where the elements of the outermost object's `items` stand, and the rest. Yields now and then; ends with undefined when a string or
 * `items` has no end. More than `itemsMax` are not looked for.
 */
function* splitItems(bytes: Buffer, itemsMax: number): Generator<undefined, Split | undefined> {
	const rest: Range[] = [];
	let items: Range[] = [];
	let depth = 0;
	let key: Range = [0, 0];
	let restStart = 0;
	/** Start of the present element; -1 outside of `items`. */
	let start = -1;
	let nextLook = bytesPerLook;
	for (let at = 0; at < bytes.length; at++) {
		if (at >= nextLook) {
			nextLook = at + bytesPerLook;
			yield;
		}
		switch (bytes[at]) {
			case quote: {
				const end = endOfString(bytes, at);
				if (end < 0) return undefined;
				if (depth === 1) key = [at, end];
				at = end - 1;
				break;
			}
			case openBracket:
			case openBrace:
				depth += 1;
				if (depth !== 2 || bytes[at] !== openBracket || !isItems(bytes, key)) break;
				rest.push([restStart, at + 1]);
				items = [];
				start = at + 1;
				break;
			case comma:
				if (start < 0 || depth !== 2) break;
				items.push([start, at]);
				if (items.length > itemsMax) return { items, rest };
				start = at + 1;
				break;
			case closeBracket:
			case closeBrace:
				if (start >= 0 && depth === 2) {
					// Whatever closes it is the rest's, and must fit there.
					if (items.length > 0 || !isBlank(bytes, start, at)) items.push([start, at]);
					restStart = at;
					start = -1;
				}
				depth -= 1;
		}
	}
	if (start >= 0) return undefined;
	return { items, rest: [...rest, [restStart, bytes.length]] };
}

/** Behind the closing quote of the string that begins here; -1: there is none. */
function endOfString(bytes: Buffer, start: number): number {
	for (let end = bytes.indexOf(quote, start + 1); end > 0; end = bytes.indexOf(quote, end + 1)) {
		let slashes = 0;
		while (bytes[end - 1 - slashes] === backslash) slashes += 1;
		if (slashes % 2 === 0) return end + 1;
	}
	return -1;
}

const isItems = (bytes: Buffer, [start, end]: Range): boolean =>
	end - start === 7 && bytes.toString('latin1', start, end) === '"items"';

/** Whatever large thing does not begin so is no body of ours, and not worth parsing to say so. */
function beginsObject(bytes: Buffer): boolean {
	let at = 0;
	while (isBlank(bytes, at, at + 1) && at < bytes.length) at += 1;
	return bytes[at] === openBrace;
}

function isBlank(bytes: Buffer, start: number, end: number): boolean {
	for (let at = start; at < end; at++)
		if (bytes[at] !== 0x20 && bytes[at] !== 0x0a && bytes[at] !== 0x0d && bytes[at] !== 0x09) return false;
	return true;
}
