/**
 * The test message: sent through the MTA by a user without rights, and looked for at the agent.
 *
 * It goes to an address below `.invalid` (RFC 2606 §2: no such domain will ever be) that is made up for this one message. Before it is
 * sent, the agent is told to hold that destination: so it is accepted and attributed like any mail, and never tried. When it was seen
 * it is discarded and the hold lifted. Whatever goes wrong, nothing of it leaves the machine, and what hangs at the MTA is removed.
 *
 * What is proved: the way from the MTA to the agent, and that the agent knows the sender from what the MTA proves (user, directory) in
 * spite of a forged header. What the agent never saw (a header that Exim did not remove) is for the check of the text.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, ClientFailure } from '@sluice/shared/client/client.ts';
import type { TraceDto } from '@sluice/shared/contract/shapes.ts';
import type { ProbeCheck } from '@sluice/shared/mta/checks.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { eximProgram } from '../facts/exim.ts';
import type { Machine } from '../facts/machine.ts';
import type { MtaKind, Wiring } from '../plan/wiring.ts';
import { nobody } from './run-steps.ts';

export type TestMessagePorts = {
	readonly machine: Machine;
	readonly client: Client;
	readonly now: () => number;
	/** How long to look for it. */
	readonly waitMs: number;
};

export type TestProof = { readonly message: string; readonly text: string };

export const testWaitMs = 30_000;
const pollMs = 200;
const againMs = 5_000;
const holdSeconds = 600;
const reason = 'Test message of `sluice mta`';

const failureText = (failure: ClientFailure): string =>
	failure.kind === 'problem' ? (failure.problem.detail ?? failure.problem.title) : failure.text;

export async function sendTestMessage(
	check: ProbeCheck,
	wiring: Pick<Wiring, 'mta' | 'commands'>,
	ports: TestMessagePorts,
): Promise<Result<TestProof, string>> {
	const { client } = ports;
	const token = randomBytes(8).toString('hex');
	const domain = `sluice-test-${token}.invalid`;
	const recipient = `probe@${domain}`;
	const held = await client.call('putHold', {
		body: { selector: { kind: 'destination', id: domain }, reason, seconds: holdSeconds },
	});
	if (!held.ok) return failed(`the agent does not take the order to keep the test message: ${failureText(held.error)}`);
	try {
		const again = (): Promise<string | undefined> =>
			submit(check, wiring, { recipient, token, machine: ports.machine });
		const seen = await arrival(recipient, again, ports);
		if (!seen.ok) return failed(`${seen.error}${await whereItHangs(wiring, recipient, ports.machine)}`);
		return judged(check, wiring.mta, seen.value);
	} finally {
		await client.call('act', {
			params: { act: 'discard' },
			body: { selector: { kind: 'destination', id: domain }, reason },
		});
		await client.call('deleteHold', { params: { id: held.value.hold.id }, query: { release: 'false' } });
		await removeFromQueue(wiring, recipient, ports.machine).catch(() => undefined);
	}
}

/** An error as a sentence. */
async function submit(
	{ directoryName, headers }: ProbeCheck,
	{ commands }: Pick<Wiring, 'commands'>,
	{ recipient, token, machine }: { readonly recipient: string; readonly token: string; readonly machine: Machine },
): Promise<string | undefined> {
	// Another name each time: the token is in the process list from the first time on, and whoever made the folder before us could have a
	// link in it that root follows.
	const parent = `/tmp/sluice-test-${randomBytes(8).toString('hex')}`;
	const directory = `${parent}/${directoryName}`;
	// Root's, so that nobody else can put anything there; open, whatever the umask is.
	const isOurs = await machine.makeFolder(parent, { mode: 0o755, uid: 0, gid: 0 });
	if (!isOurs) return `${parent} was there already`;
	await machine.makeFolder(directory, { mode: 0o755, ...nobody });
	const message = [
		...headers.flatMap((header) => header.split('\r\n')),
		`To: <${recipient}>`,
		`Subject: Sluice test message ${token}`,
		'Auto-Submitted: auto-generated',
		'',
		'Sent by `sluice mta` to see whether mail reaches the agent. It never leaves this machine.',
		'',
	].join('\n');
	const command = [...commands.submit, recipient];
	const { exitCode, output } = await machine.run(command, { user: nobody, cwd: directory, input: message });
	await machine.removeFolder(directory);
	await machine.removeFolder(parent);
	return exitCode === 0
		? undefined
		: `the MTA did not take the test message: ${command.join(' ')} ended with ${exitCode}: ${output.trim()}`;
}

