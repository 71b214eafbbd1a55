/**
 * Sessions of logged-in people, in memory: a restart logs everybody out.
 *
 * An id is 256 bits of randomness and lives 30 minutes after its last use, 12 hours at most. The number of sessions is bounded; the
 * oldest goes.
 */
import { randomBytes } from 'node:crypto';
import type { Actor } from '../../contract/actor.ts';

const idleMs = 30 * 60_000;
const lifeMs = 12 * 60 * 60_000;
const sessionsMax = 1000;

type Session = { readonly sinceMs: number; seenMs: number; viewAs?: Actor };

export type Sessions = {
	/** The new session's id. */
	open(): string;
	/** True and seen just now, or false. `isQuiet`: a page that refreshes by itself keeps nobody logged in. */
	isOpen(id: string, isQuiet: boolean): boolean;
	close(id: string): void;
	/** Shows the pages as that actor sees them from now on; undefined: as oneself again. */
	viewAs(id: string, actor: Actor | undefined): void;
	viewedAs(id: string): Actor | undefined;
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
		viewAs(id, actor) {
			const session = sessions.get(id);
			if (session === undefined) return;
			if (actor === undefined) delete session.viewAs;
			else session.viewAs = actor;
		},
		viewedAs: (id) => sessions.get(id)?.viewAs,
	};
}
