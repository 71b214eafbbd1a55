/**
 * The lines of a log file, unpacked when it is packed. What it is packed with is told by its first bytes, not by its name.
 *
 * gzip and zstd by Node itself, xz and bzip2 by the system's own programs. Bytes are read as UTF-8, what is none becomes U+FFFD; a line
 * is cut at a bound. A damaged or cut-off file gives the lines up to there, and then the error.
 */
import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';

export const lineCharsMax = 64 * 1024;

type Packing = 'plain' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

const marks: readonly (readonly [Packing, readonly number[]])[] = [
	['gzip', [0x1f, 0x8b]],
	['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
	['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
	['bzip2', [0x42, 0x5a, 0x68]],
];

async function packingOf(path: string): Promise<Packing> {
	const file = await open(path);
	try {
		const { buffer, bytesRead } = await file.read(Buffer.alloc(6), 0, 6, 0);
		const found = marks.find(
			([, mark]) => mark.length <= bytesRead && mark.every((byte, index) => buffer[index] === byte),
		);
		return found?.[0] ?? 'plain';
	} finally {
		await file.close();
	}
}

/** Bytes of a program that unpacks standard input; it fails as a whole when the program does. */
async function* unpackedBy(program: string, source: Readable): AsyncGenerator<Buffer> {
	const child = spawn(program, ['-dc'], { stdio: ['pipe', 'pipe', 'pipe'] });
	const ended = new Promise<void>((resolve, reject) => {
		let said = '';
		child.stderr.on('data', (text: Buffer) => {
			said = `${said}${text}`.slice(0, 500);
		});
		child.once('error', (error: NodeJS.ErrnoException) =>
			reject(error.code === 'ENOENT' ? new Error(`needs the program ${program}, which is not installed`) : error),
		);
		child.once('close', (code) =>
			code === 0 ? resolve() : reject(new Error(said.trim() || `${program} ended with ${code}`)),
		);
	});
	ended.catch(() => {
		// Told below, once its bytes are used up.
	});
	child.stdin.on('error', () => {
		// It ended early: its own words say why.
	});
	source.pipe(child.stdin);
	try {
		yield* child.stdout as AsyncIterable<Buffer>;
		await ended;
	} finally {
		child.kill();
	}
}

function bytesOf(packing: Packing, source: Readable): AsyncIterable<Buffer> {
	switch (packing) {
		case 'plain':
			return source;
		case 'gzip':
			return piped(source, createGunzip());
		case 'zstd':
			return piped(source, createZstdDecompress());
		case 'xz':
		case 'bzip2':
			return unpackedBy(packing, source);
	}
}

function piped(source: Readable, unpack: NodeJS.ReadWriteStream & Readable): Readable {
	source.once('error', (error) => unpack.destroy(error));
	return source.pipe(unpack);
}

const chunkBytes = 256 * 1024;

async function* counted(source: Readable, advance: (bytes: number) => void): AsyncGenerator<Buffer> {
	for await (const chunk of source as AsyncIterable<Buffer>) {
		advance(chunk.length);
		yield chunk;
	}
}

/** Calls `visit` with each line, and `advance` with the bytes of the file that were read since the last call. */
export async function readLines(
	path: string,
	visit: (line: string) => void,
	advance: (bytes: number) => void,
): Promise<void> {
	const source = Readable.from(counted(createReadStream(path, { highWaterMark: chunkBytes }), advance), {
		objectMode: false,
	});
	const decoder = new TextDecoder('utf-8');
	let rest = '';
	const give = (text: string): void => {
		const lines = `${rest}${text}`.split('\n');
		rest = (lines.pop() ?? '').slice(0, lineCharsMax);
		for (const line of lines) visit(line.slice(0, lineCharsMax));
	};
	try {
		for await (const chunk of bytesOf(await packingOf(path), source)) give(decoder.decode(chunk, { stream: true }));
		give(decoder.decode());
	} finally {
		if (rest !== '') visit(rest);
		source.destroy();
	}
}
