/** Looks that hang or break keep nobody waiting; repairs come once, in order, and one that fails stops no other. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryMachine } from '../facts/memory-machine.fixture.ts';
import { type RepairId, watch, wrong } from './finding.ts';
import { codes, groundWith } from './ground.fixture.ts';
import { type Look, lookAll } from './ground.ts';
import { repair, repairsFor } from './repair.ts';

test('a look that hangs, one that breaks, one that is not for this server: the others are told', async () => {
	const looks: readonly Look[] = [
		{ name: 'slow', where: 'everywhere', look: () => new Promise(() => {}) },
		{ name: 'broken', where: 'everywhere', look: () => Promise.reject(new Error('EIO')) },
		{ name: 'there', where: 'installed', look: async () => [watch('there', '', '')] },
		{ name: 'live', where: 'live', look: async () => [watch('live', '', '')] },
	];
	const all = (isInstalled: boolean) => lookAll(looks, groundWith({ ground: { isInstalled } }), 20);
	assert.deepEqual(codes(await all(true)), ['doctor.slow', 'doctor.broken', 'there', 'live']);
	assert.deepEqual(codes(await all(false)), ['doctor.slow', 'doctor.broken']);
	assert.ok(
		(await all(true)).every(({ level }) => level === 'watch'),
		'no fault of the server’s',
	);
});

test('each repair once, what others stand on first; a failure is told and the rest is done', async () => {
	const one = (id: RepairId, command: string) =>
		wrong(id, '', '', { id, what: command, apply: [{ kind: 'run', command: [command] }] });
	const repairs = repairsFor([
		one('mta', 'ensure'),
		one('units', 'start'),
		one('modes', 'chmod'),
		one('units', 'start'),
		wrong('x', '', ''),
	]);
	assert.deepEqual(
		repairs.map(({ what }) => what),
		['chmod', 'start', 'ensure'],
	);
	const machine = memoryMachine([], ([program]) => ({ exitCode: program === 'start' ? 1 : 0, output: 'no luck' }));
	const told: string[] = [];
	const done = await repair(machine, repairs, ({ what }) => told.push(what));
	assert.deepEqual(machine.ran, ['chmod', 'start', 'ensure']);
	assert.deepEqual(told, machine.ran);
	assert.deepEqual(
		done.map(({ why }) => why?.replace(/^.*: /, '')),
		[undefined, 'no luck', undefined],
	);
});
