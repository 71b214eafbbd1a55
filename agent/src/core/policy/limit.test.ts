/** What a measured message becomes: whole, in parts, waiting, held, deferred, refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InitialState } from '@sluice/shared/words/message.ts';
import type { Measurement, Rule } from '../metering/types.ts';
import type { Judgement } from './judge.ts';
import { type LimitFacts, withinLimits } from './limit.ts';

const now = 1_800_000_000_000;
const bounds = { recipientsMax: 10, bytesMax: 10_000, ageMsMax: 60_000 };
const accept: Judgement = { verdict: { action: 'accept', reasons: [] } };
const rule: Rule = {
	scope: 'account:a',
	rule: 'hour.recipients',
	value: 5,
	mode: 'enforce',
	origin: { level: 'account', id: 'a', name: 'account a' },
};

type Given = { room: number; over?: Measurement['over']; isBehind?: boolean; rule?: Partial<Rule> | null };

const facts = (recipients: number, given: Given, waiting: Partial<LimitFacts['waiting']> = {}): LimitFacts => ({
	measurement: {
		chain: { scopes: ['server:server', 'account:a'], account: 'a', isKnown: true, isExempt: false, hints: [] },
		room: given.room,
		...(given.rule === null ? {} : { binding: { rule: { ...rule, ...given.rule }, used: 5, adds: recipients } }),
		wouldBind: [],
		isBehind: given.isBehind ?? false,
		over: given.over ?? 'wait',
	},
	recipients,
	bytes: 1000,
	waiting: { messages: 0, recipients: 0, bytes: 0, ...waiting },
});

const outcome = ({ verdict, initials, fault }: Judgement) => [verdict.action, initials, fault];

test('what fits leaves; what does not waits; what is larger than its window leaves in parts', () => {
	assert.deepEqual(outcome(withinLimits(accept, facts(3, { room: 3, rule: null }), bounds, now)), [
		'accept',
		undefined,
		undefined,
	]);
	const waits = withinLimits(accept, facts(3, { room: 0 }), bounds, now);
	assert.deepEqual(outcome(waits), ['wait', undefined, undefined]);
	assert.equal(waits.verdict.reasons[0]?.rule, 'limit.hour.recipients');
	assert.deepEqual(outcome(withinLimits(accept, facts(3, { room: 0, rule: null, isBehind: true }), bounds, now)), [
		'wait',
		undefined,
		undefined,
	]);
	assert.deepEqual(outcome(withinLimits(accept, facts(3, { room: 2 }), bounds, now)), [
		'accept',
		['queued', 'queued', 'waiting'],
		undefined,
	]);
});

test('recipients that are held for another reason stay held and take no room', () => {
	const initials: InitialState[] = ['held', 'queued', 'queued', 'held', 'queued'];
	const judged: Judgement = { verdict: { action: 'accept', reasons: [] }, initials };
	assert.deepEqual(outcome(withinLimits(judged, facts(5, { room: 2 }), bounds, now)), [
		'accept',
		['held', 'queued', 'queued', 'held', 'waiting'],
		undefined,
	]);
	assert.deepEqual(outcome(withinLimits(judged, facts(5, { room: 0 }), bounds, now)), [
		'wait',
		['held', 'waiting', 'waiting', 'held', 'waiting'],
		undefined,
	]);
	assert.deepEqual(outcome(withinLimits(judged, facts(5, { room: 3, rule: null }), bounds, now)).slice(0, 2), [
		'accept',
		initials,
	]);
});

test('what could never leave by itself is held for a person', () => {
	for (const never of [{ rule: 'message.recipients' }, { value: 0 }] as const)
		for (const over of ['wait', 'defer', 'reject'] as const)
			assert.deepEqual(outcome(withinLimits(accept, facts(3, { room: 0, over, rule: never }), bounds, now)), [
				'hold',
				undefined,
				undefined,
			]);
});

test('defer and reject: the MTA keeps it or refuses it; a part of what is larger than a window is taken', () => {
	assert.equal(withinLimits(accept, facts(1, { room: 0, over: 'defer' }), bounds, now).fault, 'overLimit');
	assert.equal(withinLimits(accept, facts(1, { room: 0, over: 'reject' }), bounds, now).fault, 'overLimitRefused');
	// Else the MTA would come again with it for ever.
	assert.deepEqual(outcome(withinLimits(accept, facts(3, { room: 1, over: 'defer' }), bounds, now))[1], [
		'queued',
		'waiting',
		'waiting',
	]);
	assert.equal(withinLimits(accept, facts(3, { room: 1, over: 'reject' }), bounds, now).fault, 'overLimitRefused');
	const behind = facts(1, { room: 0, over: 'reject', rule: null, isBehind: true });
	assert.equal(
		withinLimits(accept, behind, bounds, now).fault,
		'overLimit',
		'no limit of its own is met: not for good',
	);
});

test('what waits is bounded in number, bytes and age, and one message alone is always taken', () => {
	const judged = (recipients: number, waiting: Partial<LimitFacts['waiting']>) =>
		withinLimits(accept, facts(recipients, { room: 0 }, waiting), bounds, now);
	assert.equal(judged(11, {}).fault, undefined);
	assert.equal(judged(3, { recipients: 7 }).fault, undefined);
	assert.equal(judged(4, { recipients: 7 }).verdict.reasons[0]?.rule, 'limit.waiting.recipients');
	assert.equal(judged(4, { recipients: 7 }).fault, 'waitingFull');
	assert.equal(judged(1, { recipients: 1, bytes: 9001 }).verdict.reasons[0]?.rule, 'limit.waiting.bytes');
	assert.equal(judged(1, { recipients: 1, oldestMs: now - 60_000 }).fault, undefined);
	assert.equal(judged(1, { recipients: 1, oldestMs: now - 60_001 }).verdict.reasons[0]?.rule, 'limit.waiting.seconds');
});
