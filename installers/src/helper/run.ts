/**
 * The root helper, put together: cPanel, the MTA, the agent's configuration and audit behind the verbs.
 *
 * The configuration is read anew for each act that it switches, so that switching off holds at once. Audit lines go to standard output, which is
 * the journal's. Acts that the agent does not take down (it is stopped) stand there alone, and say so.
 */
import { readFileSync } from 'node:fs';
import { type CommonOptions, configFileFor, socketPathFor } from '@sluice/agent/main/commands/options.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { readConfig } from '@sluice/agent/main/read-config.ts';
import { reconcile } from '@sluice/panel-cpanel/reconcile/reconcile.ts';
import { createClient } from '@sluice/shared/client/client.ts';
import { passedSocket } from '@sluice/shared/client/own-socket.ts';
import type { Config } from '@sluice/shared/contract/config.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type Machine, systemMachine } from '../facts/machine.ts';
import { systemPorts } from '../mta/commands.ts';
import { reconcilePorts } from '../panel/reconcile.ts';
import { type AnswerPorts, answerLine } from './answer.ts';
import { limitsMemory } from './limits-memory.ts';
import { mtaAct, queueKicker } from './mta-act.ts';
import { type ServeOptions, type Serving, serveHelper } from './serve.ts';

export type HelperOptions = CommonOptions & {
	readonly listen: string;
	readonly group: string;
	readonly config?: string;
	readonly root: string;
	readonly state: string;
	readonly memory: string;
	readonly wiring: string;
};

const helperActor = { role: 'admin', id: 'sluice-helper' } as const;
const socketMode = 0o660;

const actsOff: Config['panel']['acts'] = { hold: false, suspend: false };

export function helperPorts(
	terminal: Terminal,
	options: HelperOptions,
	machine: Machine = systemMachine(options.root),
): AnswerPorts {
	const socketPath = socketPathFor(terminal, options);
	const client = createClient(socketPath, helperActor);
	const panel = reconcilePorts(socketPath, options);
	const configFile = configFileFor(terminal, options.config);
	return {
		api: panel.api,
		files: panel.files,
		acts() {
			const read = readConfig(configFile);
			return read.ok ? read.value.panel.acts : actsOff;
		},
		reconcile: () => reconcile(panel),
		mta: async (act, actor) =>
			mtaAct(act, actor, {
				terminal,
				options: { ...options, state: options.wiring },
				ports: { ...(await systemPorts()), machine: () => machine },
			}),
		kickQueue: queueKicker(machine, terminal.now),
		memory: limitsMemory(`${options.memory}/panel-limits.json`),
		now: terminal.now,
		writeLine: (line) => terminal.writeOut(`${line}\n`),
		async record(actor, { act, subject, detail }) {
			return (await client.call('recordAct', { body: { actor, act, subject, detail } })).ok;
		},
	};
}

export async function runHelper(terminal: Terminal, options: HelperOptions): Promise<void> {
	const ports = helperPorts(terminal, options);
	const fd = passedSocket(terminal.environment, process.pid);
	const gid = fd === undefined ? gidOf(options.group) : undefined;
	const at =
		fd !== undefined ? { fd } : { path: options.listen, mode: socketMode, ...(gid === undefined ? {} : { gid }) };
	const begun = await begunOrWhyNot({
		at,
		answer: (line) => answerLine(line, ports),
		now: terminal.now,
		onBusy: (count) =>
			ports.writeLine(
				JSON.stringify({ at: new Date(terminal.now()).toISOString(), verb: null, outcome: 'busy', lines: count }),
			),
	});
	if (!begun.ok) {
		terminal.writeErr(
			`The root helper cannot begin: ${begun.error}\nIt runs as root, once on a server. Mail goes on without it.\n`,
		);
		return terminal.endWith(1);
	}
	terminal.writeErr(`The root helper answers on ${fd === undefined ? options.listen : 'the passed socket'}.\n`);
	await new Promise<void>((resolve) => terminal.onInterrupt(resolve));
	await begun.value.stop();
	terminal.endWith(0);
}

/** What stands in the way is a sentence: the journal is read by people. */
async function begunOrWhyNot(options: ServeOptions): Promise<Result<Serving, string>> {
	try {
		return ok(await serveHelper(options));
	} catch (error) {
		return failed(error instanceof Error ? error.message : String(error));
	}
}

/** Undefined where there is no such group: then only root may open the socket. */
function gidOf(group: string): number | undefined {
	const line = readFileSync('/etc/group', 'utf8')
		.split('\n')
		.find((one) => one.startsWith(`${group}:`));
	const gid = Number(line?.split(':')[2]);
	return Number.isInteger(gid) ? gid : undefined;
}
