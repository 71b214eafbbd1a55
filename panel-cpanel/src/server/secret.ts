/**
 * The key of forms and undo notes: made at the first start, in a file that only the panel server reads.
 *
 * A new key makes forms that stand open in browsers void and forgets undo notes; nothing else hangs on it.
 */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const secretBytes = 32;
const shape = /^[A-Za-z0-9_-]{43,128}$/;

function known(file: string): string | undefined {
	try {
		return readFileSync(file, 'utf8').trim();
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
		throw error;
	}
}

/** Throws when the file is there and holds no key: a broken key must not be used. */
export function openSecret(file: string): string {
	const former = known(file);
	if (former !== undefined) {
		if (!shape.test(former)) throw new Error(`${file} holds no key; delete it, and a new one is made`);
		return former;
	}
	mkdirSync(dirname(file), { recursive: true });
	const fresh = `${file}.${process.pid}`;
	writeFileSync(fresh, `${randomBytes(secretBytes).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
	try {
		// A second process may make one at the same time; the first to be linked is the key.
		linkSync(fresh, file);
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
	} finally {
		unlinkSync(fresh);
	}
	return openSecret(file);
}
