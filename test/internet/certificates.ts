/**
 * The certificates that sinks show, read from `certs/` (its README tells how they were made).
 *
 * `good` is signed by the test authority in `testAuthorityFile`; a client that is to trust it must be given that file.
 * `bad` is self-signed, expired, and names another host: wrong in every way a certificate can be.
 */
import { readFileSync } from 'node:fs';
import { createSecureContext, type SecureContext } from 'node:tls';
import { fileURLToPath } from 'node:url';

const file = (name: string): string => fileURLToPath(new URL(`./certs/${name}`, import.meta.url));

/** Path of the PEM file of the authority that signed the `good` certificate. */
export const testAuthorityFile = file('ca.crt');

/** The key and certificate of one kind, as a context for a TLS server. Throws when the files are missing. */
export function certificateContext(kind: 'good' | 'bad'): SecureContext {
	return createSecureContext({
		key: readFileSync(file(`${kind}.key`)),
		cert: readFileSync(file(`${kind}.crt`)),
	});
}
