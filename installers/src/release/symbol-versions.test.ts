/** What binaries ask of libraries, read from a real one: the Node that runs this. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compareVersions, highestNeeded, isElf, neededSymbolVersions } from './symbol-versions.ts';

test('the needed versions of a real binary, by family, highest as numbers', () => {
	const versions = neededSymbolVersions(readFileSync(process.execPath));
	assert.ok(versions.includes('GLIBC_2.2.5'), versions.join(' '));
	const glibc = highestNeeded(versions, 'GLIBC');
	assert.ok(glibc !== undefined && compareVersions(glibc, '2.14') > 0, glibc);
	assert.equal(highestNeeded(['GLIBC_2.9', 'GLIBC_2.28', 'GLIBCXX_3.4.25', 'GLIBC_PRIVATE'], 'GLIBC'), '2.28');
	assert.equal(highestNeeded(['GLIBC_2.9'], 'GLIBCXX'), undefined);
});

test('versions are compared as numbers', () => {
	assert.ok(compareVersions('2.9', '2.28') < 0);
	assert.ok(compareVersions('2.28', '2.28') === 0);
	assert.ok(compareVersions('3.4.25', '3.4') > 0);
});

test('what is not a binary of this kind of machine is no answer', () => {
	const script = Buffer.from('#!/bin/sh\n'.padEnd(100));
	assert.equal(isElf(script), false);
	assert.throws(() => neededSymbolVersions(script), /not an ELF file/);
	const narrow = Buffer.alloc(100);
	narrow.writeUInt32BE(0x7f454c46);
	narrow[4] = 1;
	assert.throws(() => neededSymbolVersions(narrow), /64-bit/);
});
