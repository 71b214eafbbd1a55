/**
 * Many limits changed and put back: whatever stood before stands again, but where somebody has written since; how much is kept; a disk
 * that does not take all of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { limitModes, limitRules, type StoredLimits } from '@sluice/shared/words/limits.ts';
import fc from 'fast-check';
import { createLimitBook } from '../core/metering/book.ts';
import type { NumberChange } from '../core/metering/change.ts';
import type { Flow } from './context.ts';
import { changeNumbers, forgetOldChanges, undoChange, undoMs } from './limit-changes.ts';

const startMs = Date.parse('2026-11-24T09:00:00Z');
const admin = { role: 'admin', id: 'root' } as const;

/** What of the flow a change needs; the disk is a map, and fails where it is told to. */
function createGround() {
	const documents = new Map<string, Map<string, string>>();
	const of = (kind: string) => {
		const known = documents.get(kind) ?? new Map<string, string>();
		documents.set(kind, known);
		return known;
	};
	let nowMs = startMs;
	let writesLeft = Number.POSITIVE_INFINITY;
	const audits: string[] = [];
	const limits = createLimitBook();
	const flow = {
		clock: { now: () => nowMs, monotonic: () => 0 },
		events: { emit: () => {} },
		limits,
		wouldHave: { forget: () => {} },
		wakePace: () => {},
		state: {
			documents: (kind: string) => [...of(kind)].map(([id, text]) => ({ id, value: JSON.parse(text) as unknown })),
			document: (kind: string, id: string) => {
				const text = of(kind).get(id);
				return text === undefined ? undefined : (JSON.parse(text) as unknown);
			},
			putDocuments(kind: string, entries: readonly { readonly id: string; readonly value: unknown }[]) {
				writesLeft -= 1;
				if (writesLeft < 0) throw new Error('the disk is full');
				for (const { id, value } of entries)
					if (value === undefined) of(kind).delete(id);
					else of(kind).set(id, JSON.stringify(value));
			},
			audit: ({ act, subject, detail }: { act: string; subject: string; detail: string }) =>
				void audits.push(`${act} ${subject}: ${detail}`),
		},
	} as unknown as Flow;
	return {
		flow,
		limits,
		audits,
		documents: of,
		at: (ms: number) => {
			nowMs = ms;
		},
		failAfter: (writes: number) => {
			writesLeft = writes;
		},
		standing: () => Object.fromEntries([...limits.entries()].map(({ id, limits: stored }) => [id, stored])),
	};
}

const change = (more: Partial<NumberChange> = {}): NumberChange => ({
	rule: 'hour.recipients',
	value: 200,
	mode: 'enforce',
	author: 'admin root',
	setMs: startMs,
	...more,
});
const all = () => true;

const rules = fc.constantFrom(...limitRules);
const sets = fc.record({
	values: fc.dictionary(rules, fc.nat(300)),
	mode: fc.constantFrom(...limitModes),
	author: fc.constantFrom('admin root', 'reseller bob'),
	setMs: fc.constantFrom(startMs, startMs - 1000),
});
const stored = fc
	.record({
		base: fc.option(sets, { nil: undefined }),
		exception: fc.option(
			sets.map((set) => ({ ...set, untilMs: startMs + 5000 })),
			{ nil: undefined },
		),
	})
	.map((one) => JSON.parse(JSON.stringify(one)) as StoredLimits);
const isSet = ({ base, exception }: StoredLimits): boolean => base !== undefined || exception !== undefined;

test('property: undo after a change is as before, but for those that somebody has set since', async () => {
	await fc.assert(
		fc.asyncProperty(
			fc.array(stored, { minLength: 1, maxLength: 230 }),
			fc.record({
				rule: rules,
				value: fc.option(fc.nat(300)),
				mode: fc.constantFrom(...limitModes),
				isException: fc.boolean(),
			}),
			fc.array(fc.nat(229), { maxLength: 3 }),
			async (before, { rule, value, mode, isException }, written) => {
				const { flow, limits, standing } = createGround();
				for (const [index, one] of before.entries()) if (isSet(one)) limits.set('account', `a${index}`, one);
				const formerly = structuredClone(standing());
				const keys = before.map((_, index) => `a${index}`);
				const asked = change({
					rule,
					value,
					mode,
					...(isException && value !== null ? { untilMs: startMs + 9000 } : {}),
				});
				const done = await changeNumbers(flow, { id: 'one', keys, change: asked, mayChange: all }, admin);
				assert.ok(done.ok);
				const others = {
					base: { values: { 'day.messages': 7 }, mode: 'enforce', author: 'admin eve', setMs: startMs + 3 },
				} as const;
				const since = new Set(written.filter((index) => index < before.length).map((index) => `a${index}`));
				for (const key of since) limits.set('account', key, others);
				const undone = await undoChange(flow, { id: done.value.id, mayChange: all }, admin);
				assert.ok(undone.ok);
				assert.equal(undone.value.kept, since.size);
				assert.equal(undone.value.restored, before.length - since.size);
				const expected = { ...formerly, ...Object.fromEntries([...since].map((key) => [key, others])) };
				assert.deepEqual(standing(), expected);
			},
		),
		{ numRuns: 60 },
	);
});

