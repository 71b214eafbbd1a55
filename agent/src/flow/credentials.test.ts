/** How many credentials an account has, however they are asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createAccountBook } from '../core/identity/accounts.ts';
import { type CredentialParts, credentialsPerAccountMax, openCredentials } from './credentials.ts';

test('those asked for at once are no more than those asked for one by one, and their hashes are made one at a time', async () => {
	let running = 0;
	let atOnce = 0;
	let digit = 0;
	const parts = {
		clock: { now: () => 0 },
		events: { emit: () => {} },
		state: { documents: () => [], putDocuments: () => {}, audit: () => {} },
		accounts: createAccountBook(),
		domainToAscii: (domain: string) => domain,
		passwords: {
			// Ids that differ: every digit of five bits.
			random: (bytes: number) => {
				digit += 1;
				return Uint8Array.from({ length: bytes }, (_, at) => (digit >> (at * 5)) & 31);
			},
			async hash() {
				running += 1;
				atOnce = Math.max(atOnce, running);
				await new Promise((resolve) => setImmediate(resolve));
				running -= 1;
				return 'hash';
			},
		},
	} as unknown as CredentialParts;
	const credentials = openCredentials(parts);
	const actor = { role: 'admin', id: 'root' } as const;
	const ask = () => credentials.make({ account: 'acme', name: 'app', senderDomains: ['acme.test'] }, actor);
	const made = await Promise.all(Array.from({ length: credentialsPerAccountMax + 20 }, ask));
	assert.equal(made.filter(({ ok }) => ok).length, credentialsPerAccountMax);
	assert.equal([...credentials.all()].length, credentialsPerAccountMax);
	assert.equal(atOnce, 1);
	const [one] = credentials.all();
	credentials.revoke(one?.id ?? '', actor);
	assert.equal((await ask()).ok, true);
});