/**
 * Sends, and sends again: for a moment after a reload Postfix still routes by its former settings, and that message is no proof.
 * All of them go to the one recipient, and all are discarded.
 */
async function arrival(
	recipient: string,
	send: () => Promise<string | undefined>,
	ports: TestMessagePorts,
): Promise<Result<TraceDto, string>> {
	const deadlineMs = ports.now() + ports.waitMs;
	let sendMs = ports.now();
	for (;;) {
		if (ports.now() >= sendMs) {
			const refused = await send();
			if (refused !== undefined) return failed(refused);
			sendMs = ports.now() + againMs;
		}
		const found = await ports.client.call('listMessages', { query: { recipient } });
		if (!found.ok) return failed(`the agent could not be asked: ${failureText(found.error)}`);
		const [message] = found.value.items;
		if (message !== undefined) {
			const trace = await ports.client.call('traceMessage', { params: { id: message.id } });
			return trace.ok ? trace : failed(`the agent could not be asked: ${failureText(trace.error)}`);
		}
		if (ports.now() > deadlineMs)
			return failed(`the test message did not reach the agent within ${Math.round(ports.waitMs / 1000)} s`);
		await pause(pollMs);
	}
}

function judged(check: ProbeCheck, mta: MtaKind, { message, from, steps }: TraceDto): Result<TestProof, string> {
	const wanted = `unix:${nobody.uid}`;
	const saw = `the agent saw ${from.identity === '' ? 'no sender' : from.identity} (${from.evidence})`;
	if (check.mustHold.includes('uid') && from.identity !== wanted)
		return failed(`the test message reached the agent, but not with its sender: ${saw}, not ${wanted}`);
	if (from.certainty === 'none')
		return failed(`the test message reached the agent, but nothing proves its sender: ${saw}`);
	if (
		mta === 'exim' &&
		check.mustHold.includes('directory') &&
		from.directory?.endsWith(asShown(check.directoryName)) !== true
	)
		return failed(
			`the agent did not see the directory from which the test message was sent, but ${JSON.stringify(from.directory)}`,
		);
	const alarm = steps.find(({ event }) => event === 'attribution.alarm');
	if (check.mustHold.includes('no-alarm') && alarm !== undefined)
		return failed(`the test message raised an alarm at the agent: ${alarm.text}`);
	return ok({
		message: message.id,
		text: `The agent accepted a test message and knows who sent it: ${senderText(from)} (${from.certainty}).`,
	});
}

/** The test is sent as nobody, whose number says little to people. */
const senderText = ({ identity }: TraceDto['from']): string =>
	identity === `unix:${nobody.uid}` ? `user nobody, ${identity}` : identity;

/** As the agent shows a directory: bytes that are no plain text as `\\x0a`. */
const asShown = (name: string): string =>
	name.replace(/[^\x20-\x7e]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);

type Mta = Pick<Wiring, 'mta' | 'commands'>;
const eximOf = ({ program }: Wiring['commands']): string => program ?? eximProgram;

/** What the MTA says about it, for the reason. */
async function whereItHangs({ mta, commands }: Mta, recipient: string, machine: Machine): Promise<string> {
	const { output } = await machine.run(mta === 'exim' ? [eximOf(commands), '-bp'] : ['postqueue', '-j']);
	if (!output.includes(recipient)) return ', and the MTA has it no more: it went another way';
	const delay = /"delay_reason": "([^"]*)"/.exec(
		output.split('\n').find((line) => line.includes(recipient)) ?? '',
	)?.[1];
	return `; it waits at the MTA${delay === undefined ? '' : `: ${delay}`}`;
}

async function removeFromQueue({ mta, commands }: Mta, recipient: string, machine: Machine): Promise<void> {
	if (mta === 'postfix') {
		const { output } = await machine.run(['postqueue', '-j']);
		for (const line of output.split('\n').filter((each) => each.includes(recipient))) {
			const id = /"queue_id": "([^"]+)"/.exec(line)?.[1];
			if (id !== undefined) await machine.run(['postsuper', '-d', id]);
		}
		return;
	}
	const { output } = await machine.run([eximOf(commands), '-bp']);
	for (const entry of output.split('\n\n').filter((each) => each.includes(recipient))) {
		const id = entry.trim().split(/\s+/)[2];
		if (id !== undefined) await machine.run([eximOf(commands), '-Mrm', id]);
	}
}
