import assert from 'node:assert/strict';
import { test } from 'node:test';
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
