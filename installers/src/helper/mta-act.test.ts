/** The wiring's own commands, spoken to by the helper: one sentence back, whatever they say in between. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actorOf, type Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { fileOf, memoryMachine } from '../facts/memory-machine.fixture.ts';
import type { MtaPorts } from '../mta/site.ts';
import { mtaAct, queueKicker } from './mta-act.ts';

const terminal = {
	environment: {},
	now: () => 1_000_000,
	exists: () => false,
	actor: actorOf('root', 0, undefined),
	writeOut: () => assert.fail('nothing is written for people'),
	writeErr: () => assert.fail('nothing is written for people'),
} as unknown as Terminal;

const act = (which: 'ensure' | 'bypass', machine: ReturnType<typeof memoryMachine>) =>
	mtaAct(
		which,
		{ role: 'admin', id: 'root', as: 'alex' },
		{
			terminal,
			options: { root: '/', state: '/var/lib/sluice-wiring' },
			ports: { machine: () => machine, pid: process.pid } as unknown as MtaPorts,
		},
	);

test('a server without a mail server, and one that is not wired: refused in words', async () => {
	const none = await act('ensure', memoryMachine());
	assert.match(none.ok ? '' : none.error, /Neither Exim .* is installed here/);
	const postfix = () =>
		memoryMachine([fileOf('/usr/sbin/postconf', ''), fileOf('/etc/postfix/main.cf', 'relayhost =\n')]);
	for (const which of ['ensure', 'bypass'] as const) {
		const machine = postfix();
		const done = await act(which, machine);
		assert.match(done.ok ? '' : done.error, /not wired here/i, which);
		assert.ok(
			machine.acts.every((one) => !one.startsWith('write /etc/')),
			machine.acts.join('\n'),
		);
		assert.equal(machine.files.get('/var/lib/sluice-wiring/lock.1')?.content, 'free\n', 'the lock is given back');
	}
});

test('a queue run of the mail server that is here, and not one behind the other', async () => {
	const ran: string[] = [];
	const machine = (program: string) =>
		({
			exists: async (path: string) => path === program,
			async run(command: readonly string[], options: object) {
				ran.push(`${command.join(' ')} ${JSON.stringify(options)}`);
				return { exitCode: 0, output: '' };
			},
		}) as unknown as Parameters<typeof queueKicker>[0];
	let now = 100_000;
	const kick = queueKicker(machine('/usr/sbin/exim'), () => now);
	assert.equal((await kick()).ok, true);
	now += 10_000;
	assert.equal((await kick()).ok, false, 'not one behind the other');
	now += 30_000;
	assert.equal((await kick()).ok, true);
	assert.equal((await queueKicker(machine('/usr/sbin/postqueue'), () => now)()).ok, true);
	assert.equal((await queueKicker(machine('/none'), () => now)()).ok, false);
	assert.deepEqual(ran, [
		'/usr/sbin/exim -qf {"isDetached":true}',
		'/usr/sbin/exim -qf {"isDetached":true}',
		'/usr/sbin/postqueue -f {"isDetached":true}',
	]);
});
