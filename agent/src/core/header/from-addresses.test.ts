import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromAddresses, shownAddresses } from './from-addresses.ts';
import { scanHeader } from './scan.ts';

test('a From that reads in one way only', () => {
	const cases: { readonly [value: string]: readonly string[] } = {
		'a@one.test': ['a@one.test'],
		'<a@one.test>': ['a@one.test'],
		'Ann Other <a@one.test>': ['a@one.test'],
		'"boss@bank.test" <a@one.test>': ['a@one.test'],
		'"Other, Ann" <a@one.test>, b@two.test': ['a@one.test', 'b@two.test'],
		'Ann (of <bank.test>, (really)) <a@one.test>': ['a@one.test'],
		'"odd \\" <x@y>" <a@one.test>': ['a@one.test'],
		'Ann\r\n <a@one.test>': ['a@one.test'],
		'"quoted local"@one.test': ['"quoted local"@one.test'],
		'=?utf-8?q?Bj=C3=B6rn?= <a@one.test>': ['a@one.test'],
	};
	for (const [value, addresses] of Object.entries(cases)) assert.deepEqual(fromAddresses(value), addresses, value);
});

test('a From that two readers could read differently is none', () => {
	for (const value of [
		'',
		'Ann',
		'a@one.test b@two.test',
		'boss@bank.test <a@one.test>',
		'a@one.test <b@two.test> ',
		'<a@one.test> <b@two.test>',
		'<a@one.test> b@two.test',
		'<<a@one.test>>',
		'Ann <a@one.test',
		'Ann a@one.test>',
		'"Ann <a@one.test>',
		'(Ann <a@one.test>',
		'team: a@one.test;',
		'<@route.test:a@one.test>',
		'a@one.test,',
		'a@one@two.test',
		'a@[192.0.2.1]',
		'a@one.test\u0000',
		'a@one.test\r\nb@two.test',
		`${'a@one.test, '.repeat(30)}a@one.test`,
	])
		assert.equal(fromAddresses(value), undefined, JSON.stringify(value));
});

test('a long hostile value takes no time', () => {
	const begun = performance.now();
	for (const value of [
		'"'.repeat(9_999),
		'('.repeat(9_999),
		'"\\'.repeat(4_999),
		'<'.repeat(9_999),
		`${'"a"'.repeat(3_000)}<a@b.c>`,
	])
		fromAddresses(value);
	assert.ok(performance.now() - begun < 500);
});

test('whom a reader could take a message to be from: every From, old syntax too, and what cannot be read', () => {
	const shown = (text: string) => shownAddresses(text, scanHeader(text));
	const cases: { readonly [header: string]: readonly string[] } = {
		'From: <boss@bank.test>, Ann <a@one.test>\r\n\r\n': ['boss@bank.test', 'a@one.test'],
		'From: a@one.test\r\nfrom \t: boss@bank.test\r\n\r\n': ['a@one.test', 'boss@bank.test'],
		'From: <boss@bank.test> (x <a@one.test>\r\n\r\n': ['boss@bank.test', 'a@one.test'],
		'From: "boss@bank.test" <a@one.test>\r\n\r\n': ['a@one.test'],
		'Subject: x\r\n\r\nFrom: a@one.test\r\n': [],
	};
	for (const [header, addresses] of Object.entries(cases)) assert.deepEqual(shown(header), addresses, header);
});

test('a header made of nothing but From fields costs no time', () => {
	const field = `From: ${'a'.repeat(9_000)}\r\n`;
	const text = `${field.repeat(100)}\r\n`;
	const fields = scanHeader(text);
	const began = performance.now();
	assert.deepEqual(shownAddresses(text, fields), []);
	assert.ok(performance.now() - began < 500, `${performance.now() - began} ms`);
});
