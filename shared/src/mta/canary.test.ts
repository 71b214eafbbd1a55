/** The list of a canary in both forms, and what stands in its way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CanaryKey, canaryKeysIn, canaryList, canarySenders } from './canary.ts';
import { findingsPostfix, renderPostfix, wirePostfix } from './postfix.ts';

const keys: readonly CanaryKey[] = ['user=alice', 'domain=site1.test', 'domain=site1.test'];

test('both forms of the list give back whose it is, sorted, once, without the key of our own', () => {
	const list = canaryList(keys);
	assert.match(
		list,
		/^# A file of Sluice.*\ndomain=canary\.probe\.sluice\.invalid:\ndomain=site1\.test:\nuser=alice:\n$/,
	);
	assert.deepEqual(canaryKeysIn(list), ['domain=site1.test', 'user=alice']);
	const senders = canarySenders(keys, { origin: 'host.test', nextHop: '[127.0.0.1]:926' });
	assert.match(senders, /^@site1\.test \[127\.0\.0\.1\]:926$/m);
	assert.match(senders, /^alice@host\.test \[127\.0\.0\.1\]:926$/m);
	assert.deepEqual(canaryKeysIn(senders), ['domain=site1.test', 'user=alice']);
	// Nobody writes further lines through a name.
	for (const odd of ['domain=a\nuser=b', 'domain=', 'user=a b', 'domain=$x'])
		assert.throws(() => canaryList([odd as CanaryKey]), RangeError, odd);
});

test('Postfix: a canary leaves relayhost alone, and is stopped by somebody’s own map of senders', () => {
	const parameters = renderPostfix({ agentPort: 926, onlyPath: '/etc/postfix/sluice_only' });
	assert.equal(parameters.relayhost, undefined);
	const wired = wirePostfix('relayhost = [relay.test]\n', parameters);
	assert.ok(wired.ok && wired.value.startsWith('relayhost = [relay.test]\n'));
	assert.match(wired.value, /^sender_dependent_relayhost_maps = texthash:\/etc\/postfix\/sluice_only$/m);
	assert.deepEqual(findingsPostfix(wired.value, parameters), []);
	const [stop] = findingsPostfix('sender_dependent_relayhost_maps = hash:/theirs\n', parameters);
	assert.deepEqual([stop?.severity, stop?.evidence], ['stops', 'sender_dependent_relayhost_maps = hash:/theirs']);
	const [note] = findingsPostfix('sender_dependent_relayhost_maps = hash:/theirs\n', renderPostfix({ agentPort: 926 }));
	assert.equal(note?.severity, 'bypasses');
});
