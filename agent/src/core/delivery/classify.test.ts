import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actors, causes, responseActions } from '@sluice/shared/words/response.ts';
import { classify, responseRules } from './classify.ts';
import { parseReply } from './reply-text.ts';

const read = (text: string) => {
	const reply = parseReply(text);
	assert.ok(reply !== undefined, `not a reply: ${text}`);
	return reply;
};

test('every sample of every rule ends at its own rule', () => {
	const astray: string[] = [];
	for (const rule of responseRules)
		for (const sample of rule.samples) {
			const found = classify(read(sample), rule.sampleStage ?? rule.stages?.[0] ?? 'rcpt');
			if (found.rule !== rule.rule) astray.push(`${rule.rule} ← ${found.rule}: ${sample}`);
		}
	assert.deepEqual(astray, []);
});

test('every rule has a sample, a name of its own, and closed words', () => {
	const names = responseRules.map((rule) => rule.rule);
	assert.equal(new Set(names).size, names.length);
	for (const rule of responseRules) {
		assert.ok(rule.samples.length > 0, rule.rule);
		assert.ok(causes.includes(rule.cause) && actors.includes(rule.actor) && responseActions.includes(rule.action));
		assert.ok(rule.status !== undefined || rule.text !== undefined || rule.codes !== undefined, rule.rule);
		assert.ok(rule.text?.global !== true && rule.status?.global !== true, rule.rule);
	}
});

test('no rule is out of reach: each is the first to fit one of its samples', () => {
	const reached = new Set(
		responseRules.flatMap((rule) =>
			rule.samples.map((sample) => classify(read(sample), rule.sampleStage ?? rule.stages?.[0] ?? 'rcpt').rule),
		),
	);
	assert.deepEqual(
		responseRules.filter((rule) => !reached.has(rule.rule)).map((rule) => rule.rule),
		[],
	);
});

test('a 4yz answer never suppresses, bounces or holds, and a final one is never tried again', () => {
	for (const rule of responseRules)
		for (const sample of rule.samples) {
			const reply = read(sample);
			const stage = rule.sampleStage ?? rule.stages?.[0] ?? 'rcpt';
			const found = classify(reply, stage);
			const now = classify(
				{ ...reply, code: 450, ...(reply.status === undefined ? {} : { status: `4${reply.status.slice(1)}` }) },
				stage,
			);
			assert.ok(!now.permanent && ['retry', 'slower', 'other-source'].includes(now.action), `${sample} ${now.rule}`);
			assert.ok(
				found.permanent ? found.action !== 'retry' : !['bounce', 'suppress', 'hold'].includes(found.action),
				sample,
			);
		}
});

test('before MAIL nothing is for good: another host or another source may be served (RFC 5321 §5.1)', () => {
	for (const stage of ['connect', 'greeting', 'ehlo'] as const)
		for (const text of ['554 no', '550 5.7.1 Client host blocked', '521 5.3.2 does not accept mail', '421 busy'])
			assert.equal(classify(read(text), stage).permanent, false, `${stage} ${text}`);
	assert.equal(classify(read('554 no'), 'greeting').action, 'other-source');
});

test('the first digit decides where no rule does', () => {
	assert.deepEqual(classify(read('599 odd'), 'end'), {
		cause: 'unknown',
		actor: 'nobody',
		action: 'bounce',
		rule: 'digit.5',
		permanent: true,
	});
	assert.deepEqual(classify(read('499 odd'), 'end'), {
		cause: 'unknown',
		actor: 'nobody',
		action: 'retry',
		rule: 'digit.4',
		permanent: false,
	});
});

test('a hostile text costs no time: patterns are linear or bounded', () => {
	const seeds = [
		'a@',
		'@',
		'a',
		' ',
		'user ',
		'mailbox ',
		'1.',
		'blocked using ',
		'too many ',
		'your ip ',
		'5.7.1 ',
		'no smtp service ',
		'sender address ',
		'exceeded the ',
		'daily limit ',
	];
	// A transaction has a hundred answers, and they are all read in one turn of the loop.
	for (const seed of seeds) {
		const lines = [seed.repeat(100_000).slice(0, 100_000)];
		const times = Array.from({ length: 5 }, () => {
			const began = performance.now();
			classify({ code: 550, lines }, 'rcpt');
			return performance.now() - began;
		});
		assert.ok(Math.min(...times) < 2, `${JSON.stringify(seed)}: ${times.join()} ms`);
	}
});
