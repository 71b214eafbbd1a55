/** Keys that sign releases: what openssl accepts, what is no such key, and that a development key says so. */
import assert from 'node:assert/strict';
import { generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { releaseKey, signatureOf } from './signature.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-key-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a development key is made once, for its owner only, and is called so', () => {
	const first = releaseKey(folder, undefined);
	assert.equal(first.kind, 'development');
	assert.equal(releaseKey(folder, undefined).publicPem, first.publicPem);
	assert.equal(statSync(join(folder, 'var/release-key/development.pem')).mode & 0o777, 0o600);
	const signature = signatureOf(first, Buffer.from('a release'));
	assert.ok(verify('sha256', Buffer.from('a release'), first.publicPem, signature));
	assert.ok(!verify('sha256', Buffer.from('another'), first.publicPem, signature));
});

test('a key of another kind is refused with how to make one', () => {
	const put = (name: string, pem: string | Buffer): string => {
		writeFileSync(join(folder, name), pem);
		return join(folder, name);
	};
	const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
	const good = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey.export(pkcs8);
	assert.equal(releaseKey(folder, put('good.pem', good)).kind, 'release');
	for (const { privateKey } of [generateKeyPairSync('ec', { namedCurve: 'secp384r1' }), generateKeyPairSync('ed25519')])
		assert.throws(
			() => releaseKey(folder, put('other.pem', privateKey.export(pkcs8))),
			/not an ECDSA key on P-256.*openssl ecparam/,
		);
	assert.throws(() => releaseKey(folder, join(folder, 'none.pem')), /ENOENT/);
});
