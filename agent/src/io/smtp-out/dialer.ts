/**
 * Connections for whoever has mail to send: an idle one where there is one, else a new one.
 *
 * A connection is kept for the very same target only (address, port, source, EHLO name, TLS policy, credentials), for a
 * short while, and up to bounds for one target and in all; what is over a bound is closed with QUIT, the longest idle
 * first. How many connections a destination gets is decided by the lanes; here is only how many are kept.
 *
 * A kept connection may be closed by the server at any moment. Its next transaction then ends as lost in the stage
 * `mail` with no answer at all and `transactions > 1`: the caller dials again without counting it as an attempt.
 */
import { failed, ok } from '@sluice/shared/words/result.ts';
import type { Dialer, DialTarget, OutboundConnection } from '../../ports/smtp-out.ts';
import { dial } from './connect.ts';
import { Connection } from './connection.ts';
import { type DialerSettings, dialerDefaults } from './settings.ts';
import { createTlsFailures } from './tls-failures.ts';

type Idle = { readonly connection: Connection; readonly since: number };

/** A dialer with its own cache. `stop` must be called. */
export function createDialer(given: Partial<DialerSettings> = {}): Dialer {
	const settings: DialerSettings = { ...dialerDefaults, ...given };
	const tlsFailures = createTlsFailures(settings.clearAfterTlsFailureMs, performance.now.bind(performance));
	/** Every open connection, idle or in use or saying QUIT. */
	const open = new Set<Connection>();
	/** By target; the longest idle first in each list, the target used longest ago first in the map. */
	const idle = new Map<string, Idle[]>();
	let idleCount = 0;
	let sweepTimer: NodeJS.Timeout | undefined;
	let isStopping = false;
	let onEmpty: (() => void) | undefined;

	function takeIdle(key: string): Connection | undefined {
		const list = idle.get(key);
		if (list === undefined) return undefined;
		// The last used first: it is the least likely to have been closed, and the rest may expire.
		for (let entry = list.pop(); entry !== undefined; entry = list.pop()) {
			idleCount--;
			if (list.length === 0) idle.delete(key);
			if (entry.connection.usable) return entry.connection;
			entry.connection.close();
		}
		return undefined;
	}

	function keep(key: string, connection: Connection): void {
		const list = idle.get(key) ?? [];
		if (list.length >= settings.idlePerTargetMax) {
			connection.close();
			return;
		}
		idle.delete(key);
		idle.set(key, list);
		list.push({ connection, since: performance.now() });
		idleCount++;
		if (idleCount > settings.idleMax) closeLongestIdle();
		sweepTimer ??= setTimeout(sweep, settings.idleMs);
	}

	function closeLongestIdle(): void {
		for (const [key, list] of idle) {
			list.shift()?.connection.close();
			idleCount--;
			if (list.length === 0) idle.delete(key);
			return;
		}
	}

	/** Closes what has been idle too long; rings again while anything is idle. */
	function sweep(): void {
		sweepTimer = undefined;
		const now = performance.now();
		let nextMs = Number.POSITIVE_INFINITY;
		for (const [key, list] of idle) {
			const kept = list.filter(({ since, connection }) => connection.usable && since + settings.idleMs > now);
			for (const entry of list) if (!kept.includes(entry)) entry.connection.close();
			idleCount -= list.length - kept.length;
			if (kept.length === 0) idle.delete(key);
			else idle.set(key, kept);
			if (kept[0] !== undefined) nextMs = Math.min(nextMs, kept[0].since + settings.idleMs - now);
		}
		if (idle.size > 0) sweepTimer = setTimeout(sweep, Math.max(1, nextMs));
	}

	function admit(connection: Connection): void {
		open.add(connection);
		connection.onceClosed(() => {
			open.delete(connection);
			if (open.size === 0) onEmpty?.();
		});
	}

	return {
		async connect(target) {
			if (isStopping) return failed({ stage: 'connect', error: 'stopping' });
			const kept = takeIdle(keyOf(target));
			if (kept !== undefined) return ok(kept);
			const dialed = await dial(target, settings, tlsFailures);
			if (!dialed.ok) return dialed;
			const connection = new Connection(target, dialed.value, settings.timeouts);
			admit(connection);
			if (!isStopping) return ok(connection);
			connection.close();
			return failed({ stage: 'connect', error: 'stopping' });
		},

		giveBack(given: OutboundConnection) {
			if (!(given instanceof Connection) || !open.has(given)) return;
			const isKept = !isStopping && given.usable && given.transactions < settings.transactionsMax;
			if (isKept) keep(keyOf(given.target), given);
			else given.close();
		},

		get connections() {
			return open.size;
		},

		async stop() {
			isStopping = true;
			clearTimeout(sweepTimer);
			for (const list of idle.values()) for (const { connection } of list) connection.close();
			idle.clear();
			idleCount = 0;
			if (open.size === 0) return;
			await new Promise<void>((resolve) => {
				const timer = setTimeout(() => {
					for (const connection of open) connection.destroy();
				}, settings.stopWithinMs);
				onEmpty = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		},
	};
}

/** Two targets with the same key may share a connection. The name matters where the certificate is verified. */
function keyOf(target: DialTarget): string {
	return [
		target.address,
		target.port,
		target.sourceAddress ?? '',
		target.helo,
		target.tls,
		target.implicitTls === true ? 'implicit' : '',
		target.tls === 'required' ? target.host : '',
		target.auth?.user ?? '',
		target.auth?.password ?? '',
	].join('\n');
}
