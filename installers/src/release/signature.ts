/**
 * Who made a release: ECDSA on P-256 over SHA-256, as `openssl dgst -sha256 -verify` of OpenSSL 1.1.1 and later checks it.
 *
 * The key is a file that the releasing person keeps. Without one a development key is made once below `var/`; what it signs says so in
 * its manifest and its install.sh, which then asks for `--allow-development-key`: a developer can try, and nobody installs a stranger's
 * build by accident. A signature differs from build to build (ECDSA takes a random number); what is signed does not.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type ReleaseKey = {
	readonly kind: 'release' | 'development';
	readonly privateKey: KeyObject;
	/** PEM, SubjectPublicKeyInfo: what install.sh carries. */
	readonly publicPem: string;
};

const developmentKeyFile = 'var/release-key/development.pem';

/** The key in `file` (PEM), or the development key of the checkout at `root`. Throws for a key of another kind. */
export function releaseKey(root: string, file: string | undefined): ReleaseKey {
	const path = file ?? join(root, developmentKeyFile);
	if (file === undefined && !existsSync(path)) makeKey(path);
	const privateKey = createPrivateKey(readFileSync(path));
	if (privateKey.asymmetricKeyType !== 'ec' || privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1')
		throw new Error(
			`${path} is not an ECDSA key on P-256; make one with: openssl ecparam -name prime256v1 -genkey -noout`,
		);
	return {
		kind: file === undefined ? 'development' : 'release',
		privateKey,
		publicPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString(),
	};
}

function makeKey(path: string): void {
	const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
	mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
	try {
		writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flag: 'wx' });
	} catch (error) {
		// Another build was first.
		if ((error as { code?: string }).code !== 'EEXIST') throw error;
	}
}

/** DER, as openssl reads it. */
export const signatureOf = (key: ReleaseKey, content: Buffer): Buffer => sign('sha256', content, key.privateKey);
