import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hiddenPath, noPage, pathFromQuery } from './embedded.ts';

test('the path of a page comes out of the query, with its own query', () => {
	for (const [raw, wanted] of [
		['', '/'],
		['p=', '/'],
		['p=/', '/'],
		['p=/accounts', '/accounts'],
		['p=/accounts?show=near&sort=name', '/accounts?show=near&sort=name'],
		['p=/accounts&refresh=1', '/accounts?refresh=1'],
		['p=%2Faccounts&q=rose&show=', '/accounts?q=rose&show='],
		['p=%2faccounts%2Fa+b', '/accounts/a%20b'],
		['p=/accounts/a%2Bb/limit?spot=account', '/accounts/a%2Bb/limit?spot=account'],
		['p=%2Faccounts%2Fa%2Bb%2Flimit%3Fspot%3Daccount&cell=x', '/accounts/a%2Bb/limit?spot=account&cell=x'],
		['p=%2Faccounts%2Fa%252Bb', '/accounts/a%2Bb'],
		['p=/accounts/uid:7001', '/accounts/uid%3A7001'],
		['x=1&p=/health', '/health'],
	] as const)
		assert.equal(pathFromQuery(raw), wanted, raw);
});

test('what is no path of ours has no page', () => {
	for (const raw of [
		'p=//evil.example',
		'p=%2F%2Fevil.example',
		'p=http://evil.example/',
		'p=https%3A%2F%2Fevil.example',
		'p=%2F..%2F..%2Fetc%2Fpasswd',
		'p=/accounts/../health',
		'p=/accounts/%2e%2e/health',
		'p=/accounts%2F..%2Fhealth',
		'p=/a%00b',
		'p=/a%0d%0aSet-Cookie:x',
		'p=/\\evil.example',
		'p=/%',
		'p=%2F%',
		'p=accounts',
		'p=%252Faccounts',
		`p=/${'a'.repeat(3000)}`,
	])
		assert.equal(pathFromQuery(raw), noPage, raw);
	assert.equal(pathFromQuery('p=/plans/a%2Fb'), '/plans/a%2Fb', 'a slash inside a segment stays inside');
});

test('only the first p counts, and only as a path', () => {
	assert.equal(pathFromQuery('p=/accounts&p=//evil'), '/accounts');
	assert.equal(pathFromQuery('p=/accounts?p=/x&q=a'), '/accounts?q=a');
	assert.equal(pathFromQuery('pp=/x&q=p=/y'), '/');
});

test('a GET form carries its path where addresses have it in the query', () => {
	assert.equal(hiddenPath('?p=', '?p=/accounts'), '/accounts');
	assert.equal(hiddenPath('', '/accounts'), undefined);
});
