/**
 * Sessions of logged-in people, in memory: a restart logs everybody out.
 *
 * An id is 256 bits of randomness and lives 30 minutes after its last use, 12 hours at most. The number of sessions is bounded; the
 * oldest goes.
 */
import { randomBytes } from 'node:crypto';

const idleMs = 30 * 60_000;
const lifeMs = 12 * 60 * 60_000;
const sessionsMax = 1000;

type Session = { readonly sinceMs: number; seenMs: number };

export type Sessions = {
	/** The new session's id. */
	open(): string;
	/** True and seen just now, or false. `isQuiet`: a page that refreshes by itself keeps nobody logged in. */
	isOpen(id: string, isQuiet: boolean): boolean;
	close(id: string): void;
};

export function createSessions(now: () => number): Sessions {
	const sessions = new Map<string, Session>();
	return {
		open() {
			if (sessions.size >= sessionsMax) sessions.delete(sessions.keys().next().value as string);
			const id = randomBytes(32).toString('base64url');
			sessions.set(id, { sinceMs: now(), seenMs: now() });
			return id;
		},
		isOpen(id, isQuiet) {
			const session = sessions.get(id);
			if (session === undefined) return false;
			if (now() - session.seenMs > idleMs || now() - session.sinceMs > lifeMs) {
				sessions.delete(id);
				return false;
			}
			if (!isQuiet) session.seenMs = now();
			return true;
		},
		close: (id) => void sessions.delete(id),
	};
}
