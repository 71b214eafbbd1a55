/**
 * A submission listener where dialogs cannot look: what is told of passwords, who holds a place and for how long, which TLS.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type Address, Client } from './client.ts';
import { manualClock } from './manual-clock.ts';
import { type Recorder, type RecorderOptions, startRecorder } from './recorder.ts';

async function start(context: TestContext, options: RecorderOptions = {}): Promise<Recorder> {
	const recorder = await startRecorder({ ...options, settings: { needsLogin: true, ...options.settings } });
	context.after(() => recorder.listener.stop(0));
	return recorder;
}

async function open(context: TestContext, address: Address): Promise<Client> {
	const client = await Client.open(address);
	context.after(() => client.drop());
	return client;
}

test('no password and no word of an exchange is told to flow', async (context) => {
	const recorder = await start(context, { offersTls: true });
	const client = await open(context, recorder.address);
	await client.reply();
	for (const line of [
		'EHLO client.test',
		'AUTH PLAIN AGFwcAByaWdodA==',
		'AUTH LOGIN',
		'YXBw',
		'cmlnaHQ=',
		'GET /cmlnaHQ=',
	])
		await client.say(line);
	const overTls = await open(context, recorder.address);
	await overTls.reply();
	await overTls.say('EHLO client.test');
	await overTls.say('STARTTLS');
	await overTls.startTls();
	await overTls.say('EHLO client.test');
	for (const line of [
		'AUTH PLAIN AGFwcAByaWdodA==x',
		'AUTH CRAM-MD5 cmlnaHQ=',
		'AUTH PLAIN AGFwcAByaWdodA== x',
		'YXBw',
	])
		await overTls.say(line);
	const told = recorder.faults.map(({ detail }) => detail).join('\n');
	assert.ok(recorder.faults.length >= 9, told);
	assert.doesNotMatch(told, /YXBw|cmlnaHQ|AGFw|right/);
});

test('at the relay port a password that was said is not told either', async (context) => {
	const recorder = await start(context, { settings: { needsLogin: false } });
	const client = await open(context, recorder.address);
	await client.reply();
	await client.say('AUTH PLAIN AGFwcAByaWdodA==');
	assert.deepEqual(recorder.faults, [{ fault: 'notImplemented', detail: 'AUTH' }]);
});

test('who does not log in loses the place, who has logged in keeps it', async (context) => {
	const clock = manualClock();
	const recorder = await start(context, { isImplicitTls: true, clock });
	const talker = await open(context, recorder.address);
	await talker.startTls();
	await talker.reply();
	const user = await open(context, recorder.address);
	await user.startTls();
	await user.reply();
	await user.say('EHLO client.test');
	assert.match(await user.say('AUTH PLAIN AGFwcAByaWdodA=='), /^235 /);
	for (let seconds = 0; seconds < 59; seconds++) {
		clock.advance(1_000);
		if (seconds % 20 === 0) assert.match(await talker.say('NOOP'), /^250 /);
	}
	clock.advance(2_000);
	assert.match((await talker.reply())[0]!, /^421 4\.4\.2 /);
	await talker.closed();
	assert.match(await user.say('NOOP'), /^250 /);
	// Time stands still: nobody would end it.
	user.drop();
	talker.drop();
});

test('a handshake that does not come ends the connection', async (context) => {
	const clock = manualClock();
	const recorder = await start(context, { isImplicitTls: true, clock });
	const client = await open(context, recorder.address);
	await client.until(() => recorder.listener.connections === 1, 'the connection');
	clock.advance(29_000);
	assert.equal(recorder.listener.connections, 1);
	clock.advance(2_000);
	await client.closed();
	await client.until(() => recorder.listener.connections === 0, 'the place');
	// Nor does one that is no handshake.
	const sloppy = await open(context, recorder.address);
	sloppy.send('EHLO client.test\r\n');
	await sloppy.closed();
	assert.doesNotMatch(sloppy.unread, /220|250/);
});

test('one address does not get all places', async (context) => {
	const recorder = await start(context, { settings: { connectionsMax: 10, connectionsPerAddressMax: 2 } });
	const first = await open(context, recorder.address);
	const second = await open(context, recorder.address);
	await first.reply();
	await second.reply();
	const third = await open(context, recorder.address);
	assert.match((await third.reply())[0]!, /^421 4\.3\.2 /);
	first.drop();
	await first.until(() => recorder.listener.connections === 1, 'the place');
	const fourth = await open(context, recorder.address);
	assert.match((await fourth.reply())[0]!, /^220 /);
});

const file = (name: string): Buffer =>
	readFileSync(fileURLToPath(new URL(`../internet/certs/${name}`, import.meta.url)));

async function secured(context: TestContext, address: Address, options: object = {}): Promise<TLSSocket> {
	const socket = connectTls({ ...address, rejectUnauthorized: false, ...options });
	context.after(() => socket.destroy());
	await once(socket, 'secureConnect');
	return socket;
}

test('TLS before 1.2 is not spoken', async (context) => {
	const { address } = await start(context, { isImplicitTls: true });
	const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' };
	await assert.rejects(secured(context, address, old));
	const socket = await secured(context, address, { maxVersion: 'TLSv1.2' });
	assert.equal(socket.getProtocol(), 'TLSv1.2');
});

test('a renewed certificate is shown from the next handshake on', async (context) => {
	const { address, listener } = await start(context, { isImplicitTls: true });
	const subject = async (): Promise<string> =>
		String((await secured(context, address)).getPeerCertificate().subject.CN);
	const before = await subject();
	listener.renew({ key: file('bad.key'), cert: file('bad.crt') });
	assert.notEqual(await subject(), before);
	assert.throws(() => listener.renew({ key: file('good.key'), cert: file('bad.crt') }));
	assert.notEqual(await subject(), before);
});
