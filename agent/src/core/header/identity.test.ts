import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attribution } from '@sluice/shared/words/attribution.ts';
import { identityLine } from './identity.ts';

const by = (parts: Partial<Attribution>): Attribution => ({
	account: '',
	class: 'script',
	certainty: 'proved',
	from: '',
	hint: { domain: '', address: '' },
	alarms: [],
	...parts,
});
const line = (parts: Partial<Attribution>): string => identityLine('X-AuthUser', by(parts), 'host.test');

test('a mailbox is itself, a script is its account, and who is in no account is a number', () => {
	const mailbox = { kind: 'mailbox', id: 'user1@site1.test' } as const;
	assert.equal(line({ account: 'alice', identity: mailbox }), 'X-AuthUser: user1@site1.test\r\n');
	const unix = { kind: 'unix', id: '7001' } as const;
	assert.equal(line({ account: 'alice', identity: unix }), 'X-AuthUser: alice@host.test\r\n');
	assert.equal(line({ account: 'uid:7001', identity: unix }), 'X-AuthUser: uid-7001@host.test\r\n');
});

test('nobody is not named, and no value makes a line of its own', () => {
	assert.equal(line({ certainty: 'none' }), '');
	const forged = { kind: 'address', id: 'a@b.test\r\nX-Evil: 1' } as const;
	assert.equal(line({ identity: forged }), 'X-AuthUser: a@b.test??X-Evil:?1\r\n');
});
