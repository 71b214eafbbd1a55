/**
 * Loaded before the installer, in the server: counts what it does to the machine, and lets one act fail or ends the process there.
 *
 * Acts are calls of Node that change files, and programs that are run. An act is known by its key: how many journal entries were written
 * before it (one is before each step), which of its like in the step it is, and what it does, without what is random in names.
 * In the environment: FAULT_TRACE is a file that gets the key of each act, a line of JSON; FAULT_AT is the key of the one that is
 * struck, and FAULT_HOW what happens there: `fail` (a call is refused with EIO, a program is not run and ends with 1), or `kill` (SIGKILL
 * before the act). Nothing of the product knows of this.
 */
import childProcess from 'node:child_process';
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { FAULT_TRACE: trace = '/dev/null', FAULT_AT: at, FAULT_HOW: how = 'fail' } = process.env;
/** Before each step the installation's journal is written. */
const journal = '/var/lib/sluice-install/state.json';
const { appendFileSync } = fs;
let entries = 0;
const seen = new Map<string, number>();

/** True: this act is to fail. */
function isStruck(act: string): boolean {
	const alike = `${entries}|${act.replace(/\b(?:p?[0-9a-f]{12,24}|lock\.\d+)\b/g, '*')}`;
	const number = (seen.get(alike) ?? 0) + 1;
	seen.set(alike, number);
	const key = `${alike}|${number}`;
	appendFileSync(trace, `${JSON.stringify(key)}\n`);
	if (key !== at) return false;
	if (how === 'kill') process.kill(process.pid, 'SIGKILL');
	return true;
}

type Call = (...words: readonly unknown[]) => unknown;

const changing = ['chmod', 'chown', 'cp', 'mkdir', 'rename', 'rm', 'rmdir', 'symlink', 'unlink'] as const;
for (const name of changing) {
	const real = promises[name] as Call;
	const struck: Call = async (...words) => {
		const paths = words.filter((word) => typeof word === 'string').join(' ');
		if (isStruck(`${name} ${paths}`)) throw Object.assign(new Error(`EIO: ${name} ${paths}`), { code: 'EIO' });
		const done = await real(...words);
		if (name === 'rename' && words[1] === journal) entries++;
		return done;
	};
	Object.assign(promises, { [name]: struck });
}
for (const name of ['execFile', 'spawn'] as const) {
	const real = childProcess[name] as Call;
	const struck: Call = (program, ...words) => {
		const line = [program, ...(Array.isArray(words[0]) ? words[0] : [])].join(' ');
		return isStruck(`${name} ${line}`) ? real('/bin/false', [], ...words.slice(1)) : real(program, ...words);
	};
	Object.assign(childProcess, { [name]: struck });
}
syncBuiltinESMExports();
