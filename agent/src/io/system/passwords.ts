/**
 * Passwords by scrypt (RFC 7914), in the threads of the runtime: 2^15 rounds of 8 blocks, 32 MiB and about 0.1 s each.
 *
 * Stored as `scrypt$LOG2N$R$P$SALT$HASH` (base64url), so that the cost can grow and old hashes still be checked. Ours are long and random;
 * the cost is for the day on which a copy of the store is in wrong hands, and for passwords that may one day be chosen by people.
 * How many run at once is the caller's to bound: the same threads flush the spool.
 */
import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import type { Passwords } from '../../ports/passwords.ts';

const costLog2 = 15;
const blocks = 8;
const parallel = 1;
const saltBytes = 16;
const hashBytes = 32;
/** A stored hash must not make us take more than this (memory: 128 · N · r). */
const costLog2Max = 18;
const blocksMax = 16;
const parallelMax = 4;

type Cost = { readonly log2: number; readonly r: number; readonly p: number };

function derive(password: string, salt: Buffer, { log2, r, p }: Cost): Promise<Buffer> {
	const N = 2 ** log2;
	return new Promise((resolve, reject) => {
		// Twice what it takes: the runtime counts a little beside it.
		scrypt(password, salt, hashBytes, { N, r, p, maxmem: 256 * N * r * p }, (error, key) =>
			error === null ? resolve(key) : reject(error),
		);
	});
}

const shape = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d)\$([A-Za-z0-9_-]{16,64})\$([A-Za-z0-9_-]{43})$/;

function readHash(text: string): { cost: Cost; salt: Buffer; hash: Buffer } | undefined {
	const [, log2, r, p, salt = '', hash = ''] = shape.exec(text) ?? [];
	const cost = { log2: Number(log2), r: Number(r), p: Number(p) };
	const isSane =
		cost.log2 >= 1 &&
		cost.log2 <= costLog2Max &&
		cost.r >= 1 &&
		cost.r <= blocksMax &&
		cost.p >= 1 &&
		cost.p <= parallelMax;
	return isSane ? { cost, salt: Buffer.from(salt, 'base64url'), hash: Buffer.from(hash, 'base64url') } : undefined;
}

export function openPasswords(): Passwords {
	const key = randomBytes(32);
	const ownCost: Cost = { log2: costLog2, r: blocks, p: parallel };
	/** For users that there are not: nobody has its password. */
	const nobody = { cost: ownCost, salt: randomBytes(saltBytes), hash: randomBytes(hashBytes) };
	return {
		random: (bytes) => new Uint8Array(randomBytes(bytes)),
		async hash(password) {
			const salt = randomBytes(saltBytes);
			const hash = await derive(password, salt, ownCost);
			return ['scrypt', costLog2, blocks, parallel, salt.toString('base64url'), hash.toString('base64url')].join('$');
		},
		async matches(password, text) {
			const stored = (text === undefined ? undefined : readHash(text)) ?? nobody;
			const derived = await derive(password, stored.salt, stored.cost);
			return timingSafeEqual(derived, stored.hash) && stored !== nobody;
		},
		fingerprint(...texts) {
			const mac = createHmac('sha256', key);
			// With their lengths, so that no two lists of texts are the same bytes.
			for (const text of texts) mac.update(`${Buffer.byteLength(text)}:`).update(text);
			return mac.digest('base64url');
		},
	};
}
