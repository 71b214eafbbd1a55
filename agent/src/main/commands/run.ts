/**
 * `sluice agent run`: the agent in the foreground, as a service manager or a person at a terminal starts it.
 *
 * Log lines (JSON) go to standard output. SIGTERM and SIGINT drain, a second one ends at once: nothing is lost then either, since
 * what was acknowledged is in the log, but receivers may get what was under way twice. SIGHUP reads the configuration again; a wrong
 * one is refused, the old one stays, and `sluice status` says so until it is corrected. A configuration that is wrong at the start
 * ends with 2, as wrong use does, and so does data that a later version wrote: starting again would not help. All else that keeps the agent from starting ends with 1.
 *
 * Not here: the parts and their order (main/agent.ts), the protocol of the service manager (io/system/service-manager.ts).
 */
import type { Config } from '@sluice/shared/contract/config.ts';
import type { Result } from '@sluice/shared/words/result.ts';
import type { Command } from 'commander';
import { type CommonOptions, configFileFor, configOption, noun, withCommon } from './options.ts';
import { countText } from './render/text.ts';
import type { ExitCode, Terminal } from './terminal.ts';

type Signal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** As much of RunningAgent as this needs: tests pass their own. */
export type Runnable = {
	readonly smtpAddress: string;
	readonly socketPath: string;
	readonly flow: {
		readonly health: {
			raise(problem: { code: string; text: string; hint: string; stops: 'nothing' }): void;
			clear(code: string): void;
		};
	};
	reload(config: Config): readonly string[];
	stop(): Promise<void>;
};

export type RunParts = {
	readonly load: () => Result<Config, readonly string[]>;
	/** Rejects with ConfigurationError when what the configuration names is not there, NewerDataError when the data is a later version's. */
	readonly start: (config: Config) => Promise<Runnable>;
	readonly manager: { tell(state: 'READY=1' | 'STOPPING=1' | 'RELOADING=1', status?: string): void };
	readonly writeErr: (text: string) => void;
	/** Calls the listener for each signal until the returned function is called. */
	readonly onSignal: (listener: (signal: Signal) => void) => () => void;
	/** Ends the process without another word. */
	readonly abort: (code: ExitCode) => void;
};

const wrongConfiguration = 'configuration';
/** Starting again changes nothing. By name: what they mean stands in modules that `--help` does not load. */
const isLasting = (error: unknown): boolean =>
	error instanceof Error && (error.name === 'ConfigurationError' || error.name === 'NewerDataError');
const errorText = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function reload(agent: Runnable, { load, manager, writeErr }: RunParts): void {
	manager.tell('RELOADING=1');
	const refuse = (problems: readonly string[]): void => {
		writeErr(`${problems.join('\n')}\nThe changed configuration is refused; the one before stays in force.\n`);
		agent.flow.health.raise({
			code: wrongConfiguration,
			text: `The changed configuration was refused (${problems[0]}${problems.length > 1 ? `, and ${problems.length - 1} more` : ''}); the one before stays in force.`,
			hint: '`sluice config check` tells every mistake. Correct them and reload again.',
			stops: 'nothing',
		});
	};
	const loaded = load();
	if (loaded.ok) {
		try {
			const restartFor = agent.reload(loaded.value);
			agent.flow.health.clear(wrongConfiguration);
			if (restartFor.length > 0) writeErr(`Applied, but only a restart applies: ${restartFor.join(', ')}.\n`);
		} catch (error) {
			refuse([errorText(error)]);
		}
	} else refuse(loaded.error);
	manager.tell('READY=1');
}

