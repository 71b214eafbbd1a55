import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replyText } from '@sluice/shared/words/reply.ts';
import { lastReplyCharsMax } from '../scheduling/queued.ts';
import { causeOfOwnReply, isOwnReply, ownReplies } from './own-replies.ts';
import { parseReply } from './reply-text.ts';

test('our own replies are known again after the queue kept them as text', () => {
	const sentences = new Set<string>();
	for (const own of Object.values(ownReplies)) {
		const kept = parseReply(replyText(own).slice(0, lastReplyCharsMax));
		assert.ok(kept !== undefined && isOwnReply(kept), replyText(own));
		assert.deepEqual([kept.code, kept.status], [own.code, own.status]);
		sentences.add(own.lines[0] ?? '');
	}
	assert.equal(sentences.size, Object.keys(ownReplies).length);
	assert.equal(causeOfOwnReply(ownReplies.nullMx), 'recipient-gone');
	assert.equal(isOwnReply({ code: 550, status: '5.1.1', lines: ['User unknown'] }), false);
});
