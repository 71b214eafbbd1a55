/** The way out is tried as the agent's user: who answers, or that nobody does; the little program itself against a server of ours. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { CommandOutcome } from '@sluice/shared/mta/checks.ts';
import { mailGroupDropIn } from '../facts/firewall.ts';
import type { RunOptions } from '../facts/machine.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { codes, type Given, groundWith, noNames } from './ground.fixture.ts';
import { connectProgram, outboundFindings } from './outbound.ts';

const users = [fileOf('/etc/passwd', 'root:x:0:0:\nsluice:x:991:992::/:/x\n'), fileOf('/etc/group', 'mail:x:12:\n')];
const names = { ...noNames, exchanges: async () => ['mx1.test', 'mx2.test', 'mx3.test'] };

async function tried(lines: { readonly [target: string]: string }, given: Given = {}) {
	const ground = groundWith({ files: users, ...given, ground: { names, ...given.ground } });
	const asked: { readonly target: string; readonly user: RunOptions['user'] }[] = [];
	const machine = {
		...ground.machine,
		run: async (command: readonly string[], { user }: RunOptions = {}): Promise<CommandOutcome> => {
			const target = command.slice(3, 5).join(':');
			asked.push({ target, user });
			return { exitCode: 0, output: `${lines[target] ?? '! ETIMEDOUT'}\n` };
		},
	};
	return { found: await outboundFindings({ ...ground, machine }), asked };
}

test('somebody far away answers: well; as the user and group of the unit', async () => {
	const { found, asked } = await tried({ 'mx1.test:25': '220 mx1.test ESMTP' });
	assert.deepEqual(found, []);
	assert.deepEqual(asked, [{ target: 'mx1.test:25', user: { uid: 991, gid: 992 } }]);
	const inGroup = await tried({}, { files: [...users, fileOf(mailGroupDropIn, '[Service]\nGroup=mail\n')] });
	assert.deepEqual(inGroup.asked[0]?.user, { uid: 991, gid: 12 });
});

test('nobody, ourselves, a refusal, no DNS, no user', async () => {
	const rows: readonly (readonly [string, { readonly [target: string]: string }, Given, readonly string[]])[] = [
		['nobody', {}, {}, ['outbound.closed']],
		['the second one', { 'mx2.test:25': '220 mx2.test' }, {}, []],
		['ourselves', { 'mx1.test:25': '220-Mail.Example.net ESMTP Exim' }, {}, ['outbound.loop']],
		['the agent', { 'mx1.test:25': '220 agent.test ESMTP' }, { config: { hostName: 'agent.test' } }, ['outbound.loop']],
		['a refusal', { 'mx1.test:25': '554 5.7.1 blocked' }, {}, ['outbound.refused']],
		[
			'no DNS',
			{},
			{ ground: { names: { ...names, exchanges: () => Promise.reject(new Error('ETIMEOUT')) } } },
			['outbound.dns'],
		],
		['no user', {}, { files: [] }, ['outbound.user']],
		[
			'the relay',
			{ 'relay.test:2525': '220 relay.test' },
			{ config: { delivery: { smarthost: { host: 'relay.test', port: 2525 } } } },
			[],
		],
		['as told', { 'there.test:26': '220 there.test' }, { ground: { target: 'there.test:26' } }, []],
	];
	for (const [what, lines, given, wanted] of rows)
		assert.deepEqual(codes((await tried(lines, given)).found), wanted, what);
});

test('the program that connects says the greeting, a refusal, or that nobody spoke in time', async (t) => {
	let greeting: string | undefined = '220-first.test hello\r\n220 second\r\n';
	const server = createServer((socket) => {
		socket.on('error', () => {});
		if (greeting !== undefined) socket.write(greeting);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const { port } = server.address() as AddressInfo;
	t.after(() => server.close());
	const said = async (ms: number) =>
		(await promisify(execFile)(process.execPath, ['-e', connectProgram, '127.0.0.1', String(port), String(ms)])).stdout;
	assert.equal(await said(5000), '220-first.test hello\n');
	greeting = undefined;
	assert.equal(await said(50), '! no answer within 0.05 s\n');
	server.close();
	assert.equal(await said(5000), '! ECONNREFUSED\n');
});
