/**
 * What became of a probe message: the one thing the watch judges by.
 *
 * `250` after DATA or not, whatever the cause: an agent that is stopped, hangs, has no room, has lost its disk, or another program on its
 * port all mean that mail waits at the MTA. The cause is told to people and changes nothing of what is done; so 452 (no room) is an
 * outage like the others, for new mail does not leave by the agent. Pure. Not here: the dialog (probe.ts).
 */

export type ProbePhase = 'greeting' | 'EHLO' | 'MAIL' | 'RCPT' | 'DATA' | 'message';

export type ProbeOutcome =
	| { readonly kind: 'accepted'; readonly ms: number }
	| { readonly kind: 'refused'; readonly phase: ProbePhase; readonly reply: string }
	/** No answer within the deadline. */
	| { readonly kind: 'silent'; readonly phase: ProbePhase }
	/** The connection was closed in the middle. */
	| { readonly kind: 'cut'; readonly phase: ProbePhase }
	/** There was no connection. `code` as Node names it. */
	| { readonly kind: 'unreachable'; readonly code: string };

export const isAccepted = (outcome: ProbeOutcome): boolean => outcome.kind === 'accepted';

/** It says itself that it has no room: RFC 5321 §4.2.3. */
export const isOutOfRoom = (outcome: ProbeOutcome): boolean =>
	outcome.kind === 'refused' && outcome.reply.startsWith('452');

const where = (phase: ProbePhase): string =>
	phase === 'greeting' ? 'before its greeting' : phase === 'message' ? 'after the message' : `at ${phase}`;

const unreachableTexts: { readonly [code: string]: string } = {
	ECONNREFUSED: 'nothing listens on its port: it is not running',
	ETIMEDOUT: 'its port takes no connection in time',
	ECONNRESET: 'the kernel refuses connections to its port: look at the relay guard (`nft list ruleset`)',
};

/** What the outcome says, as the end of a sentence that begins with a name or with "because". */
export function outcomeText(outcome: ProbeOutcome): string {
	switch (outcome.kind) {
		case 'accepted':
			return `it took a probe message in ${outcome.ms} ms`;
		case 'refused':
			return isOutOfRoom(outcome)
				? `it has no room: it answered "${outcome.reply}" ${where(outcome.phase)}`
				: `it answered "${outcome.reply}" ${where(outcome.phase)}`;
		case 'silent':
			return `it takes connections and does not answer ${where(outcome.phase)}: it hangs, or is stopped`;
		case 'cut':
			return `it closed the connection ${where(outcome.phase)}`;
		case 'unreachable':
			return unreachableTexts[outcome.code] ?? `its port cannot be reached (${outcome.code})`;
	}
}
