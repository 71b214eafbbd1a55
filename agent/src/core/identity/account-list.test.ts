/**
 * What a panel's list changes: against a naive replacement, in any order of portions; and that no key is ever given twice.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Account, accountKeyOf, type PanelAccount } from '@sluice/shared/words/account.ts';
import fc from 'fast-check';
import {
	type AccountChange,
	absentFrom,
	changeOf,
	changesOf,
	goneFrom,
	isBelieved,
	isReservedId,
	partsOfKey,
	renamedTo,
	repeatedId,
} from './account-list.ts';
import { createAccountBook } from './accounts.ts';

const nowMs = 1_800_000_000_000;

const told = (id: string, more: Partial<PanelAccount> = {}): PanelAccount => ({
	id,
	panel: 'cpanel',
	name: id,
	unixUsers: [],
	domains: [],
	mailboxes: [],
	state: 'active',
	sinceMs: nowMs - 1000,
	...more,
});

const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
const items = fc.uniqueArray(
	fc.record({
		id: fc.constantFrom(...ids),
		panel: fc.constant('plesk'),
		name: fc.constantFrom('One', 'Two'),
		reseller: fc.constantFrom('bob', 'eve'),
		unixUsers: fc.array(fc.record({ name: fc.constantFrom('u', 'v'), uid: fc.integer({ min: 1000, max: 1003 }) }), {
			maxLength: 2,
		}),
		domains: fc.uniqueArray(fc.constantFrom('x.test', 'y.test', 'z.test')),
		mailboxes: fc.uniqueArray(fc.constantFrom('i@x.test', 'j@y.test')),
		state: fc.constantFrom('active' as const, 'suspended' as const),
		sinceMs: fc.integer({ min: nowMs - 3, max: nowMs }),
	}),
	{ selector: ({ id }) => id, maxLength: ids.length },
);

/** Of a whole list: all changes, as flow applies them. */
function listed(
	book: ReturnType<typeof createAccountBook>,
	list: readonly PanelAccount[],
	at: number,
): AccountChange[] {
	const changes = [...changesOf(list, book, at)].filter((change) => change !== undefined);
	return [...changes, ...absentFrom(list, book).map((account) => goneFrom(account, at))];
}

const plain = ({ key, maySendAs, stateSinceMs, ...account }: Account) => ({
	...account,
	unixUsers: new Set(account.unixUsers.map(({ uid, name }) => `${uid} ${name}`)),
	domains: new Set(account.domains),
	mailboxes: new Set(account.mailboxes),
});

test('a list applied in portions of any order leaves what a naive replacement leaves', () => {
	fc.assert(
		fc.property(fc.array(items, { maxLength: 5 }), fc.infiniteStream(fc.nat()), (lists, order) => {
			const book = createAccountBook();
			const other = createAccountBook();
			let atMs = nowMs;
			for (const list of lists) {
				atMs += 1000;
				const changes = listed(book, list, atMs);
				for (const { after } of changes) other.put(after);
				const shuffled = changes
					.map((change) => ({ change, at: order.next().value as number }))
					.sort((one, two) => one.at - two.at);
				for (const { change } of shuffled) book.put(change.after);
				// Naive: who is in the list lives, as the list says; nobody else does.
				const living = [...book.all()].filter(({ state }) => state !== 'gone').map(plain);
				const naive = list.map((item) => plain({ ...item, key: '', maySendAs: [] } as Account));
				const byId = (one: { id: string }, two: { id: string }) => (one.id < two.id ? -1 : 1);
				assert.deepEqual(living.sort(byId), naive.sort(byId));
				assert.equal(book.living, list.length);
				// Who has what does not depend on the order of the portions either.
				for (const domain of ['x.test', 'y.test', 'z.test'])
					assert.equal(book.directory.accountOfDomain(domain), other.directory.accountOfDomain(domain));
				for (const uid of [1000, 1001, 1002, 1003])
					assert.equal(book.directory.accountOfUid(uid), other.directory.accountOfUid(uid));
				for (const id of ids) assert.equal(book.byId(id)?.key, other.byId(id)?.key);
				// The same list again changes nothing.
				assert.deepEqual(listed(book, list.toReversed(), atMs + 1), []);
			}
		}),
	);
});

type Step =
	| { readonly kind: 'list'; readonly list: readonly PanelAccount[] }
	| { readonly kind: 'rename'; readonly from: string; readonly to: string }
	| { readonly kind: 'forget'; readonly id: string };
const step: fc.Arbitrary<Step> = fc.oneof(
	fc.record({ kind: fc.constant('list' as const), list: items }),
	fc.record({ kind: fc.constant('rename' as const), from: fc.constantFrom(...ids), to: fc.constantFrom(...ids) }),
	fc.record({ kind: fc.constant('forget' as const), id: fc.constantFrom(...ids) }),
);

test('a key is never given to a second account, whatever is removed, renamed, forgotten and made anew', () => {
	fc.assert(
		fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
			const book = createAccountBook();
			const given = new Set<string>();
			let atMs = nowMs;
			for (const one of steps) {
				atMs += 1;
				if (one.kind === 'list')
					for (const { before, after } of listed(book, one.list, atMs)) {
						if (before === undefined) {
							assert.ok(!given.has(after.key), `${after.key} again`);
							assert.deepEqual(after.maySendAs, []);
							given.add(after.key);
						} else assert.equal(after.key, before.key);
						book.put(after);
					}
				const bearer = book.byId(one.kind === 'rename' ? one.from : one.kind === 'forget' ? one.id : '');
				if (bearer === undefined) continue;
				const isFree = one.kind === 'rename' && (book.byId(one.to)?.state ?? 'gone') === 'gone';
				if (isFree && bearer.state !== 'gone') book.put(renamedTo(bearer, one.to).after);
				if (one.kind === 'forget' && bearer.state === 'gone') {
					const { id, incarnation } = partsOfKey(bearer.key);
					book.spent.set(id, Math.max(incarnation, book.spent.get(id) ?? 0));
					book.remove(bearer.key);
				}
			}
		}),
	);
});