/** Runs until a signal ends it. Resolves with how the process ends. */
export async function runAgent(parts: RunParts): Promise<ExitCode> {
	const { load, start, manager, writeErr, onSignal, abort } = parts;
	const loaded = load();
	if (!loaded.ok) {
		writeErr(`${loaded.error.join('\n')}\n${countText(loaded.error.length, 'mistake')}; the agent does not start.\n`);
		return 2;
	}
	let agent: Runnable | undefined;
	const end = Promise.withResolvers<void>();
	let isEnding = false;
	const off = onSignal((signal) => {
		if (signal === 'SIGHUP') {
			if (agent !== undefined && !isEnding) reload(agent, parts);
			return;
		}
		if (isEnding) {
			writeErr(`${signal} again: ending at once. What was under way may be delivered twice.\n`);
			abort(1);
			return;
		}
		isEnding = true;
		end.resolve();
	});
	try {
		agent = await start(loaded.value);
		manager.tell('READY=1', `Relay port ${agent.smtpAddress}, API ${agent.socketPath}`);
		await end.promise;
		manager.tell('STOPPING=1', 'Waiting for deliveries under way');
		await agent.stop();
		return 0;
	} catch (error) {
		writeErr(`The agent ${agent === undefined ? 'cannot start' : 'did not stop well'}: ${errorText(error)}\n`);
		return isLasting(error) ? 2 : 1;
	} finally {
		off();
	}
}

/** By name, `smtp` and `api`; one without a name that is told is the relay port. */
export function agentSockets(passed: readonly { readonly fd: number; readonly name: string }[]): {
	readonly socketFd?: number;
	readonly apiSocketFd?: number;
} {
	const api = passed.find(({ name }) => name === 'api');
	const smtp = passed.find(({ name }) => name === 'smtp') ?? passed.find(({ name }) => name !== 'api');
	return {
		...(smtp === undefined ? {} : { socketFd: smtp.fd }),
		...(api === undefined ? {} : { apiSocketFd: api.fd }),
	};
}

type RunOptions = CommonOptions & { readonly config?: string };

async function run(terminal: Terminal, options: RunOptions): Promise<void> {
	const [{ loadConfig, problemText }, { startAgent }, { openServiceManager }, { passedSockets }] = await Promise.all([
		import('../../config/load.ts'),
		import('../agent.ts'),
		import('../../io/system/service-manager.ts'),
		import('@sluice/shared/client/own-socket.ts'),
	]);
	const file = configFileFor(terminal, options.config);
	const passed = agentSockets(passedSockets(terminal.environment, process.pid));
	const manager = openServiceManager(terminal.environment, process.pid);
	// Mail, addresses and the audit are in our files: nobody else's to read, wherever dataDir is and whoever made it.
	process.umask(0o077);
	// A promise that nobody waited for is a bug of one message or one request: told, and no reason to end everybody's mail.
	process.on('unhandledRejection', (error) => {
		terminal.writeErr(`Unhandled: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
	});
	const code = await runAgent({
		load: () => {
			const loaded = loadConfig(file);
			if (!loaded.ok) return { ok: false, error: loaded.error.map(problemText) };
			const { config } = loaded.value;
			const { socket } = options;
			return { ok: true, value: socket === undefined ? config : { ...config, api: { ...config.api, socket } } };
		},
		start: (config) => startAgent({ config, ...passed }),
		manager,
		writeErr: terminal.writeErr,
		onSignal: (listener) => {
			const signals: readonly Signal[] = ['SIGTERM', 'SIGINT', 'SIGHUP'];
			for (const signal of signals) process.on(signal, listener);
			return () => {
				for (const signal of signals) process.off(signal, listener);
			};
		},
		abort: (ending) => process.exit(ending),
	});
	await manager.stop();
	// A start that failed may leave threads and sockets open behind it; they must not keep the process.
	process.exit(code);
}

export function addRun(program: Command, terminal: Terminal): void {
	const agent = noun(program, 'agent', 'The relay agent itself.');
	withCommon(agent.command('run'))
		.description('Run the agent in the foreground; log lines (JSON) go to standard output.')
		.option(...configOption)
		.addHelpText(
			'after',
			`
SIGTERM and SIGINT: no new mail, wait for deliveries under way, end. A second one ends at once.
SIGHUP: read the configuration again; a wrong one is refused and the one before stays.
Sockets passed by systemd (LISTEN_FDS) go by their names (FileDescriptorName=): smtp, or without one of these names, is the relay port; api
is the API in place of api.socket, and its owner and mode stay. NOTIFY_SOCKET is told READY, RELOADING, STOPPING, WATCHDOG.
--socket takes the place of api.socket. Output is JSON lines with or without --json.
Ends with 0 after a signal, 1 when it cannot start or run, 2 when the configuration is wrong or a later version wrote the data.`,
		)
		.action((options: RunOptions) => run(terminal, options));
}
