import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scopesUnder } from './moved.ts';

test('the reseller that pays is the one whose the account is now; all else stays in its order', () => {
	const scopes = ['server:server', 'reseller:bob', 'account:acme', 'domain:acme.test', 'mailbox:m@acme.test'];
	const under = (reseller?: string): readonly string[] => scopesUnder(scopes, reseller);
	assert.equal(under('bob'), scopes);
	assert.deepEqual(under('eve'), scopes.with(1, 'reseller:eve'));
	assert.deepEqual(under(), scopes.toSpliced(1, 1));
	assert.deepEqual(scopesUnder(under(), 'eve'), scopes.with(1, 'reseller:eve'));
	for (const nobody of [[], ['server:server']]) assert.equal(scopesUnder(nobody, 'eve'), nobody);
});
