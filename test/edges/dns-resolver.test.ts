/**
 * The agent's resolver against the fake internet's name server: real packets, counted questions.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createResolver, type ResolverSettings } from '@sluice/agent/io/dns/resolver.ts';
import type { Resolver } from '@sluice/agent/ports/dns.ts';
import { type DnsServer, startDns } from '../internet/dns.ts';
import type { Zone } from '../internet/zone.ts';

const zone: Zone = {
	'ok.test': [
		{ type: 'MX', preference: 20, exchange: 'two.test' },
		{ type: 'MX', preference: 10, exchange: 'one.test' },
	],
	'null.test': [{ type: 'MX', preference: 0, exchange: '.' }],
	'one.test': [
		{ type: 'A', address: '127.0.0.9' },
		{ type: 'AAAA', address: '::1' },
	],
	'two.test': [{ type: 'A', address: '127.0.0.8' }],
	'six.test': [{ type: 'AAAA', address: '::1' }],
	'alias.test': [{ type: 'CNAME', target: 'one.test' }],
	'empty.test': [],
	'broken.test': 'servfail',
	'refused.test': 'refused',
	'silent.test': 'timeout',
	'large.test': {
		records: Array.from({ length: 80 }, (_, index) => ({ type: 'MX', preference: index, exchange: `mx${index}.test` })),
		truncatesUdp: true,
	},
};

type Lab = { readonly server: DnsServer; readonly resolver: Resolver; readonly pass: (milliseconds: number) => void };

async function withResolver(
	work: (lab: Lab) => Promise<void>,
	settings: Partial<ResolverSettings> = {},
): Promise<void> {
	const server = await startDns({ zone });
	let passed = 0;
	const resolver = createResolver({
		servers: [`127.0.0.1:${server.port}`],
		timeoutMs: 50,
		now: () => performance.now() + passed,
		...settings,
	});
	try {
		await work({
			server,
			resolver,
			pass: (milliseconds) => {
				passed += milliseconds;
			},
		});
	} finally {
		resolver.stop();
		await server.stop();
	}
}

const asked = (server: DnsServer, question: string): number => server.queries().byQuestion[question] ?? 0;

test('MX: found, null, none, no such name, failures', async () => {
	await withResolver(async ({ resolver }) => {
		const ok = await resolver.mx('OK.test.');
		assert.deepEqual(ok.ok && ok.value.toSorted((one, other) => one.preference - other.preference), [
			{ preference: 10, exchange: 'one.test' },
			{ preference: 20, exchange: 'two.test' },
		]);
		assert.deepEqual(await resolver.mx('null.test'), { ok: true, value: [{ preference: 0, exchange: '' }] });
		const none = (detail: string) => ({ ok: false, error: { kind: 'none', detail } });
		assert.deepEqual(await resolver.mx('two.test'), none('no such record'));
		assert.deepEqual(await resolver.mx('empty.test'), none('no such record'));
		assert.deepEqual(await resolver.mx('absent.test'), none('NXDOMAIN'));
		assert.deepEqual(await resolver.mx(`${'x'.repeat(64)}.test`), none('not a domain name'));
		assert.deepEqual(await resolver.mx('a..test'), none('not a domain name'));
		const temporary = (detail: string) => ({ ok: false, error: { kind: 'temporary', detail } });
		assert.deepEqual(await resolver.mx('broken.test'), temporary('SERVFAIL'));
		assert.deepEqual(await resolver.mx('refused.test'), temporary('REFUSED'));
		assert.deepEqual(await resolver.mx('silent.test'), temporary('time-out'));
	});
});

test('an answer too large for UDP comes whole, up to the bound', async () => {
	await withResolver(async ({ resolver, server }) => {
		const answer = await resolver.mx('large.test');
		assert.equal(answer.ok && answer.value.length, 64);
		assert.ok(server.queries().tcp > 0);
	});
});

test('addresses: both kinds, one kind, through an alias, none', async () => {
	await withResolver(async ({ resolver }) => {
		assert.deepEqual(await resolver.addresses('one.test'), { ok: true, value: ['127.0.0.9', '::1'] });
		assert.deepEqual(await resolver.addresses('two.test'), { ok: true, value: ['127.0.0.8'] });
		assert.deepEqual(await resolver.addresses('six.test'), { ok: true, value: ['::1'] });
		assert.deepEqual(await resolver.addresses('alias.test'), { ok: true, value: ['127.0.0.9', '::1'] });
		for (const name of ['empty.test', 'absent.test']) {
			const answer = await resolver.addresses(name);
			assert.equal(answer.ok || answer.error.kind, 'none', name);
		}
		for (const name of ['broken.test', 'silent.test']) {
			const answer = await resolver.addresses(name);
			assert.equal(answer.ok || answer.error.kind, 'temporary', name);
		}
	});
});

test('literals and this machine are not asked for', async () => {
	await withResolver(async ({ resolver, server }) => {
		for (const [host, value] of [
			['127.0.0.1', ['127.0.0.1']],
			['[127.0.0.1]', ['127.0.0.1']],
			['[IPv6:::1]', ['::1']],
			['::1', ['::1']],
			['localhost', ['127.0.0.1', '::1']],
			['LocalHost.', ['127.0.0.1', '::1']],
		] as const) {
			assert.deepEqual(await resolver.addresses(host), { ok: true, value }, host);
		}
		assert.deepEqual(server.queries().byQuestion, {});
	});
});

test('one question for many askers, and again when its time is up', async () => {
	await withResolver(
		async ({ resolver, server, pass }) => {
			await Promise.all(Array.from({ length: 20 }, () => resolver.mx('ok.test')));
			await resolver.mx('ok.test');
			assert.equal(asked(server, 'ok.test MX'), 1);
			pass(999);
			await resolver.mx('ok.test');
			assert.equal(asked(server, 'ok.test MX'), 1);
			pass(2);
			await resolver.mx('ok.test');
			assert.equal(asked(server, 'ok.test MX'), 2);
			// The TTL of addresses is the server's (5 s), at least.
			await resolver.addresses('one.test');
			pass(4_000);
			await resolver.addresses('one.test');
			assert.equal(asked(server, 'one.test A'), 1);
			pass(2_000);
			await resolver.addresses('one.test');
			assert.equal(asked(server, 'one.test A'), 2);
		},
		{ mxTtlMs: 1_000, ttlMinMs: 100 },
	);
});

test('a name server that fails after a good answer costs nothing for a while', async () => {
	await withResolver(
		async ({ resolver, server, pass }) => {
			const good = await resolver.mx('ok.test');
			server.set('ok.test', 'servfail');
			pass(1_001);
			assert.deepEqual(await resolver.mx('ok.test'), good);
			pass(3_600_000);
			const late = await resolver.mx('ok.test');
			assert.equal(late.ok || late.error.kind, 'temporary');
			server.set('ok.test', 'nxdomain');
			pass(5_001);
			const gone = await resolver.mx('ok.test');
			assert.equal(gone.ok || gone.error.kind, 'none');
		},
		{ mxTtlMs: 1_000 },
	);
});

test('a failure is asked again after seconds, not after a minute', async () => {
	await withResolver(async ({ resolver, server, pass }) => {
		await resolver.mx('broken.test');
		const before = asked(server, 'broken.test MX');
		await resolver.mx('broken.test');
		assert.equal(asked(server, 'broken.test MX'), before);
		pass(5_001);
		server.set('broken.test', [{ type: 'MX', preference: 1, exchange: 'one.test' }]);
		assert.deepEqual(await resolver.mx('broken.test'), { ok: true, value: [{ preference: 1, exchange: 'one.test' }] });
	});
});

test('stopped: what is under way and what comes is temporary', async () => {
	await withResolver(
		async ({ resolver }) => {
			const underWay = resolver.mx('silent.test');
			await new Promise(setImmediate);
			resolver.stop();
			const answer = await underWay;
			assert.deepEqual(answer, { ok: false, error: { kind: 'temporary', detail: 'stopped' } });
			const after = await resolver.mx('ok.test');
			assert.equal(after.ok || after.error.kind, 'temporary');
		},
		{ timeoutMs: 10_000 },
	);
});

test('no name server at all is temporary', async () => {
	await withResolver(
		async ({ resolver }) => {
			const answer = await resolver.mx('ok.test');
			assert.equal(answer.ok || answer.error.kind, 'temporary');
		},
		{ servers: ['127.0.0.1:9'] },
	);
});
