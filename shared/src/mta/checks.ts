/**
 * Checks of a wiring, as data: what to run and what must be seen.
 *
 * Exim and Postfix accept many broken wirings without a word (a transport that does not exist, a brace too few), so each check
 * names the output that proves a working one. The installer runs them in order and restores the former state at the first that
 * fails; doctor runs those that change nothing. Pure: running is the caller's.
 */

export type CommandCheck = {
	readonly kind: 'command';
	readonly id: string;
	/** What it shows, for people. */
	readonly sentence: string;
	/** Program and arguments, no shell. */
	readonly command: readonly string[];
	readonly runAs: 'root' | 'nobody';
	/** All of these must be in the output (stdout and stderr together, blanks squeezed). */
	readonly prints: readonly string[];
	/** None of these may be. */
	readonly neverPrints: readonly string[];
	/** Changes nothing, so that it may run at any time. */
	readonly isReadOnly: boolean;
};

/** A message sent through the MTA; the agent judges what arrives. */
export type ProbeCheck = {
	readonly kind: 'probe';
	readonly id: string;
	readonly sentence: string;
	readonly to: string;
	/** Reverse-path to send it with; left out: the user's own. */
	readonly from?: string;
	/** Unix user that submits it; its uid must be what the agent sees. */
	readonly runAs: 'nobody';
	/** Last part of the directory to submit from; holds a newline on purpose. */
	readonly directoryName: string;
	/** Header lines the message brings: forged copies. */
	readonly headers: readonly string[];
	/** What the agent must have seen. */
	readonly mustHold: readonly ProbeFact[];
};

export type ProbeFact =
	| 'one-wiring-header'
	| 'right-secret'
	| 'uid'
	| 'directory'
	| 'ancestor'
	| 'srs-sender'
	| 'no-alarm'
	| 'no-evil-header';

export type WiringCheck = CommandCheck | ProbeCheck;

export type CommandOutcome = { readonly exitCode: number; readonly output: string };

/** Why a command's outcome fails the check; undefined when it passes. */
export function failureOf(check: CommandCheck, outcome: CommandOutcome): string | undefined {
	if (outcome.exitCode !== 0) return `${check.command.join(' ')} ended with ${outcome.exitCode}`;
	const output = squeezed(outcome.output);
	const missing = check.prints.find((text) => !output.includes(squeezed(text)));
	if (missing !== undefined) return `${check.command.join(' ')} did not print "${missing}"`;
	const unwanted = check.neverPrints.find((text) => output.includes(squeezed(text)));
	return unwanted === undefined ? undefined : `${check.command.join(' ')} printed "${unwanted}"`;
}

const squeezed = (text: string): string => text.replace(/\s+/g, ' ').trim();

/** Something about the present configuration that people should know before or after wiring. */
export type WiringFinding = {
	/** `smarthost`, `bypass`, `filter` …: stable. */
	readonly code: string;
	/** `stops`: wiring would break or overwrite something. `bypasses`: some mail would not pass the agent. `note`: works, but know it. */
	readonly severity: 'stops' | 'bypasses' | 'note';
	readonly text: string;
	/** The setting and its present value. */
	readonly evidence: string;
};
