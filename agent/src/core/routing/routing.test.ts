import assert from 'node:assert/strict';
import { test } from 'node:test';
import { domainToASCII } from 'node:url';
import { dsnDestination } from '../scheduling/queued.ts';
import { checkAddress } from './address-check.ts';
import { addressesPerAttemptMax, addressesPerHostMax, mxHostsMax } from './bounds.ts';
import { addressLiteral, toAscii } from './domain.ts';
import { type MxFacts, orderHosts } from './hosts.ts';
import { interleave, planTargets } from './plan.ts';
import { type Route, type RoutingSettings, route, type Smarthost } from './route.ts';

/** A fixed draw. */
function draws(...values: number[]): () => number {
	let next = 0;
	return () => values[next++ % values.length] as number;
}

const names: readonly (readonly [string, string | undefined])[] = [
	['Example.NET', 'example.net'],
	['example.net.', 'example.net'],
	['bücher.example', 'xn--bcher-kva.example'],
	['BÜCHER.example', 'xn--bcher-kva.example'],
	['παράδειγμα.δοκιμή', 'xn--hxajbheg2az3al.xn--jxalpdlp'],
	['xn--bcher-kva.example', 'xn--bcher-kva.example'],
	['_dmarc.example.net', '_dmarc.example.net'],
	['localhost', 'localhost'],
	['', undefined],
	['.', undefined],
	['a..b', undefined],
	['-a.test', undefined],
	['a b.test', undefined],
	['a%41.test', undefined],
	['192.0.2.1', undefined],
	['0x7f000001.1', undefined],
	[`${'a'.repeat(64)}.test`, undefined],
	[`${'abcdefgh.'.repeat(28)}toolong`, undefined],
	['ex\u00adample..net', undefined],
];

for (const [written, expected] of names)
	test(`toAscii ${JSON.stringify(written.slice(0, 40))}`, () => {
		const result = toAscii(written, domainToASCII);
		assert.equal(result.ok ? result.value : undefined, expected);
	});

const literals: readonly (readonly [string, string | 'invalid' | undefined])[] = [
	['[192.0.2.1]', '192.0.2.1'],
	['[IPv6:2001:DB8:0::1]', '2001:db8::1'],
	['[ipv6:::1]', '::1'],
	['example.net', undefined],
	['[2001:db8::1]', 'invalid'],
	['[192.0.2]', 'invalid'],
	['[0300.0.2.1]', 'invalid'],
	['[192.0.2.1', 'invalid'],
	['[IPv6:fe80::1%eth0]', 'invalid'],
	['[x400:anything]', 'invalid'],
];

for (const [written, expected] of literals)
	test(`addressLiteral ${written}`, () => {
		const result = addressLiteral(written);
		assert.equal(result === undefined ? undefined : result.ok ? result.value : result.error, expected);
	});

const smarthost = (host: string): Smarthost => ({ host, port: 587, tls: 'required' });
const settings: RoutingSettings = {
	routes: [
		{ domains: ['direct.test'], smarthosts: [] },
		{ domains: ['bücher.example', 'xn--bcher-kva.example'], smarthosts: [smarthost('books')] },
		{ domains: ['*.corp.test'], smarthosts: [smarthost('corp')] },
	],
	smarthosts: [smarthost('general')],
	reports: [smarthost('mta')],
};
const mxOnly: RoutingSettings = { routes: [], smarthosts: [], reports: [] };

const routes: readonly (readonly [string, RoutingSettings, string])[] = [
	['Direct.test', settings, 'mx direct.test'],
	['BÜCHER.example', settings, 'smarthosts books'],
	['a.corp.test', settings, 'smarthosts corp'],
	['corp.test', settings, 'smarthosts general'],
	['notcorp.test', settings, 'smarthosts general'],
	['[192.0.2.1]', settings, 'smarthosts general'],
	['a b', settings, 'smarthosts general'],
	[dsnDestination, settings, 'smarthosts mta'],
	[dsnDestination, { ...settings, reports: [] }, 'smarthosts general'],
	[dsnDestination, mxOnly, 'invalid'],
	['Example.net', mxOnly, 'mx example.net'],
	['[192.0.2.1]', mxOnly, 'address 192.0.2.1'],
	['[nonsense]', mxOnly, 'invalid'],
	['a b', mxOnly, 'invalid'],
];

