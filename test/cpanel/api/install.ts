/**
 * Puts the stand-ins of cPanel's programs below a folder of a test, as executables at the paths that cPanel has.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hooks } from '@sluice/panel-cpanel/hooks.ts';
import {
	change,
	deriveFiles,
	emptyState,
	readState,
	type StandInAccount,
	type StandInState,
	writeState,
} from './state.ts';

export type StandIn = {
	readonly root: string;
	/** `PATH/whmapi1`, `PATH/uapi`, `PATH/manage_hooks`. */
	readonly programs: { readonly whmapi1: string; readonly uapi: string; readonly manageHooks: string };
	/** Where hooks put their events. */
	readonly spool: string;
	state(): StandInState;
	/** By hand: no hook tells of it. */
	change(edit: (state: StandInState) => void): void;
	/** Runs `whmapi1 WORDS` and gives what it said. */
	whm(...words: string[]): Promise<{ readonly metadata: { readonly result: number; readonly reason: string } }>;
	uapi(user: string, ...words: string[]): Promise<unknown>;
	/** Puts the hook script below the root and registers it for everything, as an installation does; gives its path. */
	hook(): string;
	clear(): void;
};

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const run = promisify(execFile);
const outputBytesMax = 64 << 20;

export function installStandIn(): StandIn {
	const root = mkdtempSync(join(tmpdir(), 'sluice-cpanel-'));
	const bin = join(root, 'usr/local/cpanel/bin');
	const spool = join(root, 'var/lib/sluice-cpanel/events');
	mkdirSync(bin, { recursive: true });
	mkdirSync(spool, { recursive: true, mode: 0o700 });
	const program = (name: string, file: string): string => {
		const path = join(bin, name);
		const node = `'${process.execPath}' --disable-warning=ExperimentalWarning`;
		writeFileSync(path, `#!/bin/sh\nSTAND_IN_ROOT='${root}' exec ${node} '${here(file)}' "$@"\n`);
		chmodSync(path, 0o755);
		return path;
	};
	const programs = {
		whmapi1: program('whmapi1', 'whmapi1.ts'),
		uapi: program('uapi', 'uapi.ts'),
		manageHooks: program('manage_hooks', 'manage-hooks.ts'),
	};
	writeState(root, emptyState());
	deriveFiles(root, emptyState());
	return {
		root,
		programs,
		spool,
		state: () => readState(root),
		change: (edit) => change(root, edit),
		async whm(...words) {
			const { stdout } = await run(programs.whmapi1, ['--output=json', ...words], { maxBuffer: outputBytesMax });
			return JSON.parse(stdout);
		},
		async uapi(user, ...words) {
			const { stdout } = await run(programs.uapi, ['--output=json', `--user=${user}`, ...words]);
			return JSON.parse(stdout);
		},
		hook() {
			const script = installHook(root, spool);
			change(root, (state) => {
				state.hooks = hooks.map(({ category, event }) => ({ script, category, event, stage: 'post' }));
			});
			return script;
		},
		clear: () => rmSync(root, { recursive: true, force: true }),
	};
}

/** The hook script with the Perl and the folder of a test in it; nothing else of it differs. */
export function installHook(root: string, spool: string): string {
	const path = join(root, 'var/cpanel/sluice/sluice-hook');
	const text = readFileSync(here('../../../panel-cpanel/native/hooks/sluice-hook'), 'utf8')
		.replace('/usr/local/cpanel/3rdparty/bin/perl', '/usr/bin/perl')
		.replace("'/var/lib/sluice-cpanel/events'", `'${spool}'`);
	mkdirSync(dirname(path), { recursive: true });
	writeFileSync(path, text);
	chmodSync(path, 0o755);
	return path;
}

/** An account as the state keeps it. */
export const standInAccount = (user: string, more: Partial<StandInAccount> = {}): StandInAccount => ({
	domain: `${user}.test`,
	owner: 'root',
	plan: 'default',
	email: `owner@${user}.test`,
	uid: 1001,
	suspended: false,
	start: 1_760_000_000,
	hourMessages: 'unlimited',
	failPercent: 'unlimited',
	isHeld: false,
	isOutgoingSuspended: false,
	domains: [],
	mailboxes: [`mary@${user}.test`],
	heldMailboxes: [],
	suspendedMailboxes: [],
	...more,
});
