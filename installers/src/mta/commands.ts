/**
 * `sluice mta …`: wiring the MTA to the agent and taking it out again. Only words and options; what they do stands beside.
 */
import { clientFor } from '@sluice/agent/main/commands/call.ts';
import { configOption, noun, wholeNumber, withCommon } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { type Command, Option } from 'commander';
import { stateFolderDefault } from '../apply/journal.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { Call } from './perform.ts';
import type { MtaOptions, MtaPorts } from './site.ts';

type Verb = (call: Call) => Promise<void>;

export async function systemPorts(): Promise<MtaPorts> {
	const [{ systemMachine }, { relayAnswer, reloadAgent }, { proofWaitMs }] = await Promise.all([
		import('../facts/machine.ts'),
		import('../facts/agent.ts'),
		import('../proof/prove-route.ts'),
	]);
	return {
		machine: systemMachine,
		client: clientFor,
		relayAnswer,
		reloadAgent,
		testWaitMs: proofWaitMs,
		pid: process.pid,
	};
}

/** `ports`: another outside than this machine's, for tests. */
export function addMta(program: Command, terminal: Terminal, ports?: MtaPorts): void {
	const mta = noun(program, 'mta', 'Lead the mail of Exim or Postfix through the agent, and take that out again.');
	const add = (name: string, description: string, load: () => Promise<Verb>): Command =>
		withPlace(withCommon(mta.command(name)))
			.description(description)
			.action(async (options: MtaOptions) => {
				const [{ speakerFor }, verb, outside] = await Promise.all([
					import('./speak.ts'),
					load(),
					ports ?? systemPorts(),
				]);
				const speaker = speakerFor(terminal, options.json === true);
				try {
					await verb({ terminal, options, ports: outside, speaker });
				} catch (error) {
					speaker.refuse(brokenIo(error));
				}
			});

	add(
		'wire',
		'Show the change, make it, send a test message through it; put everything back if that fails.',
		async () => {
			const { wire } = await import('./wire.ts');
			return (call) => wire(call, 'wire');
		},
	)
		.option('--yes', 'do not ask')
		.option('--dry-run', 'only show what would change')
		.option('--force', 'wire although the agent does not answer; no test message is sent')
		.option('--over-smarthost', 'wire although another relay is set; it is kept and comes back with `unwire`')
		.option(
			'--adopt-upstream',
			'cPanel: another relay becomes the upstream of the agent, with its login and identity header; it comes back with `unwire`',
		)
		.addHelpText('after', '\nEnds a bypass. Wired already: repairs what is not as it should be.');

	add('status', 'Wired, bypassed or changed by somebody; does the agent answer; the last test.', async () => {
		const { status } = await import('./status.ts');
		return status;
	}).addHelpText('after', '\nEnds with 0 when it is wired and the agent answers, else with 1.');

	add('bypass', 'Deliver directly from now on. The wiring is remembered; `wire` or `ensure` comes back.', async () => {
		const { bypass } = await import('./unwire.ts');
		return bypass;
	});

	add('unwire', 'Take the wiring out: the files are as before.', async () => {
		const { unwire } = await import('./unwire.ts');
		return unwire;
	})
		.option('--yes', 'do not ask')
		.option('--dry-run', 'only show what would change');

	add('ensure', 'Put the wiring right, for example after an upgrade. Quiet when there is nothing to do.', async () => {
		const { wire } = await import('./wire.ts');
		return (call) => wire(call, 'ensure');
	})
		.option('--keep-bypass', 'do not end a bypass: for timers and hooks')
		.option('--force', 'repair although the agent does not answer; no test message is sent');
}

/** What the machine refused, as a sentence; anything else is a bug and goes on up. */
export function brokenIo(error: unknown): Refusal {
	const { code, message } = error as NodeJS.ErrnoException;
	if (!(error instanceof Error) || code === undefined) throw error;
	return code === 'EACCES' || code === 'EPERM'
		? { code: 'not-root', text: `Not allowed: ${message}`, hint: 'Run this as root.' }
		: { code: 'io', text: message, hint: '`sluice mta status` shows how it stands.' };
}

const portMax = 65_535;

const withPlace = (command: Command): Command =>
	command
		.addOption(
			new Option('--mta <name>', 'which one (default: the one that is installed)').choices(['exim', 'postfix']),
		)
		.option(
			'--port <number>',
			'port of the agent on 127.0.0.1 (default: smtp.listen of its configuration)',
			wholeNumber(1, portMax),
		)
		.option(...configOption)
		.option('--root <folder>', 'a system that does not run, below this folder: nothing is reloaded or tested', '/')
		.option('--state <folder>', 'where former files, the last test and the log are kept', stateFolderDefault);
