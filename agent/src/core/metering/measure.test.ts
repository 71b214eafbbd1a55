/**
 * What measuring says, the sentences people read, counts of what only counts, and warnings.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainOfScopes, fixtureNowMs as nowMs, ruleOf, rulesOf } from './chain.fixture.ts';
import { measure, reasonsOf } from './measure.ts';
import { createMeter, type Meter } from './meter.ts';
import type { Rule } from './types.ts';
import { createWarnings } from './warnings.ts';
import { createWouldHave } from './would-have.ts';

const chain = chainOfScopes('server:server', 'reseller:bob', 'account:acme', 'mailbox:m@acme.test');
const waiting = { blocks: () => false };

function charge(meter: Meter, recipients: number, atMs = nowMs): void {
	const keys = Array.from({ length: recipients }, (_, key) => key);
	meter.charge(chain.scopes, atMs, { messages: 1, recipients, keys });
}

const measured = (rules: readonly Rule[], meter: Meter, recipients: number, room = waiting) =>
	measure(
		{ chain, recipients, keys: Array.from({ length: recipients }, (_, key) => key) },
		{ rules: rulesOf(rules, chain), meter, waiting: room, nowMs },
	);

test('a message fits, does not, or in part; what only counts keeps nothing', () => {
	const meter = createMeter();
	charge(meter, 8);
	const enforced = [ruleOf('account:acme', 'hour.recipients', 10)];
	assert.equal(measured(enforced, meter, 2).room, 2);
	const over = measured(enforced, meter, 3);
	assert.deepEqual([over.room, over.binding?.used, over.binding?.adds], [0, 8, 3]);
	assert.equal(measured(enforced, meter, 11).room, 2, 'larger than the window');
	const counting = measured([ruleOf('account:acme', 'hour.recipients', 10, 'monitor')], meter, 11);
	assert.deepEqual([counting.room, counting.binding, counting.wouldBind.length], [11, undefined, 1]);
});

test('messages count once, different recipients only when new, recipients of one message without any window', () => {
	const meter = createMeter();
	charge(meter, 8);
	assert.equal(measured([ruleOf('account:acme', 'hour.messages', 2)], meter, 50).room, 50);
	assert.equal(measured([ruleOf('account:acme', 'hour.messages', 1)], meter, 50).room, 0);
	assert.equal(measured([ruleOf('account:acme', 'hour.uniqueRecipients', 8)], meter, 8).room, 8);
	assert.equal(measured([ruleOf('account:acme', 'hour.uniqueRecipients', 8)], meter, 9).room, 8, 'in parts');
	assert.equal(measured([ruleOf('account:acme', 'message.recipients', 50)], meter, 50).room, 50);
	assert.equal(measured([ruleOf('account:acme', 'message.recipients', 50)], meter, 51).room, 0);
});

test('of several rules the one that never lets it go binds, else the one with the least room', () => {
	const meter = createMeter();
	charge(meter, 8);
	const rules = [
		ruleOf('server:server', 'hour.recipients', 9),
		ruleOf('account:acme', 'hour.recipients', 8),
		ruleOf('account:acme', 'message.recipients', 2),
	];
	assert.equal(measured(rules, meter, 3).binding?.rule.rule, 'message.recipients');
	assert.equal(measured(rules, meter, 2).binding?.rule.scope, 'account:acme');
	const none = ruleOf('mailbox:m@acme.test', 'day.messages', 0);
	assert.equal(measured([...rules.slice(0, 2), none], meter, 2).binding?.rule.value, 0);
});

test('behind waiting mail nothing goes, though there is room', () => {
	const behind = measured([], createMeter(), 1, { blocks: () => true });
	assert.deepEqual([behind.room, behind.isBehind, behind.binding], [0, true, undefined]);
	assert.deepEqual(
		reasonsOf(behind).map(({ rule }) => rule),
		['limit.behind'],
	);
});

test('reasons name the number, where it comes from and what is used', () => {
	const meter = createMeter();
	charge(meter, 8);
	const rules = [
		ruleOf('account:acme', 'hour.recipients', 10),
		ruleOf('mailbox:m@acme.test', 'day.recipients', 9, 'monitor'),
	];
	assert.deepEqual(reasonsOf(measured(rules, meter, 3)), [
		{
			rule: 'limit.hour.recipients',
			text: 'This account has a limit of 10 recipients an hour (account acme): 8 used, this message adds 3.',
			value: 11,
			threshold: 10,
			windowSeconds: 3600,
			evidence: 'account:acme, limit of account acme',
		},
		{
			rule: 'limit.day.recipients.monitor',
			text: 'This mailbox has a limit of 9 recipients a day (account acme): 8 used, this message adds 3. It only counts and keeps nothing.',
			value: 11,
			threshold: 9,
			windowSeconds: 86_400,
			evidence: 'mailbox:m@acme.test, limit of account acme',
		},
	]);
});

test('a customer does not learn from a reason what others used of a shared pool', () => {
	const meter = createMeter();
	charge(meter, 4217);
	const [reason] = reasonsOf(measured([ruleOf('reseller:bob', 'hour.recipients', 5000)], meter, 999));
	assert.equal(reason?.rule, 'limit.hour.recipients');
	assert.doesNotMatch(JSON.stringify(reason), /4,?217|5,?216/);
});

test('what would have been kept is counted where the number comes from, and survives a restart', () => {
	const meter = createMeter();
	charge(meter, 8);
	const rules = ['account:acme', 'mailbox:m@acme.test'].map((scope) => ruleOf(scope, 'hour.recipients', 8, 'monitor'));
	const counts = createWouldHave();
	counts.count(measured(rules, meter, 3).wouldBind, 3, nowMs);
	counts.count(measured(rules.slice(1), meter, 2).wouldBind, 2, nowMs + 5);
	const expected = [
		{ rule: 'hour.recipients', messages: 3, recipients: 8, scopes: 2, sinceMs: nowMs, lastMs: nowMs + 5 },
	];
	assert.deepEqual(counts.of('account', 'acme'), expected);
	const again = createWouldHave(JSON.parse(JSON.stringify(counts)));
	assert.deepEqual(again.of('account', 'acme'), expected);
	again.forget('account', 'acme');
	assert.deepEqual([again.of('account', 'acme'), again.toJSON()], [[], []]);
});

test('warnings: near, reached, each once in a window', () => {
	const meter = createMeter();
	const warnings = createWarnings();
	const rules = rulesOf(
		[ruleOf('account:acme', 'hour.recipients', 10), ruleOf('account:acme', 'day.recipients', 0)],
		chain,
	);
	const kinds = (atMs: number) =>
		warnings.after(rules, { meter, warnPercent: 80, nowMs: atMs }).map(({ kind, percent }) => `${kind} ${percent}`);
	charge(meter, 7);
	assert.deepEqual(kinds(nowMs), []);
	charge(meter, 1);
	assert.deepEqual(kinds(nowMs), ['near 80']);
	charge(meter, 1);
	assert.deepEqual(kinds(nowMs + 1000), []);
	charge(meter, 1);
	assert.deepEqual(kinds(nowMs + 2000), ['reached 100']);
	assert.deepEqual(kinds(nowMs + 3000), []);
	assert.deepEqual(kinds(nowMs + 3_599_999), []);
	for (let n = 0; n < 9; n++) charge(meter, 1, nowMs + 3_600_000);
	assert.deepEqual(kinds(nowMs + 3_601_000), [], 'an hour since it was reached is not over');
	assert.deepEqual(kinds(nowMs + 3_602_000), ['near 90']);
});

test('a message that does not fit reaches the limit, once, and the warning says when there is room again, if there is none', () => {
	const meter = createMeter();
	const warnings = createWarnings();
	charge(meter, 8);
	const { binding } = measured([ruleOf('account:acme', 'hour.recipients', 10)], meter, 3);
	assert.ok(binding !== undefined);
	const warning = warnings.blocked(binding, { meter, nowMs });
	assert.deepEqual([warning?.kind, warning?.used, warning?.percent, warning?.resetsMs], ['reached', 8, 80, undefined]);
	charge(meter, 2);
	const full = createWarnings().blocked(binding, { meter, nowMs });
	assert.ok((full?.resetsMs ?? 0) > nowMs);
	assert.equal(warnings.blocked(binding, { meter, nowMs: nowMs + 1000 }), undefined);
	assert.ok(warnings.blocked(binding, { meter, nowMs: nowMs + 3_600_000 }) !== undefined);
});
