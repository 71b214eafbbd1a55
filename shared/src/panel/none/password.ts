/**
 * The one password of a server without a panel: made at the first start, told once, kept as scrypt in a file that only its owner reads.
 *
 * 80 bits of randomness in groups that can be typed; case and dashes do not matter. To get a new one, delete the file and start again.
 * scrypt with N = 2^15, r = 8 (32 MB, about 100 ms): RFC 7914 §2.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

type Stored = {
	readonly salt: string;
	readonly hash: string;
	readonly cost: number;
	/** Key of forms and undo notes: it lives as long as the password. */
	readonly secret: string;
	readonly made: string;
};

const cost = 1 << 15;
const blockSize = 8;
const hashBytes = 32;
const memoryBytesMax = 128 * 1024 * 1024;
/** No letters and digits that look alike: 32 signs, five bits each. */
const alphabet = 'abcdefghijkmnpqrstuvwxyz23456789';
const signsInAll = 16;
const groupOf = 4;

export type Password = {
	/** The password in plain, only from the start that made it. */
	readonly told?: string;
	readonly secret: string;
	/** When it was made, RFC 3339. */
	readonly made: string;
	isRight(given: string): Promise<boolean>;
};

const plainOf = (given: string): string => given.toLowerCase().replace(/[\s-]/g, '');

function hashOf(given: string, salt: Buffer, N: number): Promise<Buffer> {
	return new Promise((resolve, reject) =>
		scrypt(plainOf(given), salt, hashBytes, { N, r: blockSize, p: 1, maxmem: memoryBytesMax }, (error, key) =>
			error === null ? resolve(key) : reject(error),
		),
	);
}

function newPassword(): string {
	const letters = [...randomBytes(signsInAll)].map((byte) => alphabet[byte % alphabet.length]).join('');
	return letters.match(new RegExp(`.{${groupOf}}`, 'g'))!.join('-');
}

/** Reads the file, or makes it with a new password. */
export async function openPassword(file: string, now: () => number): Promise<Password> {
	const known = existsSync(file);
	const told = known ? undefined : newPassword();
	const stored: Stored = known
		? (JSON.parse(readFileSync(file, 'utf8')) as Stored)
		: await made(file, told as string, now());
	return {
		...(told === undefined ? {} : { told }),
		secret: stored.secret,
		made: stored.made,
		async isRight(given) {
			const wanted = Buffer.from(stored.hash, 'base64');
			return timingSafeEqual(await hashOf(given, Buffer.from(stored.salt, 'base64'), stored.cost), wanted);
		},
	};
}

async function made(file: string, password: string, nowMs: number): Promise<Stored> {
	const salt = randomBytes(16);
	const stored: Stored = {
		salt: salt.toString('base64'),
		hash: (await hashOf(password, salt, cost)).toString('base64'),
		cost,
		secret: randomBytes(32).toString('base64'),
		made: new Date(nowMs).toISOString(),
	};
	mkdirSync(dirname(file), { recursive: true });
	writeFileSync(`${file}.new`, JSON.stringify(stored), { mode: 0o600 });
	renameSync(`${file}.new`, file);
	return stored;
}