test('what is kept is bounded in number, in accounts and in time; parts go with their change', async () => {
	const { flow, documents, at } = createGround();
	const ids: string[] = [];
	for (let n = 0; n < 52; n++) {
		at(startMs + n);
		const done = await changeNumbers(
			flow,
			{ id: `c${n}`, keys: ['a', 'b'], change: change({ value: n, setMs: startMs + n }), mayChange: all },
			admin,
		);
		assert.ok(done.ok);
		ids.push(done.value.id);
	}
	assert.equal(documents('change').size, 50);
	assert.equal(documents('change-part').size, 50);
	assert.equal(documents('change').has(ids[0] as string), false, 'the oldest is gone');
	at(startMs + 10 + undoMs);
	const late = await undoChange(flow, { id: ids[5] as string, mayChange: all }, admin);
	assert.equal(late.ok ? '' : late.error, 'gone');
	await forgetOldChanges(flow);
	assert.equal(documents('change').size, 42);
	const many = Array.from({ length: 99_990 }, (_, n) => `x${n}`);
	at(startMs + 60 + undoMs / 2);
	await changeNumbers(flow, { id: 'many', keys: many, change: change(), mayChange: all }, admin);
	assert.equal(documents('change').size, 6, 'two accounts each, and the large one');
});

test('a reseller’s changes push out its own, and nobody else’s way back', async () => {
	const { flow, documents, at } = createGround();
	const changed = async (id: string, actor: Actor): Promise<void> => {
		const done = await changeNumbers(flow, { id, keys: ['a'], change: change(), mayChange: all }, actor);
		assert.ok(done.ok);
	};
	await changed('root', admin);
	await changed('bob', { role: 'reseller', id: 'bob' });
	for (let n = 0; n < 200; n++) {
		at(startMs + 1 + n);
		await changed(`eve${n}`, { role: 'reseller', id: 'eve', ...(n % 2 === 0 ? {} : { as: 'root' }) });
	}
	assert.ok(documents('change').has('root') && documents('change').has('bob'));
	assert.equal(documents('change').size, 12);
	assert.ok(documents('change').has('eve199'));
});

test('a disk that does not take all of it: what it took is in force, is told, and can be undone', async () => {
	const { flow, limits, failAfter, audits, standing } = createGround();
	const keys = Array.from({ length: 350 }, (_, n) => `a${n}`);
	limits.set('account', 'a0', {
		base: { values: { 'day.messages': 9 }, mode: 'monitor', author: 'admin root', setMs: 5 },
	});
	const formerly = structuredClone(standing());
	// The change itself, then a part and its limits: two portions and half of a third.
	failAfter(1 + 2 + 2 + 1);
	const done = await changeNumbers(flow, { id: 'one', keys, change: change(), mayChange: all }, admin);
	assert.equal(done.ok ? '' : done.error, 'unwritten');
	assert.equal(limits.size, 200);
	assert.match(
		audits[0] ?? '',
		/limit\.change 350 accounts: 200 recipients an hour \(enforce\), cut off after 200; change/,
	);
	failAfter(Number.POSITIVE_INFINITY);
	const id = /change (\S+)$/.exec(audits[0] ?? '')?.[1] ?? '';
	const undone = await undoChange(flow, { id, mayChange: all }, admin);
	assert.ok(undone.ok);
	assert.deepEqual(standing(), formerly);
	assert.equal(undone.value.kept, 0);
});

test('only who has done it, or an administrator, and only accounts that are still its own', async () => {
	const { flow, standing } = createGround();
	const bob = { role: 'reseller', id: 'bob' } as const;
	const asked = { id: 'one', keys: ['a', 'b', 'c'], change: change({ author: 'reseller bob' }) };
	const done = await changeNumbers(flow, { ...asked, mayChange: (key) => key !== 'c' }, bob);
	assert.ok(done.ok);
	assert.equal(done.value.changed, 2, 'set from above since it was looked at');
	const { id } = done.value;
	const eve = await undoChange(flow, { id, mayChange: all }, { role: 'reseller', id: 'eve' });
	assert.equal(eve.ok ? '' : eve.error, 'gone');
	const undone = await undoChange(flow, { id, mayChange: (key) => key === 'a' }, bob);
	assert.deepEqual(undone.ok ? undone.value : undefined, { restored: 1, kept: 1 });
	assert.deepEqual(Object.keys(standing()), ['b']);
});
