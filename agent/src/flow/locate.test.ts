/**
 * What is asked of the DNS for one attempt, and what follows when it cannot say.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queuedFixture } from '../core/scheduling/queued.fixture.ts';
import type { DnsAnswer, Resolver } from '../ports/dns.ts';
import type { Flow, FlowSettings } from './context.ts';
import { createHostMemory, locate } from './locate.ts';

type Zone = { readonly mx: readonly string[]; readonly addresses: (host: string) => DnsAnswer<string> };

const found = (...value: readonly string[]): DnsAnswer<string> => ({ ok: true, value });
const nothing: DnsAnswer<never> = { ok: false, error: { kind: 'none', detail: 'NXDOMAIN' } };
const unknown: DnsAnswer<never> = { ok: false, error: { kind: 'temporary', detail: 'SERVFAIL' } };

async function locatedIn(zone: Zone) {
	let underWay = 0;
	let atOnce = 0;
	const asked: string[] = [];
	const resolver: Resolver = {
		mx: async () =>
			zone.mx.length === 0
				? nothing
				: { ok: true, value: zone.mx.map((exchange, index) => ({ preference: index, exchange })) },
		async addresses(host) {
			asked.push(host);
			atOnce = Math.max(atOnce, ++underWay);
			await new Promise((resolve) => setImmediate(resolve));
			underWay--;
			return zone.addresses(host);
		},
		stop() {},
	};
	const settings = {
		hostName: 'relay.test',
		routing: { routes: [], smarthosts: [], reports: [] },
		addressRules: { allow: [], own: ['203.0.113.9'] },
		preferFamily: 4,
		mxPort: 25,
		mxTls: 'opportunistic',
	};
	const flow = {
		resolver,
		settings: () => settings as unknown as FlowSettings,
		random: () => 0.5,
		clock: { now: () => 0 },
		domainToAscii: (domain: string) => domain,
	} as unknown as Flow;
	const message = queuedFixture({ sequence: 1, recipients: [{}] });
	const located = await locate(flow, createHostMemory(), message, 'example.test');
	return { asked, atOnce, result: located.ok ? located.value.targets.map(({ address }) => address) : located.error };
}

const hosts = (count: number): string[] => Array.from({ length: count }, (_, index) => `mx${index}.example.test`);

test('a zone that names many hosts which nobody knows asks a few questions at a time', async () => {
	const { asked, atOnce, result } = await locatedIn({ mx: hosts(30), addresses: () => unknown });
	assert.deepEqual([asked.length, atOnce, result], [20, 5, 'dns-temporary']);
});

test('no more hosts are asked about than are needed', async () => {
	const addresses = (host: string) => found(`8.8.1.${host.slice(2, -13)}`, `8.8.2.${host.slice(2, -13)}`);
	const { asked, result } = await locatedIn({ mx: hosts(20), addresses });
	assert.equal(asked.length, 5);
	assert.equal(result.length, 8);
	assert.deepEqual(result.slice(0, 2), ['8.8.1.0', '8.8.2.0']);
});

test('the hosts behind dead ones are found', async () => {
	const { result } = await locatedIn({
		mx: hosts(8),
		addresses: (host) => (host.startsWith('mx7.') ? found('8.8.8.8') : nothing),
	});
	assert.deepEqual(result, ['8.8.8.8']);
});

test('nothing is final while one of the hosts is not known', async () => {
	const addresses = (host: string) => (host.startsWith('mx1.') ? unknown : found('10.0.0.1'));
	assert.equal((await locatedIn({ mx: hosts(2), addresses })).result, 'dns-temporary');
	assert.equal((await locatedIn({ mx: hosts(2), addresses: () => found('10.0.0.1') })).result, 'address-refused');
	assert.equal((await locatedIn({ mx: hosts(2), addresses: () => nothing })).result, 'no-host-address');
	assert.equal((await locatedIn({ mx: [], addresses: () => nothing })).result, 'no-such-domain');
	assert.equal((await locatedIn({ mx: hosts(1), addresses: () => found('203.0.113.9') })).result, 'loops-back');
});
