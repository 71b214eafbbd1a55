import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from '@sluice/shared/words/account.ts';
import {
	type Credential,
	credentialFrom,
	credentialIdOf,
	maySendAs,
	passwordOf,
	type SenderRights,
} from './credential.ts';

const account: Account = {
	key: 'shop',
	id: 'shop',
	panel: 'none',
	name: 'Shop',
	unixUsers: [],
	domains: ['shop.test'],
	mailboxes: [],
	state: 'active',
	sinceMs: 0,
	maySendAs: ['friend.test', 'Boss@partner.test'],
};
const owners: { readonly [domain: string]: string } = {
	'shop.test': 'shop',
	'other.test': 'other',
	'friend.test': 'other',
	'partner.test': 'other',
	'xn--bcher-kva.test': 'shop',
};
const rights: SenderRights = {
	account,
	ownerOf: (domain) => owners[domain],
	toAscii: (domain) => domain.toLowerCase().replace('bücher', 'xn--bcher-kva'),
};
const credential = (senderDomains: readonly string[]): Credential => ({
	id: 'c1',
	account: 'shop',
	name: 'x',
	senderDomains,
	createdMs: 0,
	author: 'admin root',
	hash: '',
});

test('as whom a credential may send', () => {
	const cases: readonly (readonly [senderDomains: readonly string[], address: string, may: boolean])[] = [
		[[], 'a@shop.test', true],
		[[], 'a@SHOP.test', true],
		[[], 'a@sub.shop.test', false],
		[[], 'a@bücher.test', true],
		[[], 'a@other.test', false],
		[[], 'a@nobody.example', false],
		[[], 'a@friend.test', true],
		[[], 'boss@partner.test', true],
		[[], 'clerk@partner.test', false],
		[[], 'shop.test', false],
		[[], '', false],
		[['nobody.example'], 'a@nobody.example', true],
		[['nobody.example'], 'a@shop.test', false],
		[['nobody.example'], 'a@friend.test', false],
		[['friend.test'], 'a@friend.test', true],
		// Another's by now, whatever was allowed once.
		[['other.test'], 'a@other.test', false],
	];
	for (const [senderDomains, address, may] of cases)
		assert.equal(maySendAs(credential(senderDomains), address, rights), may, `${senderDomains} as ${address}`);
	const unknown = { ...rights, account: undefined };
	assert.equal(maySendAs(credential(['nobody.example']), 'a@nobody.example', unknown), true);
	assert.equal(maySendAs(credential([]), 'a@nobody.example', unknown), false);
});

test('ids and passwords take five bits of each byte', () => {
	assert.equal(credentialIdOf(Uint8Array.of(0, 31, 32, 255, 9, 10, 20)), 'c0z0z9am');
	assert.equal(passwordOf(new Uint8Array(28).fill(5)), '5'.repeat(28));
});

test('what is stored and is no credential is none', () => {
	assert.ok(credentialFrom(credential([])) !== undefined);
	for (const broken of [
		null,
		'x',
		{},
		{ ...credential([]), hash: 1 },
		{ ...credential([]), senderDomains: 'shop.test' },
	])
		assert.equal(credentialFrom(broken), undefined);
});
