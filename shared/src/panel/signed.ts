/**
 * What leaves the server and must come back as it was: CSRF tokens and undo notes, signed with the adapter's secret.
 *
 * Signed, not kept: a restart forgets nothing, and there is no list that could grow. A token is bound to the session, so that one
 * that leaks is worth nothing in another.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

const macOf = (secret: string, purpose: string, text: string): Buffer =>
	createHmac('sha256', secret).update(`${purpose}\0${text}`).digest();

function isSame(given: string, wanted: Buffer): boolean {
	const bytes = Buffer.from(given, 'base64url');
	return bytes.length === wanted.length && timingSafeEqual(bytes, wanted);
}

export const csrfToken = (secret: string, session: string): string =>
	macOf(secret, 'csrf', session).toString('base64url');

export const isCsrfToken = (secret: string, session: string, given: unknown): boolean =>
	typeof given === 'string' && isSame(given, macOf(secret, 'csrf', session));

/** A value that only the same session gets back, until a time. */
export function sealed(secret: string, session: string, value: unknown, untilMs: number): string {
	const text = Buffer.from(JSON.stringify({ value, untilMs })).toString('base64url');
	return `${text}.${macOf(secret, 'note', `${session}\0${text}`).toString('base64url')}`;
}

/** Undefined: not ours, another session's, or past its time. */
export function opened(secret: string, session: string, note: unknown, nowMs: number): unknown {
	if (typeof note !== 'string') return undefined;
	const [text = '', mac = ''] = note.split('.');
	if (!isSame(mac, macOf(secret, 'note', `${session}\0${text}`))) return undefined;
	const { value, untilMs } = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as {
		value: unknown;
		untilMs: number;
	};
	return untilMs < nowMs ? undefined : value;
}
