/** What the panel says of an account, in the verdict on its mail. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SenderClass } from '@sluice/shared/words/attribution.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import { type JudgeSettings, judge, type Submission } from './judge.ts';

const nowMs = 1_800_000_000_000;
const settings: JudgeSettings = {
	hopsMax: 50,
	ownPassesMax: 4,
	accountRecipientsMax: 100,
	accountBytesMax: 1e6,
	goneGraceMs: 3_600_000,
};

const submission = (account: Submission['account'], senderClass: SenderClass = 'script'): Submission => ({
	attribution: {
		account: 'acme~2',
		class: senderClass,
		certainty: 'proved',
		from: '',
		hint: { domain: '', address: '' },
		alarms: [],
	},
	account,
	hops: 1,
	ownReceived: { count: 0, isDirect: false },
	recipients: 1,
	bytes: 100,
	destinations: ['ok.test'],
});
const nothing = { recipients: 0, bytes: 0 };
const verdictOf = (given: Submission, holds: readonly StandingHold[] = []) => {
	const { verdict, fault } = judge(given, nothing, holds, settings, nowMs);
	return [verdict.action, verdict.reasons[0]?.rule, fault];
};

test('suspended: held for that reason before any other, but for reports', () => {
	const account = { id: 'acme', state: 'suspended', stateSinceMs: nowMs - 5 } as const;
	const hold: StandingHold = {
		id: 'h',
		selector: { kind: 'account', id: 'acme~2' },
		reason: '',
		author: '',
		sinceMs: 0,
		untilMs: nowMs + 1,
	};
	assert.deepEqual(verdictOf(submission(account), [hold]), ['hold', 'account.suspended', undefined]);
	for (const senderClass of ['mailbox', 'forward', 'cron', 'list', 'autoreply'] as const)
		assert.equal(verdictOf(submission(account, senderClass))[0], 'hold', senderClass);
	assert.deepEqual(verdictOf(submission(account, 'dsn')), ['accept', undefined, undefined]);
	const { verdict } = judge(submission(account), nothing, [], settings, nowMs);
	assert.deepEqual(
		[verdict.reasons[0]?.value, verdict.reasons[0]?.evidence],
		['acme', `since ${new Date(nowMs - 5).toISOString()}`],
	);
});

test('gone: accepted while its grace lasts, refused from then on, but for reports', () => {
	const gone = (agoMs: number) => ({ id: 'acme', state: 'gone', stateSinceMs: nowMs - agoMs }) as const;
	assert.equal(verdictOf(submission(gone(3_599_999)))[0], 'accept');
	assert.deepEqual(verdictOf(submission(gone(3_600_000))), ['reject', 'account.gone', 'accountGone']);
	assert.equal(verdictOf(submission(gone(3_600_000), 'dsn'))[0], 'accept');
	// One that no panel knows is not guilty.
	assert.equal(verdictOf(submission(undefined))[0], 'accept');
});

test('what a tenant calls a report is its mail: held, refused as any', () => {
	const suspended = { id: 'acme', state: 'suspended', stateSinceMs: nowMs - 5 } as const;
	const gone = { id: 'acme', state: 'gone', stateSinceMs: nowMs - 3_600_000 } as const;
	for (const identity of [
		{ kind: 'unix', id: '1001' },
		{ kind: 'mailbox', id: 'a@acme.test' },
	] as const) {
		const written = (account: Submission['account']): Submission => {
			const plain = submission(account, 'dsn');
			return { ...plain, attribution: { ...plain.attribution, identity } };
		};
		assert.equal(verdictOf(written(suspended))[0], 'hold', identity.kind);
		assert.equal(verdictOf(written(gone))[0], 'reject', identity.kind);
	}
});
