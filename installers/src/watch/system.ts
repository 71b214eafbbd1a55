/**
 * The outside of the watch on a real server.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { stateFolderDefault } from '../apply/journal.ts';
import { systemMachine } from '../facts/machine.ts';
import { configFile, currentRelease, runFolder, watchFolder } from '../facts/places.ts';
import { pendingFile } from '../install/pending.ts';
import { heldSenders, record } from './agent-socket.ts';
import type { WatchPlaces, WatchPorts } from './ports.ts';
import { probe } from './probe.ts';
import { watchName } from './server.ts';

const systemPlaces: WatchPlaces = {
	folder: watchFolder,
	runFolder: `${runFolder}/watch`,
	config: configFile,
	wiring: stateFolderDefault,
	pending: pendingFile,
};

const command = `${currentRelease}/bin/sluice`;
/** Taking back an installation, or building cPanel's configuration of Exim anew, is long work. */
const commandMsMax = 540_000;
const outputBytesMax = 4 << 20;
/** Who asked for it, as the command knows it from sudo: the log of the wiring then says whose act it was. */
const environment = {
	PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
	LC_ALL: 'C',
	HOME: '/root',
	SUDO_USER: watchName,
};

function runSluice(
	words: readonly string[],
	program: string = command,
): Promise<{ readonly exitCode: number; readonly output: string }> {
	return new Promise((resolve) => {
		const path = program === 'sluice' ? command : program;
		const options = { cwd: '/', env: environment, timeout: commandMsMax, maxBuffer: outputBytesMax };
		const child = execFile(path, words, options, (error, stdout, stderr) => {
			const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 127;
			resolve({ exitCode, output: `${stdout}${stderr}${exitCode === 127 && error !== null ? error.message : ''}` });
		});
		child.stdin?.end();
	});
}

const tokenBytes = 9;

export const systemPorts = (print: WatchPorts['print']): WatchPorts => ({
	machine: systemMachine(),
	places: systemPlaces,
	sluice: runSluice,
	probe: (port) => probe({ port, token: randomBytes(tokenBytes).toString('hex'), nowMs: Date.now() }),
	held: heldSenders,
	record,
	async panel() {
		const { systemCpanelApi } = await import('@sluice/panel-cpanel/api/cpanel-api.ts');
		return systemCpanelApi();
	},
	print,
	hostName: hostname(),
	now: Date.now,
	pid: process.pid,
});
