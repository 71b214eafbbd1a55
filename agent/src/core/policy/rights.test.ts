import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Role } from '@sluice/shared/contract/actor.ts';
import { recipientStates } from '@sluice/shared/words/recipient.ts';
import type { Standing } from '@sluice/shared/words/standing.ts';
import { type Decided, type Decision, mayAsk, mayOf, type Rights, roleOfAuthor, whyNot } from './rights.ts';

const rightsWith = (owners: Partial<Rights['owners']> = {}, resellers: Partial<Rights['resellers']> = {}): Rights => ({
	owners: { release: false, discard: false, ...owners },
	resellers: { hold: true, release: true, discard: true, ...resellers },
});
const defaults = rightsWith();
const generous = rightsWith({ release: true, discard: true });

const byAdmin: Standing = { rule: 'hold.act', text: 'x', by: 'admin root as carol' };
const byReseller: Standing = { rule: 'hold.account', text: 'x', by: 'reseller bob as root', hold: 'h1' };
const leftByAdmin: Standing = { rule: 'hold.account', text: 'x', by: 'admin root', ownerMayRelease: true };
const leftByReseller: Standing = { ...byReseller, ownerMayRelease: true };
const suspended: Standing = { rule: 'account.suspended', text: 'x' };
const ownership: Standing = { rule: 'ownership.from', text: 'x' };
const overLimit: Standing = { rule: 'limit.hour.recipients', text: 'x' };
const tooLarge: Standing = { rule: 'limit.message.recipients', text: 'x' };

const held = (standing: Standing | undefined, meets: readonly Standing[] = []): Decided => ({
	state: 'held',
	standing,
	meets,
});
const waiting: Decided = { state: 'waiting', standing: overLimit, meets: [] };
const discarded = (endedBy: string, standing?: Standing, meets: readonly Standing[] = []): Decided => ({
	state: 'discarded',
	standing,
	endedBy,
	meets,
});
const may = (decision: Decision, role: Role, recipient: Decided, rights: Rights = defaults): boolean =>
	mayAsk(decision, role, rights) && whyNot(decision, { role }, recipient, rights) === undefined;

test('an administrator decides about everything', () => {
	for (const decision of ['hold', 'release', 'discard', 'requeue', 'restore'] as const)
		for (const state of recipientStates)
			for (const standing of [undefined, byAdmin, byReseller, suspended, ownership, overLimit])
				assert.ok(may(decision, 'admin', { state, standing, meets: [suspended], endedBy: 'admin root' }));
});

test('a reseller releases what no administrator keeps, and nothing that waits', () => {
	assert.ok(may('release', 'reseller', held(byReseller)));
	assert.ok(may('release', 'reseller', held({ ...byReseller, by: 'reseller another' })), 'of the reseller before');
	for (const standing of [byAdmin, leftByAdmin, suspended, ownership, tooLarge, overLimit, undefined])
		assert.equal(whyNot('release', { role: 'reseller' }, held(standing), defaults), 'held-by-admin', standing?.rule);
	assert.equal(whyNot('release', { role: 'reseller' }, waiting, defaults), 'over-limit');
	// What its own act holds, while an administrator's hold meets it too.
	for (const meets of [byAdmin, suspended])
		assert.equal(whyNot('release', { role: 'reseller' }, held(byReseller, [meets]), defaults), 'held-by-admin');
	assert.ok(!may('release', 'reseller', held(byReseller), rightsWith({}, { release: false })));
});

test('an owner releases what is left to it, where the setting allows that', () => {
	for (const role of ['account', 'customer'] as const) {
		assert.ok(may('release', role, held(leftByAdmin), generous));
		assert.ok(may('release', role, held(leftByReseller), generous));
		assert.ok(!may('release', role, held(leftByAdmin), defaults), 'the setting is off');
		assert.ok(!mayAsk('release', role, defaults));
		for (const standing of [byAdmin, byReseller, suspended, ownership, tooLarge, undefined])
			assert.equal(whyNot('release', { role }, held(standing), generous), 'not-owners');
		assert.equal(whyNot('release', { role }, held(leftByAdmin, [byAdmin]), generous), 'not-owners');
		assert.equal(whyNot('release', { role }, waiting, generous), 'over-limit');
	}
});

