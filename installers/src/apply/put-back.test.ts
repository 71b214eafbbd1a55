/** Files of a firewall that others have changed since: what is ours comes out, whatever stands beside it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csfConf } from '../facts/csf.ts';
import { fileOf, memoryMachine } from '../facts/memory-machine.fixture.ts';
import { withCsfPost } from '../plan/firewall-files.ts';
import { putBack } from './put-back.ts';

const conf = (users: string) => `TESTING = "0"\nSMTP_ALLOWUSER = "${users}"\nTCP_OUT = "25"\n`;
const post = '/etc/csf/csfpost.sh';

test('a word in the same line as ours, a line behind ours in a file that we made', async () => {
	const machine = memoryMachine([
		fileOf(csfConf, conf('cpanel,sluice,added').replace('"25"', '"25,2525"')),
		fileOf(post, `${withCsfPost(undefined)}echo theirs\n`, { mode: 0o700 }),
	]);
	const former = fileOf(csfConf, conf('cpanel'));
	const said = await putBack({ kind: 'put-back', path: csfConf, former, ours: conf('cpanel,sluice') }, machine);
	assert.match(said ?? '', /only our change was taken out/);
	assert.equal(machine.files.get(csfConf)?.content, conf('cpanel,added').replace('"25"', '"25,2525"'));
	await putBack({ kind: 'put-back', path: post, ours: withCsfPost(undefined) }, machine);
	assert.equal(machine.files.get(post)?.content, '#!/bin/sh\necho theirs\n');
	assert.equal(machine.files.get(post)?.mode, 0o700);
});

test('untouched since: the former bytes, or gone', async () => {
	const ours = conf('cpanel,sluice');
	const machine = memoryMachine([fileOf(csfConf, ours), fileOf(post, withCsfPost(undefined))]);
	const former = fileOf(csfConf, conf('cpanel'), { mode: 0o600 });
	assert.equal(await putBack({ kind: 'put-back', path: csfConf, former, ours }, machine), undefined);
	assert.deepEqual(machine.files.get(csfConf), former);
	assert.equal(await putBack({ kind: 'put-back', path: post, ours: withCsfPost(undefined) }, machine), undefined);
	assert.equal(machine.files.has(post), false);
});
