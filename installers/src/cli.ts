/**
 * The executable `sluice`: the agent's commands, `mta`, `doctor`, `panel`, `helper` and `watch`. Run by `scripts/sluice`, which finds the right Node.
 *
 * Compiled code is kept beside the installed packages, which halves the time until `sluice status` answers; where that folder
 * cannot be written Node goes on without. Not here: what the commands do (agent/main/commands).
 */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/sluice', import.meta.url)));

// Loaded only now, so that they are kept too.
const [
	{ createProgram, runProgram },
	{ systemTerminal },
	{ addMta },
	{ addDoctor },
	{ addPanel },
	{ addHelper },
	{ addInstall },
	{ addWatch },
	{ addStage },
] = await Promise.all([
	import('@sluice/agent/main/commands/program.ts'),
	import('@sluice/agent/main/commands/terminal.ts'),
	import('./mta/commands.ts'),
	import('./doctor/commands.ts'),
	import('./panel/commands.ts'),
	import('./helper/commands.ts'),
	import('./install/commands.ts'),
	import('./watch/commands.ts'),
	import('./stage/commands.ts'),
]);
const terminal = systemTerminal();
const program = createProgram(terminal);
addMta(program, terminal);
addDoctor(program, terminal);
addPanel(program, terminal);
addHelper(program, terminal);
addInstall(program, terminal);
addStage(program, terminal);
addWatch(program, terminal);
await runProgram(program, terminal, process.argv.slice(2));
