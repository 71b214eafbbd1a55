/** What root does in a folder that everybody can write to. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import type { Client } from '@sluice/shared/client/client.ts';
import type { ProbeCheck } from '@sluice/shared/mta/checks.ts';
import { stateFolderDefault } from '../apply/journal.ts';
import { memoryMachine } from '../facts/memory-machine.fixture.ts';
import { type ProofRequest, proveRoute } from './prove-route.ts';

const check: ProbeCheck = {
	kind: 'probe',
	id: 'probe',
	sentence: 'A test message arrives.',
	to: 'x@sluice.invalid',
	runAs: 'nobody',
	directoryName: 'line\nbreak',
	headers: [],
	mustHold: ['uid'],
};

/** An agent that never sees a message. */
const blindAgent = {
	call: async (name: string) => ({
		ok: true,
		value: name === 'listProbes' ? { items: [] } : {},
	}),
} as unknown as Client;

test('each attempt stands in a folder that nobody could have known, and made before us, not even from the attempt before', async () => {
	const made: string[] = [];
	const memory = memoryMachine();
	const machine: typeof memory = {
		...memory,
		async makeFolder(path, owned) {
			made.push(path);
			return memory.makeFolder(path, owned);
		},
	};
	let nowMs = 0;
	const now = (): number => {
		nowMs += 3_000;
		return nowMs;
	};
	const mta = {
		mta: 'postfix',
		commands: { submit: ['sendmail'] },
		hostName: 'host.test',
	} as unknown as ProofRequest['mta'];
	const sent = await proveRoute({ check, mta }, { machine, client: blindAgent, now, waitMs: 20_000 });
	assert.equal(sent.ok, false);
	const parents = made.filter((path) => dirname(path) === '/tmp');
	assert.ok(parents.length >= 2, `${parents.length} attempts`);
	assert.equal(new Set(parents).size, parents.length);
	const token = /probe@(\w+)\.probe\.sluice\.invalid/.exec(memory.ran.join(' '))?.[1] as string;
	assert.ok(parents.every((path) => !path.includes(token)));
	// What is there already is somebody's trap.
	const trap = await proveRoute(
		{ check, mta },
		{ machine: { ...machine, makeFolder: async () => false }, client: blindAgent, now, waitMs: 20_000 },
	);
	assert.match(trap.ok ? '' : trap.error, /was there already/);
});

test('what root remembers is not below a folder that is the agent’s', () => {
	assert.doesNotMatch(stateFolderDefault, /^\/var\/lib\/sluice(\/|$)/);
});
