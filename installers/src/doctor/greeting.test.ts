/** What receivers see: each way in which address, PTR and EHLO name can be at odds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { greetingFindings, sourcesOn } from './greeting.ts';
import { codes, type Given, groundWith, noNames } from './ground.fixture.ts';
import type { Names } from './ground.ts';

const address = '203.0.113.5';
const name = 'mail.example.net';
const none = { exitCode: 2, output: 'RTNETLINK answers: Network is unreachable' };
const routes = (source = address) => ({
	'ip route get 192.0.2.1': `192.0.2.1 via 203.0.113.1 dev eth0 src ${source} uid 0 \n    cache\n`,
	'ip route get 2001:db8::1': none,
});
const dns = (pointers: readonly string[], forward: { readonly [name: string]: readonly string[] }): Names => ({
	...noNames,
	names: async () => pointers,
	addresses: async (asked) => forward[asked] ?? [],
});

const found = async (names: Names, given: Given = {}): Promise<readonly string[]> =>
	codes(await greetingFindings(groundWith({ answers: routes(), ...given, ground: { names } })));

test('address and name belong together, or in which way they do not', async () => {
	const rows: readonly (readonly [string, Names, readonly string[]])[] = [
		['well', dns([name], { [name]: [address] }), []],
		['no PTR', dns([], { [name]: [address] }), ['source.no-ptr']],
		['leads elsewhere', dns(['x.test'], { [name]: [address], 'x.test': ['203.0.113.9'] }), ['source.ptr-unconfirmed']],
		['called otherwise', dns(['x.test'], { [name]: [address], 'x.test': [address] }), ['source.ptr-other']],
		[
			'greets as another',
			dns(['x.test'], { [name]: ['203.0.113.9'], 'x.test': [address] }),
			['source.ptr-other', 'source.name-elsewhere'],
		],
		['greets as nobody', dns([], {}), ['source.no-ptr', 'source.name-elsewhere']],
		['one of several', dns(['x.test', 'Mail.Example.net'], { 'Mail.Example.net': [address], [name]: [address] }), []],
		['no DNS', { ...noNames, names: () => Promise.reject(new Error('ETIMEOUT')) }, ['source.dns']],
	];
	for (const [what, names, wanted] of rows) assert.deepEqual(await found(names), wanted, what);
});

test('a private address, none at all, a relay: nothing can or need be said', async () => {
	assert.deepEqual(await found(noNames, { answers: routes('10.0.0.5') }), ['source.private']);
	assert.deepEqual(await found(noNames, { answers: { 'ip route get': none } }), ['source.unknown']);
	assert.deepEqual(await found(noNames, { config: { delivery: { smarthost: { host: 'relay.test' } } } }), []);
});

test('no full name', async () => {
	for (const hostName of ['server', 'localhost.localdomain', '203.0.113.5', 'mail.example.net.', 'box.local']) {
		const ground = groundWith({ answers: routes(), ground: { names: dns([name], { [name]: [address] }) } });
		assert.ok(ground.site.ok && ground.site.value.wiring.ok);
		Object.assign(ground.site.value.wiring.value, { hostName });
		assert.ok(codes(await greetingFindings(ground)).includes('source.name'), hostName);
	}
});

test('cPanel chooses address and name by domain', async () => {
	const { machine } = groundWith({
		answers: routes(),
		files: [
			fileOf('/etc/mailips', 'one.test: 203.0.113.6\n*: 203.0.113.7\n# two.test: 1.2.3.4\n'),
			fileOf('/etc/mailhelo', 'one.test: mail.one.test\nthree.test: mail.three.test\n'),
			fileOf('/etc/mail_reverse_dns', '203.0.113.7: seven.example.net\n'),
		],
	});
	assert.deepEqual(await sourcesOn(machine, name, true), [
		{ address: '203.0.113.7', name: 'seven.example.net' },
		{ address: '203.0.113.6', name: 'mail.one.test' },
		{ address: '203.0.113.7', name: 'mail.three.test' },
	]);
	assert.deepEqual(await sourcesOn(machine, name, false), [{ address, name }]);
});
