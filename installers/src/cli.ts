/**
 * The executable `sluice`: the agent's commands and those of a server (commands.ts). Run by `scripts/sluice`, which finds the right Node.
 *
 * Compiled code is kept beside the installed packages, which halves the time until `sluice status` answers; where that folder
 * cannot be written Node goes on without. Not here: what the commands do (agent/main/commands).
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

// Whatever the caller's shell says: nobody else writes into what root runs, compiled code before all.
process.umask(process.umask() | 0o022);
enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/sluice', import.meta.url)));

// Loaded only now, so that they are kept too.
const [{ createProgram, runProgram }, { systemTerminal }, { addServerCommands }] = await Promise.all([
	import('@sluice/agent/main/commands/program.ts'),
	import('@sluice/agent/main/commands/terminal.ts'),
	import('./commands.ts'),
]);
const terminal = systemTerminal();
const program = createProgram(terminal);
addServerCommands(program, terminal);
await runProgram(program, terminal, process.argv.slice(2));
