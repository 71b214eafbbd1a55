/** Does something that could be the agent answer, and would it believe this MTA? */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { configSchema } from '@sluice/shared/contract/config.ts';
import { agentSecret, configRefusal, relayAnswer, reloadAgent } from './agent.ts';
import { fileOf, memoryMachine } from './memory-machine.fixture.ts';

async function withServer(talk: (socket: Socket) => void, ask: (port: number) => Promise<void>): Promise<void> {
	const sockets = new Set<Socket>();
	const server = createServer((socket) => {
		sockets.add(socket.on('error', () => {}));
		talk(socket);
	});
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	try {
		await ask((server.address() as AddressInfo).port);
	} finally {
		for (const socket of sockets) socket.destroy();
		server.close();
	}
}

test('a greeting and an answer to EHLO, however they are cut', async () => {
	await withServer(
		(socket) => {
			socket.write('220 mx.te');
			socket.write('st ESMTP\r\n');
			socket.on('data', () => socket.write('250-mx.test\r\n250 SIZE\r\n'));
		},
		async (port) => assert.deepEqual(await relayAnswer(port), { ok: true, value: 'mx.test ESMTP' }),
	);
});

test('silence, refusal and 421 each say what they are', async () => {
	await withServer(
		() => {},
		async (port) => assert.match(JSON.stringify(await relayAnswer(port, 50)), /does not answer within/),
	);
	await withServer(
		(socket) => socket.end('421 4.3.2 too busy\r\n'),
		async (port) => assert.match(JSON.stringify(await relayAnswer(port)), /says 421 4\.3\.2 too busy/),
	);
	await withServer(
		(socket) => socket.destroy(),
		async (port) => assert.equal((await relayAnswer(port)).ok, false),
	);
	assert.match(JSON.stringify(await relayAnswer(1)), /nothing listens on 127\.0\.0\.1:1/);
});

test('the agent must be set up for this MTA and believe its user, by name or number', () => {
	const config = (mta: 'exim' | 'postfix', mtaUsers: (string | number)[]) =>
		configSchema.parse({ dataDir: 'v', wiring: { mta, secretFile: 's' }, smtp: { mtaUsers } });
	const user = { name: 'Debian-exim', uid: 104 };
	assert.equal(configRefusal(config('exim', ['Debian-exim']), 'exim', user), undefined);
	assert.equal(configRefusal(config('exim', [104]), 'exim', user), undefined);
	assert.match(configRefusal(config('postfix', [104]), 'exim', user)?.text ?? '', /wiring\.mta: postfix/);
	assert.match(configRefusal(config('exim', ['postfix']), 'exim', user)?.hint ?? '', /mtaUsers: \[Debian-exim\]/);
});

test('the secret in force is the first line that says something', async () => {
	const machine = memoryMachine([fileOf('/secret', '\n new \nformer\n'), fileOf('/empty', '\n')]);
	assert.equal(await agentSecret(machine, '/secret'), 'new');
	assert.equal(await agentSecret(machine, '/empty'), undefined);
	assert.equal(await agentSecret(machine, '/none'), undefined);
});

test('only the process that the lock of the agent names is told to read its configuration anew', async () => {
	const stat = (start: string) => `4711 (node) S ${Array(18).fill('0').join(' ')} ${start} 0`;
	const asked = async (lock: string, start = '99', uid = 990) => {
		const machine = memoryMachine([
			...(lock === '' ? [] : [fileOf('/data/agent.pid', lock, { uid: 990 })]),
			fileOf('/proc/4711/stat', stat(start)),
			fileOf('/proc/4711/status', `Name:\tnode\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`),
		]);
		const told = await reloadAgent(machine, '/data');
		return [told.ok, machine.ran];
	};
	assert.deepEqual(await asked('4711 99\n'), [true, ['kill -HUP 4711']]);
	assert.deepEqual(await asked('4711 99\n', '98'), [false, []], 'another process of that number');
	assert.deepEqual(await asked('4711 99\n', '99', 0), [false, []], 'a process of somebody else');
	const linked = memoryMachine([
		fileOf('/data/agent.pid', '1 99\n'),
		fileOf('/proc/1/stat', stat('99')),
		fileOf('/proc/1/status', 'Uid:\t0\t0\t0\t0\n'),
	]);
	await linked.link('/data/agent.pid', '/etc/somebody-else');
	assert.equal((await reloadAgent(linked, '/data')).ok, false, 'what a link leads to');
	const unit = memoryMachine([fileOf('/etc/systemd/system/sluice-agent.service', '')]);
	assert.equal((await reloadAgent(unit, '/var/lib/sluice')).ok, true);
	assert.deepEqual(unit.ran, ['systemctl reload sluice-agent.service']);
	assert.deepEqual(await asked(''), [false, []], 'no agent');
	assert.deepEqual(await asked('-1 99\n'), [false, []]);
});
