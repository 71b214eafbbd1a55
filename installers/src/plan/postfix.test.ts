/** What main.cf comes to. That a real Postfix obeys is shown in test/mta/wire-postfix.test.ts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import type { PostfixFacts } from '../facts/postfix.ts';
import { barePostfix, wirePostfixServer } from './postfix.ts';

const path = '/etc/postfix/main.cf';
const settings = { agentPort: 926, overSmarthost: false };
const factsOf = (text: string, rest: Partial<PostfixFacts> = {}): PostfixFacts => ({
	kind: 'postfix',
	version: '3.7.11',
	hostName: 'host.test',
	user: { name: 'postfix', uid: 105 },
	mainCf: fileOf(path, text),
	relayhost: '',
	senderRelays: '',
	origin: 'host.test',
	only: { path: '/etc/postfix/sluice_only', current: undefined },
	serviceParameters: [],
	...rest,
});

function wantedOf(text: string): string {
	const wiring = wirePostfixServer(factsOf(text), settings);
	assert.ok(wiring.ok, JSON.stringify(wiring));
	return wiring.value.files[0]?.wanted ?? '';
}

test('wired and out again, byte for byte', () => {
	const text = 'myhostname = host.test\nrelayhost =\n# end without a newline';
	const wanted = wantedOf(text);
	assert.match(wanted, /\nrelayhost = \[127\.0\.0\.1\]:926\n/);
	const bare = barePostfix(fileOf(path, wanted), 926);
	assert.ok(bare.ok);
	assert.equal(bare.value.files[0]?.bare, text);
});

test('what postconf -e puts behind our block is no reason to change the file; what overrules it is', () => {
	const wanted = wantedOf('myhostname = host.test\n');
	assert.equal(wantedOf(`${wanted}message_size_limit = 1\n`), `${wanted}message_size_limit = 1\n`);
	const overruled = `${wanted}relayhost = [127.0.0.1]:1\n`;
	const wiring = wirePostfixServer(factsOf(overruled), { ...settings, overSmarthost: true });
	assert.ok(wiring.ok);
	assert.match(wiring.value.files[0]?.wanted ?? '', /# sluice keeps: relayhost = \[127\.0\.0\.1\]:1\n/);
});

test('each thing that stands in the way is a refusal of its own', () => {
	const cases: readonly (readonly [string, PostfixFacts])[] = [
		['version', factsOf('', { version: '2.11.3' })],
		['smarthost', factsOf('relayhost = relay.test\n')],
		['tls-required', factsOf('smtp_tls_security_level = encrypt\n')],
		['ownership', factsOf('', { mainCf: fileOf(path, '', { mode: 0o646 }) })],
		['damaged', factsOf('# END sluice postfix\n')],
	];
	for (const [code, facts] of cases) {
		const wiring = wirePostfixServer(facts, settings);
		assert.equal(wiring.ok ? 'none' : wiring.error.code, code);
	}
	const over = { ...settings, overSmarthost: true };
	assert.equal(wirePostfixServer(factsOf('relayhost = relay.test\n'), over).ok, true);
	const both = factsOf('relayhost = relay.test\nsmtp_tls_security_level = encrypt\n');
	assert.equal(wirePostfixServer(both, over).ok, false, 'one may be overruled, the other not');
});

test('a service that sets the same for itself is told', () => {
	const wiring = wirePostfixServer(
		factsOf('', { serviceParameters: ['relay/unix/relayhost = [10.0.0.1]', 'smtp/unix/smtp_bind_address = 10.0.0.2'] }),
		settings,
	);
	assert.ok(wiring.ok);
	assert.deepEqual(
		wiring.value.findings.map(({ code, evidence }) => [code, evidence]),
		[['service-parameter', 'relay/unix/relayhost = [10.0.0.1]']],
	);
});