const told = (found: Route): string => {
	switch (found.kind) {
		case 'smarthosts':
			return `smarthosts ${found.hosts.map((one) => one.host).join(',')}`;
		case 'mx':
			return `mx ${found.domain}`;
		case 'address':
			return `address ${found.address}`;
		case 'invalid':
			return 'invalid';
	}
};

for (const [domain, chosen, expected] of routes)
	test(`route ${domain} → ${expected}`, () =>
		assert.equal(told(route({ domain, settings: chosen, domainToAscii: domainToASCII })), expected));

const mx = (...records: readonly (readonly [number, string])[]): readonly MxFacts[] =>
	records.map(([preference, exchange]) => ({ preference, exchange }));
const order = (records: readonly MxFacts[], random: () => number = draws(0.1, 0.2, 0.3)) => {
	const found = orderHosts({ domain: 'example.net', records, ownNames: ['relay.host.test.'], random });
	return found.kind === 'hosts' ? found.hosts.map((one) => one.host) : found.kind;
};

test('hosts go by preference, at random among equals', () => {
	const records = mx([20, 'c.test'], [10, 'a.test'], [10, 'B.test.']);
	assert.deepEqual(order(records, draws(0.9, 0.1, 0.2)), ['a.test', 'b.test', 'c.test']);
	assert.deepEqual(order(records, draws(0.9, 0.2, 0.1)), ['b.test', 'a.test', 'c.test']);
});

test('no MX: the domain itself; null MX: nothing (RFC 7505); null beside hosts: a mistake', () => {
	assert.deepEqual(order([]), ['example.net']);
	assert.equal(order(mx([0, ''])), 'null-mx');
	assert.equal(order(mx([0, '.'])), 'null-mx');
	assert.deepEqual(order(mx([0, '.'], [10, 'a.test'])), ['a.test']);
});

test('hosts not better than ourselves are dropped (RFC 5321 §5.1)', () => {
	assert.deepEqual(order(mx([10, 'a.test'], [20, 'Relay.Host.test'], [20, 'b.test'], [30, 'c.test'])), ['a.test']);
	assert.equal(order(mx([10, 'relay.host.test'], [20, 'a.test'])), 'loops-back');
	assert.equal(
		orderHosts({ domain: 'relay.host.test', records: [], ownNames: ['relay.host.test'], random: draws(0) }).kind,
		'loops-back',
	);
});

test('a host named twice counts once, with its best preference; hundreds are cut', () => {
	assert.deepEqual(order(mx([30, 'a.test'], [20, 'b.test'], [10, 'a.test'])), ['a.test', 'b.test']);
	const many = mx(...Array.from({ length: 300 }, (_, index) => [index, `mx${index}.test`] as const));
	assert.equal(order(many).length, mxHostsMax);
});

const checks: readonly (readonly [string, string])[] = [
	['8.8.8.8', 'ok'],
	['2606:4700::1111', 'ok'],
	['10.1.2.3', 'private'],
	['172.16.0.1', 'private'],
	['192.168.1.1', 'private'],
	['100.64.0.1', 'private'],
	['fd00::1', 'private'],
	['fec0::1', 'private'],
	['127.0.0.1', 'local'],
	['127.8.8.8', 'local'],
	['169.254.169.254', 'local'],
	['0.0.0.0', 'local'],
	['0.1.2.3', 'local'],
	['::1', 'local'],
	['::', 'local'],
	['fe80::1', 'local'],
	['224.0.0.1', 'multicast'],
	['255.255.255.255', 'multicast'],
	['ff02::1', 'multicast'],
	['192.0.2.1', 'reserved'],
	['240.0.0.1', 'reserved'],
	['198.18.0.1', 'reserved'],
	['2001:db8::1', 'reserved'],
	['100::1', 'reserved'],
	['4000::1', 'reserved'],
	['::ffff:8.8.8.8', 'embedded-ipv4'],
	['::8.8.8.8', 'embedded-ipv4'],
	['64:ff9b::8.8.8.8', 'embedded-ipv4'],
	['64:ff9b:1::1', 'embedded-ipv4'],
	['2002:0808:0808::1', 'embedded-ipv4'],
	['2001::1', 'embedded-ipv4'],
	['203.0.113.7', 'own'],
	['2606:4700:0:0::7', 'own'],
	['8.8.8', 'not-an-address'],
	['0x8080808', 'not-an-address'],
	['010.8.8.8', 'not-an-address'],
	['2606:4700::1%eth0', 'not-an-address'],
	['mx.test', 'not-an-address'],
	['', 'not-an-address'],
];