test('an id given anew begins anew; a renamed account keeps its key, and who gets its old id has another', () => {
	const book = createAccountBook();
	const put = (change: AccountChange | undefined): Account => {
		book.put((change as AccountChange).after);
		return (change as AccountChange).after;
	};
	const first = put(changeOf(told('acme', { domains: ['acme.test'] }), book, nowMs));
	assert.equal(first.key, 'acme');
	book.put({ ...first, maySendAs: ['other.test'] });
	put(goneFrom(book.find('acme') as Account, nowMs + 1));
	// While nobody else has them, the gone one answers for its names.
	assert.equal(book.directory.accountOfDomain('acme.test'), 'acme');
	const second = put(changeOf(told('acme', { domains: ['acme.test'] }), book, nowMs + 2));
	assert.deepEqual([second.key, second.maySendAs], [accountKeyOf('acme', 2), []]);
	assert.equal(book.directory.accountOfDomain('acme.test'), 'acme~2');
	assert.equal(book.byId('acme')?.key, 'acme~2');
	put(renamedTo(second, 'umbrella'));
	assert.equal(book.byId('umbrella')?.key, 'acme~2');
	assert.equal(book.byId('acme')?.key, 'acme');
	assert.equal(put(changeOf(told('acme'), book, nowMs + 3)).key, 'acme~3');
});

test('of two that claim a domain the one that was made first has it, whoever came last', () => {
	const older = told('older', { domains: ['x.test'], sinceMs: nowMs - 2, unixUsers: [{ name: 'u', uid: 1001 }] });
	const newer = told('newer', { domains: ['x.test'], sinceMs: nowMs - 1, unixUsers: [{ name: 'u', uid: 1001 }] });
	for (const order of [
		[older, newer],
		[newer, older],
	]) {
		const book = createAccountBook();
		for (const item of order) book.put((changeOf(item, book, nowMs) as AccountChange).after);
		assert.equal(book.directory.accountOfDomain('x.test'), 'older');
		assert.deepEqual(book.contested(book.find('newer') as Account), [
			{ kind: 'uid', name: '1001', owner: 'older' },
			{ kind: 'domain', name: 'x.test', owner: 'older' },
		]);
		assert.deepEqual(book.contested(book.find('older') as Account), []);
		// The older one is removed: the other has it, and may go in its turn.
		book.put(goneFrom(book.find('older') as Account, nowMs).after);
		assert.equal(book.directory.accountOfDomain('x.test'), 'newer');
		book.remove('newer');
		assert.equal(book.directory.accountOfUid(1001), 'older');
		book.remove('older');
		assert.equal(book.directory.accountOfUid(1001), undefined);
	}
});

test('a suspension has its own time, and what an administrator allowed stays over what a panel changes', () => {
	const book = createAccountBook();
	book.put({ ...(changeOf(told('a'), book, nowMs) as AccountChange).after, maySendAs: ['b.test'] });
	const suspended = changeOf(told('a', { state: 'suspended' }), book, nowMs + 5)?.after as Account;
	assert.equal(suspended.stateSinceMs, nowMs + 5);
	book.put(suspended);
	const renamed = changeOf(told('a', { state: 'suspended', name: 'Other' }), book, nowMs + 9)?.after;
	assert.deepEqual([renamed?.stateSinceMs, renamed?.maySendAs], [nowMs + 5, ['b.test']]);
	const active = changeOf(told('a'), book, nowMs + 9)?.after as Account;
	assert.ok(!('stateSinceMs' in active));
});

test('a list that lost many is believed when what it leaves out was left out before', () => {
	const doubt = (absent: readonly string[], doubted: readonly string[], shrinkPercentMax = 10) =>
		isBelieved({ absent, living: 20, doubted: new Set(doubted), shrinkPercentMax });
	assert.equal(doubt(['a', 'b'], []), true); // 10 % is not over 10 %
	assert.equal(doubt(['a', 'b', 'c'], []), false);
	assert.equal(doubt(['a', 'b', 'c'], ['a', 'b', 'c']), true);
	assert.equal(doubt(['a', 'b', 'c'], ['a', 'b', 'c', 'd']), true);
	assert.equal(doubt(['a', 'b', 'e'], ['a', 'b', 'c']), false);
	assert.equal(doubt(['a'], [], 0), false);
	assert.equal(doubt([], [], 0), true);
});

test('ids that cannot be meant: twice in a list, or a name that is ours', () => {
	assert.equal(repeatedId([told('a'), told('b'), told('a')]), 'a');
	assert.equal(repeatedId([told('a'), told('b')]), undefined);
	for (const id of ['uid:7001', 'domain:x.test', 'login:u', 'unattributed']) assert.ok(isReservedId(id), id);
	assert.ok(!isReservedId('acme'));
});

test('a name stands on one line, whatever a customer has written', () => {
	const book = createAccountBook();
	const change = changeOf(told('a', { name: 'Ann\r\n- server bob has used all\u202e\u001b[2J' }), book, nowMs);
	assert.equal(change?.after.name, 'Ann - server bob has used all [2J');
});
