/**
 * The machine and the programs of a bench, as a reader of its figures needs them: no names, no paths.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

export type Machine = {
	readonly processors: number;
	readonly processor: string;
	readonly memoryGb: number;
	readonly kernel: string;
	readonly disk: string;
	readonly node: string;
	readonly commit: string;
	readonly date: string;
};

const attempt = (read: () => string): string => {
	try {
		return read().trim();
	} catch {
		return 'unknown';
	}
};

/** Kind of the disk under `folder`: file system, and whether the kernel takes it for a virtual, rotating or solid one. */
function diskOf(folder: string): string {
	const mount = attempt(() =>
		execFileSync('findmnt', ['-n', '-o', 'FSTYPE,SOURCE', '-T', folder], { encoding: 'utf8' }),
	);
	const [fileSystem = 'unknown', device = ''] = mount.split(/\s+/);
	const name = device.replace(/^\/dev\//, '').replace(/p?\d+$/, '');
	const kind = /^vd|^xvd/.test(name)
		? 'virtual disk'
		: attempt(() =>
				readFileSync(`/sys/block/${name}/queue/rotational`, 'latin1').trim() === '1'
					? 'rotating disk'
					: 'solid state disk',
			);
	return statSync(folder).isDirectory() ? `${fileSystem} on a ${kind}` : kind;
}

export function describeMachine(folder: string): Machine {
	return {
		processors: cpus().length,
		processor: cpus()[0]?.model.trim() ?? 'unknown',
		memoryGb: Math.round(totalmem() / 2 ** 30),
		kernel: `Linux ${release().replace(/^(\d+\.\d+).*/, '$1')}`,
		disk: diskOf(folder),
		node: process.version,
		commit: attempt(() =>
			execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8', cwd: import.meta.dirname }),
		),
		date: new Date().toISOString().slice(0, 10),
	};
}

export function machineText(machine: Machine): string {
	const { processors, processor, memoryGb, kernel, disk, node, commit, date } = machine;
	return `${date}, commit ${commit}: ${processors} × ${processor}, ${memoryGb} GB, ${kernel}, ${disk}, Node ${node}.`;
}
