/**
 * What a command sees of the terminal and the machine around it: one value, so that tests pass their own.
 *
 * Commands never touch `process`: they write here, ask here, and say here how the command ends. Exit codes are a contract:
 * 0 done, 1 refused or failed, 2 wrong use. Not here: what is written (render/), talking to the agent (call.ts).
 */
import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline/promises';
import type { Actor } from '@sluice/shared/contract/actor.ts';

export type ExitCode = 0 | 1 | 2;

export type Terminal = {
	writeOut(text: string): void;
	writeErr(text: string): void;
	/** A person reads standard output. */
	readonly isTerminal: boolean;
	/** A person can answer a question. */
	readonly canAsk: boolean;
	/** Columns; Infinity where nobody reads along: what goes into a pipe is never cut. */
	readonly width: number;
	readonly hasColour: boolean;
	/** IANA name of the local zone. */
	readonly zone: string;
	readonly environment: { readonly [name: string]: string | undefined };
	readonly now: () => number;
	readonly actor: Actor;
	ask(question: string): Promise<string>;
	exists(path: string): boolean;
	/** Fires when the person wants a following command to end (Ctrl-C). */
	onInterrupt(listener: () => void): void;
	/** The last call counts; without one the command ends with 0. */
	endWith(code: ExitCode): void;
};

const columnsMin = 60;
const userChars = /[^A-Za-z0-9._@:+-]/g;

const actorName = (name: string): string => name.replace(userChars, '_').slice(0, 128) || 'unknown';

/** `admin USER`, and behind sudo who really sits at the keyboard. A user without an entry in passwd is `uid:7001`. */
export function actorOf(name: string | undefined, uid: number, sudoUser: string | undefined): Actor {
	const id = actorName(name ?? `uid:${uid}`);
	const isBehindSudo = uid === 0 && sudoUser !== undefined && sudoUser !== '' && sudoUser !== id;
	return { role: 'admin', id, ...(isBehindSudo ? { as: actorName(sudoUser) } : {}) };
}

function userName(): string | undefined {
	try {
		return userInfo().username;
	} catch {
		return undefined;
	}
}

/** https://no-color.org: any value that is not empty. */
const wantsColour = (environment: Terminal['environment'], isTerminal: boolean): boolean =>
	isTerminal && (environment.NO_COLOR ?? '') === '' && environment.TERM !== 'dumb';

export function systemTerminal(): Terminal {
	const { stdout, stderr, stdin, env } = process;
	// `sluice message list | head` ends when head has enough; that is no failure.
	stdout.on('error', (error: NodeJS.ErrnoException) => {
		if (error.code === 'EPIPE') process.exit();
		throw error;
	});
	return {
		writeOut: (text) => void stdout.write(text),
		writeErr: (text) => void stderr.write(text),
		isTerminal: stdout.isTTY === true,
		canAsk: stdin.isTTY === true && stderr.isTTY === true,
		width: stdout.isTTY === true ? Math.max(columnsMin, stdout.columns ?? 80) : Number.POSITIVE_INFINITY,
		hasColour: wantsColour(env, stdout.isTTY === true),
		zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
		environment: env,
		now: Date.now,
		actor: actorOf(userName(), process.getuid?.() ?? -1, env.SUDO_USER),
		async ask(question) {
			const lines = createInterface({ input: stdin, output: stderr });
			try {
				return await lines.question(question);
			} finally {
				lines.close();
			}
		},
		exists: existsSync,
		onInterrupt(listener) {
			process.once('SIGINT', listener);
			process.once('SIGTERM', listener);
		},
		endWith(code) {
			process.exitCode = code;
		},
	};
}
