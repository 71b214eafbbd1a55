/**
 * Whether an agent answers at the relay port, and what its configuration says about the wiring.
 *
 * That it is the agent and no other program is for the test message to show; here a greeting and an answer to EHLO are enough.
 */
import { connect } from 'node:net';
import { beganIn } from '@sluice/shared/client/process-began.ts';
import type { Config } from '@sluice/shared/contract/config.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { agentUnit } from '../units/names.ts';
import type { Machine } from './machine.ts';
import { dataFolder, unitFolder } from './places.ts';
import type { Refusal } from './refusal.ts';

const answerMs = 5_000;
const replyBytesMax = 64 * 1024;

/** The greeting, or why there was none. */
export function relayAnswer(port: number, timeoutMs = answerMs): Promise<Result<string, string>> {
	return new Promise((resolve) => {
		const socket = connect({ port, host: '127.0.0.1' });
		let greeting: string | undefined;
		let pending = '';
		const end = (result: Result<string, string>): void => {
			socket.destroy();
			resolve(result);
		};
		socket.setTimeout(timeoutMs, () => end(failed(`127.0.0.1:${port} does not answer within ${timeoutMs / 1000} s`)));
		socket.setEncoding('latin1');
		socket.on('error', (error: NodeJS.ErrnoException) =>
			end(
				failed(
					error.code === 'ECONNREFUSED'
						? `nothing listens on 127.0.0.1:${port}`
						: `127.0.0.1:${port}: ${error.message}`,
				),
			),
		);
		socket.on('close', () => end(failed(`127.0.0.1:${port} closed the connection`)));
		socket.on('data', (text: string) => {
			pending += text;
			const reply = /^(?:\d{3}-[^\n]*\n)*(\d{3}) ([^\n]*)\n/.exec(pending);
			if (reply === null) {
				if (pending.length > replyBytesMax) end(failed(`127.0.0.1:${port} speaks no SMTP`));
				return;
			}
			pending = pending.slice(reply[0].length);
			const [, code = '', words = ''] = reply;
			if (!code.startsWith('2')) end(failed(`127.0.0.1:${port} says ${code} ${words.trim()}`));
			else if (greeting === undefined) {
				greeting = words.trim();
				socket.write('EHLO localhost\r\n');
			} else {
				socket.write('QUIT\r\n');
				end(ok(greeting));
			}
		});
	});
}

/**
 * The agent of this data folder reads its configuration anew: by the service manager, which knows its process, where that runs it. Elsewhere
 * by SIGHUP to the process that its lock file names. The folder is the agent's user's, so the file is believed only when it is no link, and
 * while a process with that start time runs as its owner: nobody makes root signal something else.
 */
export async function reloadAgent(machine: Machine, dataDir: string): Promise<Result<void, string>> {
	if (dataDir === dataFolder && (await machine.exists(`${unitFolder}/${agentUnit}`))) {
		const { exitCode, output } = await machine.run(['systemctl', 'reload', agentUnit]);
		return exitCode === 0 ? ok(undefined) : failed(`the agent could not be told: ${output.trim()}`);
	}
	const path = `${dataDir}/agent.pid`;
	const lock = await machine.readUnlinked(path);
	const [pid = '', start = ''] = (lock?.content ?? '').trim().split(' ');
	if (lock === undefined || !/^[1-9]\d*$/.test(pid)) return failed(`the agent does not run (${path})`);
	const stat = (await machine.read(`/proc/${pid}/stat`))?.content ?? '';
	const status = (await machine.read(`/proc/${pid}/status`))?.content ?? '';
	const uid = Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1);
	if (beganIn(stat) !== start || uid !== lock.uid) return failed(`the process that ${path} names is not the agent`);
	const { exitCode, output } = await machine.run(['kill', '-HUP', pid]);
	return exitCode === 0 ? ok(undefined) : failed(`the agent (process ${pid}) could not be told: ${output.trim()}`);
}

/** What the agent's configuration must say for this MTA to be believed. */
export function configRefusal(
	config: Config,
	mta: 'exim' | 'postfix',
	user: { readonly name: string; readonly uid: number },
): Refusal | undefined {
	if (config.wiring.mta !== mta)
		return {
			code: 'agent-config',
			text: `The agent is set up for wiring.mta: ${config.wiring.mta}, and this is ${mta}.`,
			hint: `Set \`wiring: { mta: ${mta} }\` in its configuration and restart it.`,
		};
	if (config.smtp.mtaUsers.some((each) => each === user.name || each === user.uid)) return undefined;
	return {
		code: 'agent-config',
		text: `The agent does not believe the user that the MTA runs as (${user.name}).`,
		hint: `Add it: \`smtp: { mtaUsers: [${user.name}] }\`, and restart the agent.`,
	};
}

/** First line of the agent's secret file: the secret in force. Undefined: no such file, or nothing in it. */
export async function agentSecret(machine: Machine, path: string): Promise<string | undefined> {
	const lines = (await machine.read(path))?.content.split('\n').map((line) => line.trim());
	return lines?.find((line) => line !== '');
}
