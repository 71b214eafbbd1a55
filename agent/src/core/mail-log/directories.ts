/**
 * Which working directory belongs to which message, in a log that writes them on lines of their own.
 *
 * Exim writes `cwd=` when a process begins and `<=` when it has handed its message in; without `log_selector +pid` nothing joins the two
 * but time. On a busy server several stand open at once. A wrong pair would accuse somebody's script, so it is made only where one
 * candidate is left: of the same process, or alone, or the only one that bears the user's name.
 */
import type { MailLogEvent } from './events.ts';

type Begun = Extract<MailLogEvent, { kind: 'directory' }>;
type Arrival = Extract<MailLogEvent, { kind: 'arrival' }>;

export type Directories = {
	begun(event: Begun): void;
	/** The directory that this message was handed in from, or undefined when that is not sure. */
	of(arrival: Arrival): string | undefined;
};

/** A process hands its message in soon after it has begun. */
const directoryMsMax = 5_000;
const begunMax = 1_000;

export function createDirectories(): Directories {
	let open: Begun[] = [];
	return {
		begun(event) {
			open.push(event);
			if (open.length > begunMax) open.shift();
		},
		of({ atMs, sender, processId }) {
			if (sender.kind !== 'unix') return undefined;
			open = open.filter((begun) => Math.abs(atMs - begun.atMs) <= directoryMsMax);
			const ofProcess = open.filter(
				(begun) => processId === undefined || begun.processId === undefined || begun.processId === processId,
			);
			const ofUser = ofProcess.filter(({ directory }) => directory.split('/').includes(sender.user ?? ''));
			const candidates = ofProcess.length > 1 && ofUser.length > 0 ? ofUser : ofProcess;
			const [first] = candidates;
			if (first === undefined || candidates.some(({ directory }) => directory !== first.directory)) return undefined;
			open.splice(open.indexOf(first), 1);
			return first.directory;
		},
	};
}
