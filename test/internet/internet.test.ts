import assert from 'node:assert/strict';
import { Resolver } from 'node:dns/promises';
import { type TestContext, test } from 'node:test';
import { type Internet, startInternet } from './internet.ts';
import { RawClient } from './raw-client.ts';
import { domainPlans, sinkPlans } from './topology.ts';

async function open(t: TestContext): Promise<{ internet: Internet; resolver: Resolver }> {
	const internet = await startInternet();
	t.after(() => internet.stop());
	const resolver = new Resolver({ timeout: 2000, tries: 1 });
	resolver.setServers([`127.0.0.1:${internet.dnsPort}`]);
	return { internet, resolver };
}

/** Addresses of the MXs of a domain in order of preference; an error code where one does not resolve. */
async function addressesOf(resolver: Resolver, domain: string): Promise<readonly string[]> {
	const exchanges = await resolver.resolveMx(domain);
	exchanges.sort((one, other) => one.priority - other.priority);
	const found: string[] = [];
	for (const { exchange } of exchanges) {
		const v4 = await resolver.resolve4(exchange).catch(({ code }) => [code as string]);
		found.push(...(v4[0] === 'ENODATA' ? await resolver.resolve6(exchange) : v4));
	}
	return found;
}

async function send(internet: Internet, address: string, to: string): Promise<string> {
	const client = await RawClient.connect(internet.smtpPort, address);
	await client.reply();
	await client.sayAll('EHLO client.test', 'MAIL FROM:<a@one.test>', `RCPT TO:<${to}>`, 'DATA');
	const said = await client.say('Subject: x\r\n\r\nx\r\n.');
	client.stop();
	return said;
}

test('every domain leads to its sink', async (t) => {
	const { internet, resolver } = await open(t);
	const sinkOf = new Map(sinkPlans.map(({ name, address }) => [`${name}.test`, address]));
	for (const domain of Object.keys(domainPlans)) {
		const address = sinkOf.get(domain);
		if (address !== undefined) assert.deepEqual(await addressesOf(resolver, domain), [address], domain);
	}
	assert.deepEqual(await addressesOf(resolver, 'whatever.test'), ['127.0.10.1']);
	assert.deepEqual(await addressesOf(resolver, 'broken-first-mx.test'), ['127.0.10.3', '127.0.10.2']);
	assert.equal((await addressesOf(resolver, 'manymx.test')).length, 6);
	assert.equal((await addressesOf(resolver, 'truncated.test')).length, 60);
	assert.deepEqual(await addressesOf(resolver, 'mx-nxdomain.test'), ['ENOTFOUND']);
	assert.deepEqual(await addressesOf(resolver, 'localhost-mx.test'), ['127.0.0.1']);
	await assert.rejects(RawClient.connect(internet.smtpPort, '127.0.10.3'), /ECONNREFUSED/);
});

test('messages over all sinks are seen together, and greylisting is shared', async (t) => {
	const { internet } = await open(t);
	assert.match(await send(internet, '127.0.10.1', 'b@ok.test'), /^250 2\.0\.0 Ok: queued as ordinary-1-1$/);
	assert.match(await send(internet, '127.0.10.13', 'c@notls.test'), /^250 /);
	assert.match(await send(internet, '127.0.10.30', 'end-451-d@manymx.test'), /^451 /);
	assert.match(await send(internet, '127.0.10.30', 'greylist-x@manymx.test').catch(() => 'no 354'), /^(?!250)/);
	await internet.waitFor(({ messages }) => messages().length === 3);
	assert.deepEqual(
		internet.accepted().map(({ sink, acceptedRecipients }) => `${sink} ${acceptedRecipients}`),
		['ordinary b@ok.test', 'notls c@notls.test'],
	);
	assert.match(await send(internet, '127.0.10.31', 'greylist-x@manymx.test'), /^250 /);
	assert.deepEqual([internet.counts().messages, internet.counts().rejected[451]], [3, 2]);
	assert.equal(internet.sink('many2').counts().messages, 1);
	assert.throws(() => internet.sink('nowhere'), /no sink nowhere; there are ordinary /);
});

test('IPv6, where the machine has it', async (t) => {
	const { internet, resolver } = await open(t);
	if (!internet.hasIpv6) return t.skip('no ::1 here');
	assert.deepEqual(await addressesOf(resolver, 'ipv6.test'), ['::1']);
	assert.match(await send(internet, '::1', 'b@ipv6.test'), /^250 .*ipv6-1-1$/);
});

test('two at the same time do not meet, and a stopped one leaves its port', async (t) => {
	const { internet } = await open(t);
	const second = await startInternet();
	assert.notEqual(second.smtpPort, internet.smtpPort);
	await second.stop();
	const third = await startInternet({ port: second.smtpPort, dnsPort: second.dnsPort });
	await third.stop();
	await assert.rejects(startInternet({ port: internet.smtpPort }), /EADDRINUSE/);
});

test('the description names every domain', async (t) => {
	const { internet } = await open(t);
	const text = internet.describe().join('\n');
	for (const domain of Object.keys(domainPlans)) {
		if (domain !== 'ipv6.test' || internet.hasIpv6) assert.ok(text.includes(domain), domain);
	}
	assert.ok(text.includes(String(internet.smtpPort)));
});