for (const [address, expected] of checks)
	test(`checkAddress ${address} → ${expected}`, () => {
		const check = checkAddress(address, { allow: [], own: ['203.0.113.7', '2606:4700::7'] });
		assert.equal(check.ok ? 'ok' : check.reason, expected);
	});

test('what the administrator allows is dialled, also our own; a block of one family says nothing of the other', () => {
	const rules = { allow: ['127.0.0.0/8', 'nonsense', '::ffff:0:0/96'], own: ['127.0.0.1'] };
	assert.deepEqual(checkAddress('127.0.0.1', rules), { ok: true });
	assert.deepEqual(checkAddress('::ffff:10.0.0.1', rules), { ok: true });
	assert.deepEqual(checkAddress('::ffff:127.0.0.1', { ...rules, allow: ['127.0.0.0/8'] }), {
		ok: false,
		reason: 'embedded-ipv4',
	});
	assert.equal(checkAddress('10.0.0.1', rules).ok, false);
});

test('families take turns; a source address reaches its own family only', () => {
	const addresses = ['198.0.0.1', '198.0.0.2', '198.0.0.3', '2600::1'];
	assert.deepEqual(interleave(addresses, { prefer: 6 }), ['2600::1', '198.0.0.1', '198.0.0.2', '198.0.0.3']);
	assert.deepEqual(interleave(addresses, { prefer: 4 }), ['198.0.0.1', '2600::1', '198.0.0.2', '198.0.0.3']);
	assert.deepEqual(interleave(addresses, { prefer: 4, only: 6 }), ['2600::1']);
	assert.deepEqual(interleave(addresses, { prefer: 4, sourceAddress: '2600::9' }), ['2600::1']);
	assert.deepEqual(interleave(addresses, { prefer: 6, sourceAddress: '8.8.4.4', only: 6 }), addresses.slice(0, 3));
});

const plan = (hosts: readonly (readonly [string, number, readonly string[]])[], sourceAddress?: string) => {
	const found = planTargets({
		hosts: hosts.map(([host, preference, addresses]) => ({ host, preference, addresses })),
		rules: { allow: [], own: ['203.0.113.7'] },
		families: sourceAddress === undefined ? { prefer: 4 } : { prefer: 4, sourceAddress },
	});
	return found.problem ?? found.targets.map((target) => target.address);
};

test('targets: the good addresses of the hosts in order', () => {
	assert.deepEqual(
		plan([
			['a', 10, ['8.0.0.1', '10.0.0.1']],
			['b', 20, ['8.0.0.2']],
		]),
		['8.0.0.1', '8.0.0.2'],
	);
	assert.equal(
		plan([
			['a', 10, []],
			['b', 20, []],
		]),
		'no-host-address',
	);
	assert.equal(
		plan([
			['a', 10, ['127.0.0.1']],
			['b', 20, ['10.0.0.1']],
		]),
		'address-refused',
	);
	assert.equal(plan([['a', 10, ['2600::1', '127.0.0.1']]], '8.0.0.9'), 'no-usable-family');
});

test('a host at our own address is ourselves: its equals are dropped too, wherever they stand', () => {
	assert.deepEqual(
		plan([
			['a', 10, ['8.0.0.1']],
			['b', 20, ['8.0.0.2']],
			['us', 20, ['203.0.113.7']],
			['c', 30, ['8.0.0.3']],
		]),
		['8.0.0.1'],
	);
	assert.equal(
		plan([
			['us', 10, ['203.0.113.7']],
			['b', 20, ['8.0.0.2']],
		]),
		'loops-back',
	);
});

test('addresses are bounded, per host and per attempt', () => {
	const many = Array.from({ length: 50 }, (_, index) => `8.0.0.${index}`);
	assert.equal(plan([['a', 10, many]]).length, addressesPerHostMax);
	const spread = Array.from({ length: 20 }, (_, index) => [`h${index}`, 10, [`8.0.1.${index}`]] as const);
	assert.equal(plan(spread).length, addressesPerAttemptMax);
});
