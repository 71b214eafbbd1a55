/**
 * `sluice install`, `uninstall`, `confirm`. Only words and options; what they do stands beside.
 */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { clientFor } from '@sluice/agent/main/commands/call.ts';
import { wholeNumber, withCommon } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { OwnRelease } from '../plan/install-facts.ts';
import { stages } from '../stage/stage.ts';
import type { InstallCall, InstallOptions, InstallPorts } from './call.ts';
import type { UninstallOptions } from './uninstall.ts';

const portMax = 1023;
const secretBytes = 24;
const agentWaitMs = 60_000;
const queueWaitMs = 20_000;
const msOf: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const durationMsMax = 7 * 86_400_000;

/** `90s`, `10m`, `1h`; 0: never. */
function duration(text: string): number {
	const [, number, unit] = /^(\d{1,6})([smhd]?)$/.exec(text) ?? [];
	const ms = Number(number) * (unit === undefined || unit === '' ? 1000 : (msOf[unit] ?? Number.NaN));
	if (!(ms >= 0 && ms <= durationMsMax)) throw new InvalidArgumentError('A time such as 90s, 10m or 1h, at most 7d.');
	return ms;
}

/** The runtime of a release lies in it; that of a checkout elsewhere. */
async function ownRelease(): Promise<OwnRelease | undefined> {
	const [{ readFileSync, existsSync }, { manifestName, readManifest }] = await Promise.all([
		import('node:fs'),
		import('../release/manifest.ts'),
	]);
	const folder = dirname(dirname(process.execPath));
	if (!existsSync(`${folder}/${manifestName}`)) return undefined;
	const { version } = readManifest(folder);
	return { version, folder, manifest: readFileSync(`${folder}/${manifestName}`, 'latin1') };
}

async function installPorts(terminal: Terminal): Promise<InstallPorts> {
	const [{ systemPorts }, release] = await Promise.all([import('../mta/commands.ts'), ownRelease()]);
	return {
		...(await systemPorts()),
		isRoot: process.getuid?.() === 0,
		release: () => release,
		freshSecret: () => randomBytes(secretBytes).toString('hex'),
		waitMs: { agent: agentWaitMs, queue: queueWaitMs },
		endInput: () => void process.stdin.destroy(),
		async exportQueue(dataDir, to) {
			const [{ exportQueue }, { agentSocket }] = await Promise.all([
				import('@sluice/agent/main/export/queue-export.ts'),
				import('../facts/places.ts'),
			]);
			const client = await clientFor(terminal, { socket: agentSocket });
			const done = await exportQueue({
				dataDir,
				to,
				uid: 0,
				now: terminal.now,
				async ask() {
					const health = await client.call('health');
					return health.ok ? { ...emptyCounts, queued: health.value.queue.recipients } : undefined;
				},
				progress: () => {},
			});
			if (!done.ok) return done;
			const { messages, recipients, notExported } = done.value;
			if (notExported.length > 0) return failed(`${notExported.length} messages could not be read`);
			return ok({ messages, recipients: recipients.queued + recipients.waiting + recipients.held });
		},
	};
}
const emptyCounts = { queued: 0, waiting: 0, held: 0 } as const;

type Verb<Options> = (call: InstallCall<Options>) => Promise<void>;

