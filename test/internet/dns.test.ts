import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import * as packet from 'dns-packet';
import { type DnsServer, startDns } from './dns.ts';
import type { Zone } from './zone.ts';

const zone: Zone = {
	'*.test': [{ type: 'MX', preference: 10, exchange: 'wild.test' }],
	'*.deep.test': 'nxdomain',
	'one.test': [
		{ type: 'MX', preference: 20, exchange: 'b.test' },
		{ type: 'MX', preference: 10, exchange: 'a.test' },
		{ type: 'A', address: '127.0.10.1' },
		{ type: 'AAAA', address: '::1' },
		{ type: 'TXT', text: 'x'.repeat(300) },
	],
	'null.test': [{ type: 'MX', preference: 0, exchange: '.' }],
	'empty.test': [],
	'alias.test': [{ type: 'CNAME', target: 'One.test' }],
	'loop.test': [{ type: 'CNAME', target: 'loop.test' }],
	'fails.test': 'servfail',
	'refuses.test': 'refused',
	'never.test': 'timeout',
	'many.test': Array.from({ length: 100 }, (_, at) => ({ type: 'MX', preference: at, exchange: `mx${at}.test` })),
	'medium.test': Array.from({ length: 20 }, (_, at) => ({ type: 'MX', preference: at, exchange: `mx${at}.test` })),
	'tcp.test': { records: [{ type: 'A', address: '127.0.10.9' }], truncatesUdp: true },
	'late.test': { records: [{ type: 'A', address: '127.0.10.9' }], delayMs: 80 },
	'1.10.0.127.in-addr.arpa': [{ type: 'PTR', target: 'one.test' }],
};

async function open(t: TestContext, timeout = 5000): Promise<{ server: DnsServer; resolver: Resolver }> {
	const server = await startDns({ zone });
	t.after(() => server.stop());
	const resolver = new Resolver({ timeout, tries: 1 });
	resolver.setServers([`127.0.0.1:${server.port}`]);
	return { server, resolver };
}

test('records of each type', async (t) => {
	const { resolver } = await open(t);
	const exchanges = await resolver.resolveMx('one.test');
	assert.deepEqual(exchanges.map(({ priority, exchange }) => `${priority} ${exchange}`).sort(), [
		'10 a.test',
		'20 b.test',
	]);
	assert.deepEqual(await resolver.resolve4('ONE.test'), ['127.0.10.1']);
	assert.deepEqual(await resolver.resolve6('one.test'), ['::1']);
	assert.deepEqual(await resolver.resolveTxt('one.test'), [['x'.repeat(255), 'x'.repeat(45)]]);
	assert.equal((await resolver.resolveMx('null.test'))[0]!.exchange, '');
	assert.deepEqual(await resolver.reverse('127.0.10.1'), ['one.test']);
});

test('names that are not there, have no data, or fail', async (t) => {
	const { resolver } = await open(t);
	const { resolver: impatient } = await open(t, 300);
	const codeOf = (name: string): Promise<string> =>
		resolver.resolveMx(name).then(
			() => 'found',
			({ code }) => code,
		);
	assert.equal(await codeOf('one.example'), 'ENOTFOUND');
	assert.equal(await codeOf('x.deep.test'), 'ENOTFOUND');
	assert.equal(await codeOf('_dmarc.any.test'), 'ENOTFOUND');
	assert.equal(await codeOf('empty.test'), 'ENODATA');
	assert.equal(await codeOf('fails.test'), 'ESERVFAIL');
	assert.equal(await codeOf('refuses.test'), 'EREFUSED');
	assert.equal(await codeOf('loop.test'), 'ESERVFAIL');
	await assert.rejects(impatient.resolveMx('never.test'), { code: 'ETIMEOUT' });
});

test('wildcards, aliases, and changes while it runs', async (t) => {
	const { resolver, server } = await open(t);
	const firstOf = async (name: string): Promise<string> => (await resolver.resolveMx(name))[0]!.exchange;
	assert.equal(await firstOf('any.thing.test'), 'wild.test');
	assert.deepEqual(await resolver.resolve4('alias.test'), ['127.0.10.1']);
	assert.deepEqual(await resolver.resolveCname('alias.test'), ['One.test']);
	server.set('Any.thing.test', [{ type: 'MX', preference: 1, exchange: 'set.test' }]);
	assert.equal(await firstOf('any.thing.test'), 'set.test');
	server.set('any.thing.test', undefined);
	assert.equal(await firstOf('any.thing.test'), 'wild.test');
});

test('long answers go over TCP, and queries are counted', async (t) => {
	const { resolver, server } = await open(t);
	assert.equal((await resolver.resolveMx('many.test')).length, 100);
	assert.deepEqual(await resolver.resolve4('tcp.test'), ['127.0.10.9']);
	const { udp, tcp, byQuestion } = server.queries();
	assert.deepEqual({ udp, tcp }, { udp: 2, tcp: 2 });
	assert.deepEqual(byQuestion, { 'many.test MX': 2, 'tcp.test A': 2 });
});

test('UDP answers are cut to what the client takes; negative ones carry the SOA', async (t) => {
	const { server } = await open(t);
	const socket = createSocket('udp4');
	t.after(() => socket.close());
	/** Asks with EDNS of that size, or without. */
	const ask = async (name: string, udpPayloadSize?: number): Promise<packet.DecodedPacket> => {
		const edns = { type: 'OPT', name: '.', udpPayloadSize, flags: 0, options: [] } as unknown as packet.OptAnswer;
		const additionals = udpPayloadSize === undefined ? [] : [edns];
		socket.send(
			packet.encode({ type: 'query', id: 7, questions: [{ type: 'MX', name }], additionals }),
			server.port,
			'127.0.0.1',
		);
		const [bytes] = (await once(socket, 'message')) as [Buffer];
		assert.ok(bytes.length <= Math.min(udpPayloadSize ?? 512, 1232));
		return packet.decode(bytes);
	};
	const long = await ask('many.test');
	assert.deepEqual([long.id, long.flag_tc, long.answers?.length], [7, true, 0]);
	assert.equal((await ask('medium.test')).flag_tc, true);
	assert.equal((await ask('medium.test', 4096)).answers?.length, 20);
	assert.equal((await ask('many.test', 4096)).flag_tc, true);
	const negative = await ask('empty.test');
	assert.deepEqual([negative.flag_tc, negative.authorities?.[0]?.type], [false, 'SOA']);
});

test('answers can be late, and garbage is ignored', async (t) => {
	const { resolver, server } = await open(t);
	const socket = createSocket('udp4');
	t.after(() => socket.close());
	socket.send(Buffer.from('no question at all'), server.port, '127.0.0.1');
	const start = performance.now();
	assert.deepEqual(await resolver.resolve4('late.test'), ['127.0.10.9']);
	assert.ok(performance.now() - start >= 79);
});
