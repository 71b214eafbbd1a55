/**
 * From an address to a connection that has greeted: TCP, TLS, greeting, EHLO, STARTTLS, AUTH.
 *
 * We open the socket (so that binding, connecting and implicit TLS fail in stages of their own), handshake.ts speaks on
 * it. Opportunistic TLS: a handshake that fails or is refused is followed by a second connection in the clear, because
 * mail that would have gone in the clear without STARTTLS must not be lost to a broken one (RFC 7435). Credentials never
 * go in the clear on that path, except to this machine; the policy `none` is how an administrator allows it.
 *
 * Not here: which address, which policy (core/routing), reuse (dialer.ts). RFC 5321 §3.1, RFC 3207, RFC 8314 §3.3.
 */
import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { DialFailure, DialTarget } from '../../ports/smtp-out.ts';
import { type Greeted, handshake } from './handshake.ts';
import type { DialerSettings } from './settings.ts';
import type { TlsFailures } from './tls-failures.ts';
import { credentialsMayBeSeen, hostName, tlsOptions } from './tls-policy.ts';

/** One connection to the target, or where it ended. */
export async function dial(
	target: DialTarget,
	settings: DialerSettings,
	tlsFailures: TlsFailures,
): Promise<Result<Greeted, DialFailure>> {
	const mayFallBack = target.tls === 'opportunistic' && target.implicitTls !== true && credentialsMayBeSeen(target);
	const inTheClear: DialTarget = { ...target, tls: 'none' };
	if (mayFallBack && tlsFailures.isRecent(target)) return await attempt(inTheClear, settings);
	const first = await attempt(target, settings);
	if (first.ok || first.error.stage !== 'tls' || !mayFallBack) return first;
	tlsFailures.remember(target);
	return await attempt(inTheClear, settings);
}

async function attempt(target: DialTarget, settings: DialerSettings): Promise<Result<Greeted, DialFailure>> {
	const connected = await openSocket(target, settings.timeouts.connectMs);
	if (!connected.ok) return connected;
	if (target.implicitTls !== true) return await handshake(connected.value, target, settings);
	const secured = await secure(connected.value, target, settings);
	return secured.ok ? await handshake(secured.value, target, settings) : secured;
}

function openSocket(target: DialTarget, withinMs: number): Promise<Result<Socket, DialFailure>> {
	return new Promise((resolve) => {
		const socket = net.connect({
			host: target.address,
			port: target.port,
			...(target.sourceAddress === undefined ? {} : { localAddress: target.sourceAddress }),
			// Small writes go out at once; each write is a whole batch already.
			noDelay: true,
			keepAlive: true,
		});
		const timer = setTimeout(() => finish('connect ETIMEDOUT'), withinMs);
		const onError = (error: NodeJS.ErrnoException): void =>
			finish(error.syscall === undefined ? error.message : `${error.syscall} ${error.code ?? error.message}`);
		const onConnect = (): void => finish(undefined);
		const finish = (error: string | undefined): void => {
			clearTimeout(timer);
			socket.off('connect', onConnect);
			if (error === undefined) {
				socket.off('error', onError);
				resolve(ok(socket));
				return;
			}
			// A destroyed socket may still report an error: the listener stays, a promise settles once.
			socket.destroy();
			resolve(failed({ stage: 'connect', error }));
		};
		socket.on('error', onError);
		socket.on('connect', onConnect);
	});
}

/** TLS from the first byte. */
function secure(plain: Socket, target: DialTarget, settings: DialerSettings): Promise<Result<Socket, DialFailure>> {
	return new Promise((resolve) => {
		const socket = tls.connect({
			...tlsOptions(target, settings.tls),
			socket: plain,
			host: hostName(target),
		});
		const timer = setTimeout(() => finish('time-out'), settings.timeouts.tlsMs);
		const onError = (error: NodeJS.ErrnoException): void => finish(error.code ?? error.message);
		const onClose = (): void => finish('closed by the server');
		const onSecure = (): void => finish(undefined);
		const finish = (error: string | undefined): void => {
			clearTimeout(timer);
			socket.off('secureConnect', onSecure);
			socket.off('close', onClose);
			if (error === undefined) {
				socket.off('error', onError);
				resolve(ok(socket));
				return;
			}
			socket.destroy();
			plain.destroy();
			resolve(failed({ stage: 'tls', error }));
		};
		plain.on('error', onError);
		socket.on('error', onError);
		socket.on('close', onClose);
		socket.on('secureConnect', onSecure);
	});
}