/** `ports`: another outside than this machine's, for tests. */
export function addInstall(program: Command, terminal: Terminal, ports?: InstallPorts): void {
	const add = <Options extends { readonly json?: boolean }>(
		name: string,
		description: string,
		load: () => Promise<Verb<Options>>,
	): Command =>
		withCommon(program.command(name))
			.description(description)
			.action(async (options: Options) => {
				const [{ speakerFor }, verb, outside] = await Promise.all([
					import('../mta/speak.ts'),
					load(),
					ports ?? installPorts(terminal),
				]);
				const speaker = speakerFor(terminal, options.json === true, 'install');
				try {
					await verb({ terminal, options, ports: outside, speaker });
				} catch (error) {
					speaker.refuse(brokenIo(error));
				}
			});

	withPlan(
		add<InstallOptions>(
			'install',
			'Install on this server: shows what will change, asks, does it, proves it, or puts everything back.',
			async () => (await import('./install.ts')).install,
		),
	);
	add<UninstallOptions>('uninstall', 'Take everything out again: the server is as before.', async () => {
		const { uninstall } = await import('./uninstall.ts');
		return uninstall;
	})
		.option('--yes', 'do not ask')
		.option('--dry-run', 'only show what would be done')
		.addOption(new Option('--drain <time>', 'wait so long for the queue to empty (1h, 10m)').argParser(duration))
		.option('--export <folder>', 'write mail that is in the queue into this folder (`sluice queue export`)')
		.option('--discard-queue', 'give up mail that is in the queue')
		.option('--purge', 'remove configuration and data too');
	add<InstallOptions>('rollback', 'Go back to the release that was installed before this one.', async () => {
		const { rollback } = await import('../upgrade/rollback.ts');
		return rollback;
	})
		.option('--yes', 'do not ask')
		.option('--dry-run', 'only say what would be done, and what would be lost')
		.addHelpText(
			'after',
			`
Mail stays, whatever its state. Where the later release has changed the format of state.db, what was set since the upgrade (accounts,
limits, holds, credentials, audit) is not in force afterwards; it is said first. Where it has changed the format of the spool log there is
no way back once it has taken mail. An upgrade that was cut off is taken back too.`,
		);
	add<{ readonly json?: boolean }>('confirm', 'An installation that waits to be confirmed stays.', async () => {
		const { confirm } = await import('./confirm.ts');
		return confirm;
	});
}

const withPlan = (command: Command): Command =>
	command
		.option('--yes', 'do not ask')
		.option('--dry-run', 'only show what would be done, every file whole')
		.addOption(
			new Option(
				'--stage <name>',
				'monitor: limit nothing (default); canary: only mail of --only; full: limits are in force',
			).choices(stages),
		)
		.option('--only <names...>', 'canary: accounts and domains whose mail alone comes to the agent')
		.addOption(
			new Option('--mta <name>', 'which mail server (default: the one that is installed)').choices(['exim', 'postfix']),
		)
		.option('--port <number>', 'relay port on 127.0.0.1 (default: 926, or the next free one)', wholeNumber(1, portMax))
		.option('--notices <address...>', 'who gets mail about limits (default: root)')
		.addOption(
			new Option('--firewall <choice>', 'how mail gets out where a firewall keeps users from sending').choices([
				'exempt',
				'rule',
				'mail-group',
				'smarthost',
				'none',
			]),
		)
		.option('--over-smarthost', 'although another relay is set; it comes back with `uninstall`')
		.option('--adopt-upstream', 'cPanel: another relay becomes the upstream of the agent')
		.addOption(
			new Option(
				'--confirm-within <time>',
				'go back unless somebody confirms in this time; 0: do not (default: 10m at a terminal, 0 with --yes)',
			).argParser(duration),
		)
		.option('--no-learn', 'do not read the mail log')
		// Said by install.sh, for who looks at the processes: which release it is, the program knows by where its runtime lies.
		.addOption(new Option('--unpacked <folder>').hideHelp())
		.addHelpText(
			'after',
			'\nOnce more: goes on where it was cut off, and repairs. Ends with 0 when there is nothing to do.',
		);

/** What the machine refused, as a sentence; anything else is a bug and goes on up. */
function brokenIo(error: unknown): { readonly code: string; readonly text: string; readonly hint: string } {
	const { code, message } = error as NodeJS.ErrnoException;
	if (!(error instanceof Error) || code === undefined) throw error;
	return { code: 'io', text: message, hint: 'Run it again: it goes on. `sluice uninstall` takes out what is there.' };
}
