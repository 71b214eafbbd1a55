/**
 * What a TLS policy means for the handshake and for credentials. Pure.
 */
import net from 'node:net';
import type { ConnectionOptions, SecureContextOptions } from 'node:tls';
import type { DialTarget } from '../../ports/smtp-out.ts';

/** Verified where TLS is required; opportunistic TLS takes any certificate, since the alternative is none (RFC 7435 §3). */
export function tlsOptions(target: DialTarget, trust: SecureContextOptions): ConnectionOptions {
	const name = hostName(target);
	return {
		...trust,
		rejectUnauthorized: target.tls === 'required',
		...(net.isIP(name) === 0 ? { servername: name } : {}),
	};
}

/** The target's host as certificates spell it: without the root's dot. */
export const hostName = (target: DialTarget): string => target.host.replace(/\.$/, '');

/** There are no credentials, or they do not leave this machine. */
export const credentialsMayBeSeen = (target: DialTarget): boolean =>
	target.auth === undefined || target.address.startsWith('127.') || target.address === '::1';
