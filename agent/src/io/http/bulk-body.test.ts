/**
 * A large body read in slices says what JSON.parse and the schema say of it, valid or not, whatever its white space and brackets.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { z } from 'zod';
import { type BulkShape, readBulk } from './bulk-body.ts';

const item = z.unknown();
const shape: BulkShape = {
	body: z.looseObject({ items: z.array(item) }),
	item,
	itemsMax: 50,
	restBytesMax: 100_000,
};

/** What the usual way says. */
function usual(text: string): { kind: string; value?: unknown } {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return { kind: 'bad-json' };
	}
	const parsed = shape.body.safeParse(value);
	return parsed.success ? { kind: 'value', value: parsed.data } : { kind: 'issues' };
}

async function agrees(text: string): Promise<void> {
	const read = await readBulk(Buffer.from(text), shape);
	const expected = usual(text);
	assert.equal(read.kind, expected.kind, text);
	if (read.kind === 'value') assert.deepEqual(read.value, expected.value, text);
}

test('agrees with JSON.parse on bodies and on what is nearly one', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(fc.jsonValue({ maxDepth: 3 }), { maxLength: 6 }),
			fc.dictionary(fc.constantFrom('revision', 'nested', 'a"b', '\\'), fc.jsonValue({ maxDepth: 2 })),
			fc.nat({ max: 3 }),
			fc.option(fc.tuple(fc.nat(), fc.constantFrom('', ',', '[', ']', '{', '}', '"', '\\', ' '))),
			async (items, rest, indent, damage) => {
				let text = JSON.stringify({ ...rest, items, last: { items: [1] } }, undefined, indent);
				if (damage !== null) {
					const at = damage[0] % text.length;
					text = text.slice(0, at) + damage[1] + text.slice(at + 1);
				}
				await agrees(text);
			},
		),
		{ numRuns: 2000 },
	);
});

test('agrees on the odd ones', async () => {
	for (const text of [
		'{"items":[]}',
		'{"items":[ ]}',
		'{"items":[1,]}',
		'{"items":[,1]}',
		'{"items":[1 2]}',
		'{"items":[1}}',
		'{"items":[1],"items":[2,3]}',
		'{"items":[1],"items":4}',
		'{"items":[{"items":[1,2]},[3,4]]}',
		'{"a":["items",[1]],"items":["]",",","\\\\","\\""]}',
		'{"items":{"items":[1]}}',
		'["items",[1]]',
		'{"items":[1]',
		'{"items":[1]}}',
		'{"items":["unended]}',
		'null',
		'',
		'{',
	])
		await agrees(text);
});

test('bounds and bytes that are no UTF-8', async () => {
	const kindOf = async (body: string | Buffer) => (await readBulk(Buffer.from(body as string), shape)).kind;
	assert.equal(await kindOf(Buffer.from([0x7b, 0xff, 0x7d])), 'not-utf8');
	assert.equal(await kindOf(JSON.stringify({ items: new Array(50).fill(1) })), 'value');
	const many = await readBulk(Buffer.from(JSON.stringify({ items: new Array(51).fill(1) })), shape);
	assert.deepEqual(many, { kind: 'issues', issues: [{ path: ['items'], message: 'at most 50 items' }] });
	assert.equal(await kindOf(JSON.stringify({ items: [], more: 'm'.repeat(100_000) })), 'rest-too-large');
	assert.equal(await kindOf('x'.repeat(200_000)), 'bad-json');
});

test('says where in the list something is wrong', async () => {
	const strict = { ...shape, item: z.strictObject({ id: z.string() }) };
	const body = { items: [{ id: 'a' }, { id: 5 }, { id: 'c', more: 1 }] };
	const read = await readBulk(Buffer.from(JSON.stringify(body)), strict);
	assert.ok(read.kind === 'issues');
	assert.deepEqual(
		read.issues.map(({ path }) => path),
		[
			['items', 1, 'id'],
			['items', 2],
		],
	);
});
