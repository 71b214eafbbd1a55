/**
 * Hosts whose TLS handshake failed lately, so that each message does not pay for two connections.
 *
 * Only asked where the policy is opportunistic, so a stranger who breaks handshakes gains what breaking one gains anyhow,
 * for a bounded time. Bounded in number too: the oldest goes.
 */
import type { DialTarget } from '../../ports/smtp-out.ts';

const HOSTS_MAX = 2_000;

export type TlsFailures = {
	readonly isRecent: (target: DialTarget) => boolean;
	readonly remember: (target: DialTarget) => void;
};

export function createTlsFailures(rememberMs: number, now: () => number): TlsFailures {
	const until = new Map<string, number>();
	const keyOf = (target: DialTarget): string => `${target.address} ${target.port}`;
	return {
		isRecent: (target) => {
			const end = until.get(keyOf(target));
			if (end === undefined) return false;
			if (end > now()) return true;
			until.delete(keyOf(target));
			return false;
		},
		remember: (target) => {
			until.delete(keyOf(target));
			until.set(keyOf(target), now() + rememberMs);
			for (const oldest of until.keys()) {
				if (until.size <= HOSTS_MAX) break;
				until.delete(oldest);
			}
		},
	};
}
