/** Which page a query of the panel's script names, and that nothing else comes of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathFromQuery } from './embedded.ts';

test('the path of a page stands in the query', () => {
	const cases = [
		['', '/'],
		['p=', '/'],
		['p=/accounts', '/accounts'],
		['p=/accounts?show=near&sort=name', '/accounts?show=near&sort=name'],
		['p=/accounts&said=x', '/accounts?said=x'],
		['p=%2Faccounts%2Fuid%253A7001&search=a%26b', '/accounts/uid%3A7001?search=a%26b'],
		['p=%2Faccounts%2Fa+b', '/accounts/a%20b'],
		['p=/accounts/uid%3A7001', '/accounts/uid%3A7001'],
		['login=1&p=/accounts?p=/health', '/accounts?p=/health'],
		['to=/accounts', '/'],
		['xp=/accounts', '/'],
	] as const;
	for (const [query, path] of cases) assert.equal(pathFromQuery(query), path, query);
});

test('what is no path of ours names no page', () => {
	const hostile = [
		'p=accounts',
		'p=//evil.example/',
		'p=/\\evil.example',
		'p=%2F%2Fevil.example',
		'p=%2F%5Cevil.example',
		'p=https://evil.example/',
		'p=%2F%ff',
		'p=/a\nb',
		'p=/a b',
		`p=/${'a'.repeat(3000)}`,
	];
	for (const query of hostile) assert.equal(pathFromQuery(query), '/-', query);
	assert.equal(pathFromQuery('p=%2F..%2F..%2Fetc%2Fpasswd%00'), '/../../etc/passwd%00');
	assert.equal(pathFromQuery('p=%2Faccounts%3Fa%23b'), '/accounts%3Fa%23b');
});
