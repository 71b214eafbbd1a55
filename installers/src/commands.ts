/**
 * The commands that the installers add to the agent's: one list for the executable and for what is written about it. Words only; what a
 * command does is loaded when it runs.
 */
import { grouped } from '@sluice/agent/main/commands/program.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Command } from 'commander';
import { addDoctor } from './doctor/commands.ts';
import { addHelper } from './helper/commands.ts';
import { addInstall } from './install/commands.ts';
import { addMta } from './mta/commands.ts';
import { addPanel } from './panel/commands.ts';
import { addStage } from './stage/commands.ts';
import { addWatch } from './watch/commands.ts';

export function addServerCommands(program: Command, terminal: Terminal): void {
	addInstall(program, terminal);
	addStage(program, terminal);
	addMta(program, terminal);
	addDoctor(program, terminal);
	addPanel(program, terminal);
	addHelper(program, terminal);
	addWatch(program, terminal);
	grouped(program);
}
