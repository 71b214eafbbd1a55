/**
 * Alarms, in words: what happened, since when, why, what was done, what to do. Plain ASCII, since it is read in the worst of clients.
 *
 * Pure. Not here: when there is one (judge.ts, settle.ts), how it gets to people (tell.ts).
 */
import type { State } from './state.ts';

export type AlarmKind = 'down' | 'reminder' | 'bypassed' | 'up' | 'wire-failed';

export type Situation = {
	readonly hostName: string;
	readonly nowMs: number;
	/** When the outage began. */
	readonly sinceMs: number;
	/** Whose bypass is in force when all is done. */
	readonly bypass: 'none' | 'watch' | 'person';
	/** What the last failing probe said. */
	readonly cause: string | undefined;
	/** Sentences about what was done. */
	readonly done: readonly string[];
};

export type Letter = { readonly subject: string; readonly text: string };

export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;

export function spanText(ms: number): string {
	const minutes = Math.max(0, Math.round(ms / 60_000));
	if (minutes < 1) return 'less than a minute';
	if (minutes < 120) return minutes === 1 ? 'a minute' : `${minutes} minutes`;
	return `${Math.round(minutes / 60)} hours`;
}

const look = [
	'What to do: `systemctl status sluice-agent` and `journalctl -u sluice-agent -n 50` tell how the agent is, `sluice doctor` finds the',
	'usual causes, `sluice watch --status` shows what the last probe messages met.',
].join('\n');

const waits = [
	'Mail that is sent here waits in the queue of the mail server and is not lost. It leaves when the agent takes mail again; the queue',
	'is then run at once. To let it out past the agent now: `sluice mta bypass` (and back: `sluice mta wire`).',
	'To have that done by itself in an outage: `watch: { onOutage: bypass }` in /etc/sluice/agent.yaml.',
].join('\n');

const passes = [
	'Mail leaves the way it did before the agent was wired. It is not metered, held or looked at meanwhile. What the agent has taken already',
	'stays in its queue.',
].join('\n');

const subjects: { readonly [K in AlarmKind]: (one: Situation) => string } = {
	down: ({ bypass }) =>
		bypass === 'none'
			? 'Outgoing mail waits: the relay agent takes none'
			: 'The relay agent takes no mail: it is led past the agent',
	reminder: ({ bypass }) =>
		bypass === 'none' ? 'Outgoing mail still waits: the relay agent takes none' : 'The relay agent still takes no mail',
	bypassed: () => 'Outgoing mail is led past the relay agent',
	up: ({ bypass }) =>
		bypass === 'none'
			? 'The relay agent takes mail again'
			: 'The relay agent takes mail again, and mail goes past it still',
	'wire-failed': () => 'The relay agent is well, but mail could not be led to it again',
};

export function letterOf(kind: AlarmKind, one: Situation): Letter {
	const parts = [...opening(kind, one), ...one.done, ...closing(kind, one)];
	return { subject: `[${one.hostName}] ${subjects[kind](one)}`, text: `${parts.join('\n\n')}\n` };
}

function opening(kind: AlarmKind, { hostName, sinceMs, nowMs, cause }: Situation): readonly string[] {
	const because = cause === undefined ? '' : ` ${sentence(cause)}`;
	if (kind === 'up')
		return [
			`The relay agent of ${hostName} takes mail again. It took none from ${timeText(sinceMs)} on, for ${spanText(nowMs - sinceMs)}.${because === '' ? '' : ` At the end of that:${because}`}`,
		];
	if (kind === 'wire-failed') return [`The relay agent of ${hostName} takes mail again, but mail still goes past it.`];
	return [
		`The relay agent of ${hostName} has not taken mail since ${timeText(sinceMs)}, for ${spanText(nowMs - sinceMs)}: each probe message failed.${because}`,
	];
}

function closing(kind: AlarmKind, { bypass }: Situation): readonly string[] {
	if (kind === 'wire-failed')
		return ['It is tried again every few minutes. By hand: `sluice mta wire`, which says what is in its way.', passes];
	if (kind === 'up')
		return bypass === 'none'
			? ['The queue of the mail server was run, so that what waited leaves now.']
			: ['Somebody has ordered the bypass, so it stays. `sluice mta wire` leads mail to the agent again.'];
	if (bypass === 'none') return [waits, look];
	if (bypass === 'watch')
		return [passes, 'It goes to the agent again by itself once the agent has been well for a while.', look];
	return ['Mail goes past it, as somebody has ordered (`sluice mta bypass`), and does not wait.', look];
}

/** `it answered …` as a sentence about the agent. */
const sentence = (text: string): string => {
	const ended = text.endsWith('.') ? text : `${text}.`;
	return ended.charAt(0).toUpperCase() + ended.slice(1);
};

/** What nobody confirmed; `why`: what that was, `did`: the commands that take it back. */
export function revertLetter(
	hostName: string,
	{ why, did, failed }: { readonly why: string; readonly did: readonly string[]; readonly failed?: string },
): Letter {
	const commands = did.map((command) => `\`${command}\``).join(', ');
	const late = `Nobody confirmed in time (\`sluice confirm\`): ${why}.`;
	return failed === undefined
		? {
				subject: `[${hostName}] Not confirmed in time, so it was taken back`,
				text: `${late}\n\nThe watch has taken it back: ${commands}. What the agent has taken already, it goes on delivering.\n\nHow it stands: \`sluice mta status\`. Once more: \`sluice install\`. Out with the rest: \`sluice uninstall\`.\n`,
			}
		: {
				subject: `[${hostName}] Not confirmed in time, and taking it back failed`,
				text: `${late}\n\nTaking it back (${commands}) failed: ${failed}\n\nIt is tried again. What to do: \`sluice doctor\`; mail that waits leaves by \`sluice mta bypass\`.\n`,
			};
}

/** The same in one line, for the journal. */
export const headline = ({ subject }: Letter, { lastFailure }: Pick<State, 'lastFailure'>): string =>
	`${subject.replace(/^\[[^\]]*\] /, '')}${lastFailure === undefined ? '' : ` (${lastFailure.text})`}`;
