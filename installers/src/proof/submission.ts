/**
 * Handing a test message to the MTA as a user without rights, and what becomes of it there.
 */
import { randomBytes } from 'node:crypto';
import type { ProbeCheck } from '@sluice/shared/mta/checks.ts';
import { nobody } from '../apply/run-steps.ts';
import { eximProgram } from '../facts/exim.ts';
import type { Machine } from '../facts/machine.ts';
import type { Wiring } from '../plan/wiring.ts';

export type Mta = Pick<Wiring, 'mta' | 'commands'>;

/** Who hands it in. */
export type Submitter = { readonly uid: number; readonly gid: number };

export type TestMail = {
	readonly recipient: string;
	/** `From:` as it is to arrive. */
	readonly headerFrom: string;
	/** In its subject, so that no other message passes for it. */
	readonly token: string;
	readonly submitter?: Submitter;
};

/** Lines that a relay of less care changes: a leading dot, the word that mailboxes quote, a long one, one of blanks. */
export const bodyLines: readonly string[] = [
	'Sent by Sluice to see whether mail reaches the agent. It never leaves this machine.',
	'.a line that begins with a dot',
	'From the first word on, unchanged',
	`${'long '.repeat(40)}line`,
	' ',
	'the end',
];

export const subjectOf = (token: string): string => `Sluice test message ${token}`;

/** An error as a sentence. */
export async function submit(
	{ directoryName, headers, from }: ProbeCheck,
	{ commands }: Mta,
	{ recipient, headerFrom, token, submitter = nobody }: TestMail,
	machine: Machine,
): Promise<string | undefined> {
	// Another name each time: whoever made the folder before us could have a link in it that root follows.
	const parent = `/tmp/sluice-test-${randomBytes(8).toString('hex')}`;
	const directory = `${parent}/${directoryName}`;
	// Root's, so that nobody else can put anything there; open, whatever the umask is.
	const isOurs = await machine.makeFolder(parent, { mode: 0o755, uid: 0, gid: 0 });
	if (!isOurs) return `${parent} was there already`;
	const { uid, gid } = submitter;
	await machine.makeFolder(directory, { mode: 0o755, uid, gid });
	const message = [
		...headers.flatMap((header) => header.split('\r\n')),
		`From: ${headerFrom}`,
		`To: <${recipient}>`,
		`Subject: ${subjectOf(token)}`,
		'Auto-Submitted: auto-generated',
		'',
		...bodyLines,
		'',
	].join('\n');
	const command = [...commands.submit, ...(from === undefined ? [] : ['-f', from]), recipient];
	const { exitCode, output } = await machine.run(command, { user: { uid, gid }, cwd: directory, input: message });
	await machine.removeFolder(directory);
	await machine.removeFolder(parent);
	return exitCode === 0
		? undefined
		: `the MTA did not take the test message: ${command.join(' ')} ended with ${exitCode}: ${output.trim()}`;
}

const eximOf = ({ program }: Wiring['commands']): string => program ?? eximProgram;

/** What the MTA says about it, for the reason. */
export async function whereItHangs({ mta, commands }: Mta, recipient: string, machine: Machine): Promise<string> {
	const { output } = await machine.run(mta === 'exim' ? [eximOf(commands), '-bp'] : ['postqueue', '-j']);
	if (!output.includes(recipient)) return ', and the MTA has it no more: it went another way';
	const delay = /"delay_reason": "([^"]*)"/.exec(
		output.split('\n').find((line) => line.includes(recipient)) ?? '',
	)?.[1];
	return `; it waits at the MTA${delay === undefined ? '' : `: ${delay}`}`;
}

export async function removeFromQueue({ mta, commands }: Mta, recipient: string, machine: Machine): Promise<void> {
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
