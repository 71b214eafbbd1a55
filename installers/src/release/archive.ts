/**
 * The archive of a release: `.tar.xz`, the same bytes from the same folder.
 *
 * GNU tar writes it with sorted names, one time, owner 0:0; xz compresses with one thread and a fixed preset. Nine tenths of it are
 * Node's binary, which changes with Node alone: its data is a stream of its own in the .xz (a file may hold several, xz(1) and the format's
 * §2), kept compressed from build to build below a cache folder.
 */
import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type ArchiveOptions = {
	/** Its own name is the one folder in the archive. */
	readonly folder: string;
	/** A file in it whose compressed data is kept. */
	readonly heavy: string;
	readonly out: string;
	/** Seconds since the epoch that every file gets. */
	readonly mtime: number;
	/** Preset of xz, 0 to 9. */
	readonly preset: number;
	readonly cache: string;
};

const blockBytes = 512;
/** Two empty blocks end an archive. */
const endBytes = 2 * blockBytes;
const archiveBytesMax = 1 << 29;

export async function writeArchive(options: ArchiveOptions): Promise<void> {
	const { folder, heavy, preset } = options;
	const name = basename(folder);
	const common = ['--create', '--blocking-factor=1', '--sort=name', '--format=gnu', `--mtime=@${options.mtime}`];
	const owner = ['--owner=0', '--group=0', '--numeric-owner', '--mode=go-w', `--directory=${dirname(folder)}`];
	const tar = async (...which: string[]): Promise<Buffer> => {
		const { stdout } = await run('tar', [...common, ...owner, ...which], {
			encoding: 'buffer',
			maxBuffer: archiveBytesMax,
			env: { ...process.env, LC_ALL: 'C', TAR_OPTIONS: '' },
		});
		return stdout.subarray(0, stdout.length - endBytes);
	};
	const light = await tar(`--exclude=${name}/${heavy}`, name);
	const alone = await tar(`${name}/${heavy}`);
	const first = await compressed(Buffer.concat([light, alone.subarray(0, blockBytes)]), preset);
	const second = await kept(alone.subarray(blockBytes), options);
	const last = await compressed(Buffer.alloc(endBytes), preset);
	writeFileSync(options.out, Buffer.concat([first, second, last]));
}

async function kept(data: Buffer, { cache, preset }: ArchiveOptions): Promise<Buffer> {
	const { stdout } = await run('xz', ['--version']);
	const key = createHash('sha256').update(`${preset}\n${stdout}\n`).update(data).digest('hex').slice(0, 24);
	const path = join(cache, `${key}.xz`);
	if (existsSync(path)) return readFileSync(path);
	const result = await compressed(data, preset);
	mkdirSync(cache, { recursive: true });
	writeFileSync(`${path}.${process.pid}`, result);
	renameSync(`${path}.${process.pid}`, path);
	return result;
}

/** CRC32 is what every xz reads; one thread, since more of them cut the data differently. */
function compressed(data: Buffer, preset: number): Promise<Buffer> {
	return new Promise((resolve, reject) => {
		const child = spawn('xz', [`-${preset}`, '--threads=1', '--check=crc32', '--format=xz', '--stdout'], {
			stdio: ['pipe', 'pipe', 'inherit'],
			env: { ...process.env, XZ_OPT: '', XZ_DEFAULTS: '' },
		});
		const pieces: Buffer[] = [];
		child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
		child.on('error', (error) => reject(new Error(`xz cannot be run (package xz-utils): ${error.message}`)));
		child.on('close', (code) =>
			code === 0 ? resolve(Buffer.concat(pieces)) : reject(new Error(`xz ended with ${code}`)),
		);
		child.stdin.on('error', () => {}); // its end says why
		child.stdin.end(data);
	});
}
