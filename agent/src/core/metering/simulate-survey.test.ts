import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LimitRule, ScopeKey } from '@sluice/shared/words/limits.ts';
import fc from 'fast-check';
import { createSurvey } from './simulate-survey.ts';
import type { Rule } from './types.ts';

const ruleOf = (scope: ScopeKey, rule: LimitRule, value: number): Rule => ({
	scope,
	rule,
	value,
	mode: 'enforce',
	origin: { level: 'account', id: scope, name: scope },
});

const scopes = ['server:server', 'reseller:r', 'account:a', 'account:b', 'domain:shared', 'mailbox:a', 'mailbox:b'];
const rule = fc.record({
	scope: fc.constantFrom(...scopes),
	rule: fc.constantFrom(
		'minute.recipients',
		'hour.messages',
		'hour.uniqueRecipients',
		'message.recipients',
		'day.recipients',
	),
	value: fc.integer({ min: 3, max: 30 }),
});
const arrival = fc.record({
	chain: fc.nat({ max: 4 }),
	after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 9000 })),
	recipients: fc.integer({ min: 1, max: 4 }),
});

test('who is loud does not depend on how many arrivals are looked at together', () => {
	let loud = 0;
	fc.assert(
		fc.property(
			fc.array(rule, { minLength: 1, maxLength: 5 }),
			fc.array(fc.subarray(scopes, { minLength: 1 }), { minLength: 5, maxLength: 5 }),
			fc.array(arrival, { maxLength: 80 }),
			(rules, chains, arrivals) => {
				const loudBy = [1, 7, 1000].map((portion) => {
					const survey = createSurvey(portion);
					const numbers = chains.map((chain) =>
						survey.enter(
							rules
								.filter(({ scope }) => chain.includes(scope))
								.map(({ scope, rule: name, value }) => ruleOf(scope, name as LimitRule, value)),
						),
					);
					let second = 1_793_700_000;
					for (const { chain, after, recipients } of arrivals) {
						second += after;
						const number = numbers[chain];
						if (number !== undefined) survey.arrive(number, second, recipients);
					}
					return numbers.map((number) => number !== undefined && survey.loudGroupOf(number) !== undefined);
				});
				loud += loudBy[0]?.filter(Boolean).length ?? 0;
				assert.deepEqual(loudBy[1], loudBy[0]);
				assert.deepEqual(loudBy[2], loudBy[0]);
			},
		),
		{ numRuns: 500 },
	);
	assert.ok(loud > 100);
});