test('an owner discards what is held or waits, where the setting allows that; a reseller what is open', () => {
	for (const role of ['account', 'customer'] as const) {
		for (const recipient of [held(byAdmin), held(suspended), waiting])
			assert.deepEqual([may('discard', role, recipient), may('discard', role, recipient, generous)], [false, true]);
		assert.equal(
			whyNot('discard', { role }, { state: 'queued', meets: [] }, generous),
			'on-its-way',
			'what leaves already is not taken back',
		);
	}
	for (const state of ['queued', 'waiting', 'held', 'sending'] as const)
		assert.ok(may('discard', 'reseller', { state, standing: byAdmin, meets: [] }));
	assert.ok(!may('discard', 'reseller', waiting, rightsWith({}, { discard: false })));
});

test('owners neither hold nor requeue; resellers hold where the setting allows that', () => {
	for (const role of ['account', 'customer'] as const)
		for (const decision of ['hold', 'requeue'] as const)
			assert.ok(!may(decision, role, { state: 'queued', meets: [] }, generous));
	for (const decision of ['hold', 'requeue'] as const)
		assert.ok(may(decision, 'reseller', { state: 'queued', meets: [] }));
	assert.ok(!may('hold', 'reseller', { state: 'queued', meets: [] }, rightsWith({}, { hold: false })));
});

test('to discard and restore is no way around a hold', () => {
	const own = 'reseller bob';
	assert.ok(may('restore', 'reseller', discarded(own)));
	assert.ok(may('restore', 'reseller', discarded(own, byReseller)));
	assert.ok(may('restore', 'reseller', discarded(own, overLimit)), 'it meets its limit anew');
	for (const standing of [byAdmin, suspended, ownership, tooLarge])
		assert.equal(whyNot('restore', { role: 'reseller' }, discarded(own, standing), defaults), 'held-by-admin');
	for (const meets of [byAdmin, suspended])
		assert.equal(
			whyNot('restore', { role: 'reseller' }, discarded(own, undefined, [meets]), defaults),
			'held-by-admin',
		);
	for (const another of ['admin root', 'agent', undefined])
		assert.equal(
			whyNot('restore', { role: 'reseller' }, { ...discarded(''), endedBy: another }, defaults),
			'ended-by-another',
		);
	assert.ok(may('restore', 'reseller', { state: 'expired', meets: [] }));
	assert.ok(!may('restore', 'reseller', { state: 'expired', standing: byAdmin, meets: [] }));
});

test('an owner takes back its own discard alone', () => {
	for (const role of ['account', 'customer'] as const) {
		assert.ok(may('restore', role, discarded('account acme', overLimit), generous));
		assert.ok(may('restore', role, discarded('customer carol', leftByAdmin), generous));
		assert.ok(!may('restore', role, discarded('account acme', overLimit), defaults), 'the setting is off');
		assert.ok(!may('restore', role, discarded('account acme', leftByAdmin), rightsWith({ discard: true })));
		assert.ok(!may('restore', role, discarded('account acme', byAdmin), generous));
		assert.equal(whyNot('restore', { role }, discarded('reseller bob'), generous), 'ended-by-another');
		assert.equal(whyNot('restore', { role }, { state: 'expired', meets: [] }, generous), 'not-owners');
	}
});

test('what a role may at all follows the settings', () => {
	assert.deepEqual(
		(['admin', 'reseller', 'customer', 'account'] as const).map((role) => {
			const { hold, release, discard, requeue, limits, shared } = mayOf(role, defaults);
			return [role, hold, release, discard, requeue, limits, shared];
		}),
		[
			['admin', true, 'all', 'all', true, true, true],
			['reseller', true, 'all', 'all', true, true, false],
			['customer', false, 'none', 'none', false, false, false],
			['account', false, 'none', 'none', false, false, false],
		],
	);
	assert.deepEqual([mayOf('account', generous).release, mayOf('customer', generous).discard], ['owner', 'owner']);
});

test('the role of an author is its first word', () => {
	assert.deepEqual(
		['admin root', 'reseller admin', 'account reseller as admin', 'agent', undefined].map(roleOfAuthor),
		['admin', 'reseller', 'account', undefined, undefined],
	);
});

test('a discard is undone by whoever did it, whatever held the mail: it is held again', () => {
	const ended = { ...byAdmin, endedBy: 'account one' };
	const one = { state: 'discarded', standing: ended, endedBy: 'account one', meets: [] } as const;
	assert.equal(whyNot('restore', { role: 'account' }, one, generous), 'not-owners');
	assert.equal(whyNot('restore', { role: 'account' }, { ...one, isAsBefore: true }, generous), undefined);
	const another = { ...one, endedBy: 'admin root', isAsBefore: true };
	assert.equal(whyNot('restore', { role: 'account' }, another, generous), 'ended-by-another');
});
