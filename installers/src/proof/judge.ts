/**
 * What a test message has proved, from what the agent says of it and what its sink saw. Pure.
 *
 * Each proof is a sentence; the first expectation that is not met is a sentence too, of what was expected and what came. What could not be
 * seen this way is said as well, so that nobody takes it for proved.
 */
import type { ProbeMessageDto } from '@sluice/shared/contract/probe-operations.ts';
import type { ProbeCheck } from '@sluice/shared/mta/checks.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { MtaKind } from '../plan/wiring.ts';
import type { Appearance } from './appearance.ts';
import type { Arrival } from './sink.ts';
import { bodyLines } from './submission.ts';

export type Seen = {
	readonly check: ProbeCheck;
	readonly mta: MtaKind;
	/** Who handed it in. */
	readonly uid: number;
	readonly userName: string;
	readonly headerFrom: string;
	readonly mail: ProbeMessageDto;
	readonly arrivals: readonly Arrival[];
	readonly expected: Appearance;
	/** What the agent's own configuration says for all mail, instead of the MTA's. */
	readonly set: { readonly sourceAddress?: string | undefined; readonly helo?: string | undefined };
};

export type RouteProof = {
	readonly message: string;
	/** The whole in two sentences. */
	readonly text: string;
	readonly proved: readonly string[];
	readonly unproved: readonly string[];
};

const nameOf = ({ mta }: Seen): string => (mta === 'exim' ? 'Exim' : 'Postfix');

/** Who sent it, and whether the agent found anything odd. */
function attributionFailure({ check, mta, uid, mail }: Seen): string | undefined {
	const wanted = `unix:${uid}`;
	const saw = `the agent saw ${mail.identity === '' ? 'no sender' : mail.identity} (${mail.evidence})`;
	if (check.mustHold.includes('uid') && mail.identity !== wanted)
		return `the test message reached the agent, but not with its sender: ${saw}, not ${wanted}`;
	if (mail.certainty === 'none') return `the test message reached the agent, but nothing proves its sender: ${saw}`;
	if (
		mta === 'exim' &&
		check.mustHold.includes('directory') &&
		mail.directory?.endsWith(asShown(check.directoryName)) !== true
	)
		return `the agent did not see the directory from which the test message was sent, but ${JSON.stringify(mail.directory)}`;
	if (check.mustHold.includes('no-alarm') && mail.alarms.length > 0)
		return `the test message raised an alarm at the agent: ${mail.alarms.join(', ')}`;
	return undefined;
}

/** As the agent shows a directory: bytes that are no plain text as `\\x0a`. */
const asShown = (name: string): string =>
	name.replace(/[^\x20-\x7e]/g, (one) => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`);

export function judgeRoute(seen: Seen): Result<RouteProof, string> {
	const failure =
		attributionFailure(seen) ?? routeFailure(seen) ?? sourceFailure(seen) ?? heloFailure(seen) ?? contentFailure(seen);
	if (failure !== undefined) return failed(failure);
	const { mail, expected, userName } = seen;
	const [arrival] = seen.arrivals as readonly [Arrival];
	const name = nameOf(seen);
	const from = addressText(seen, arrival);
	const who = `user ${userName}, ${mail.identity} (${mail.certainty})`;
	return ok({
		message: mail.message,
		text: `The agent accepted a test message and knows who sent it: ${who}. A receiver sees it once and unchanged, from ${from}, greeted as ${arrival.ehlo}, as from ${name} itself.`,
		proved: [
			`Route: a message that ${userName} handed to ${name} reached the agent and was delivered once.`,
			`Sender: the agent knows it, ${who}, in spite of a forged header.`,
			`Source address: ${from}.`,
			`EHLO name: ${arrival.ehlo}.`,
			'Content: From and body are unchanged; nothing of the wiring is left in it.',
		],
		unproved: [
			...(expected.source.kind === 'unknown'
				? [`Which address ${name} itself would have chosen (${expected.sourceBy} asks for more than a sender).`]
				: []),
			...(expected.helo.kind === 'unknown' ? [`Which name ${name} itself would have greeted with.`] : []),
			'Signatures (DKIM), and that the internet can be reached: the message stayed on this machine.',
		],
	});
}

function addressText({ set, mail }: Seen, { peer }: Arrival): string {
	if (set.sourceAddress !== undefined) return `${peer} (delivery.sourceAddress)`;
	return isLoopback(mail.peer) ? 'the address that the system chooses' : peer;
}

const isLoopback = (address: string): boolean => address === '127.0.0.1' || address === '::1';

function routeFailure({ arrivals, mail }: Seen): string | undefined {
	const [first, ...more] = arrivals;
	if (first === undefined)
		return `the test message reached the agent, but was not delivered: ${mail.text === '' ? mail.state : mail.text}`;
	if (more.length > 0) return `one test message was sent, and ${arrivals.length} came`;
	return undefined;
}

function sourceFailure(seen: Seen): string | undefined {
	const { arrivals, mail, expected, set } = seen;
	const { peer } = arrivals[0] as Arrival;
	const { source, sourceBy } = expected;
	const name = nameOf(seen);
	if (source.kind === 'address' && mail.peer !== source.address)
		return `${name} would send from ${source.address} (${sourceBy}), but connected to the agent from ${mail.peer}`;
	if (source.kind === 'system' && !isLoopback(mail.peer) && mail.peer !== peer)
		return `${name} connected to the agent from ${mail.peer}, but the agent sent from ${peer}`;
	const wanted = set.sourceAddress ?? mail.peer;
	return peer === wanted ? undefined : `a receiver was to see the address ${wanted}, and saw ${peer}`;
}

function heloFailure(seen: Seen): string | undefined {
	const { arrivals, mail, expected, set } = seen;
	const { ehlo } = arrivals[0] as Arrival;
	const { helo, heloBy } = expected;
	if (helo.kind === 'name' && mail.helo.toLowerCase() !== helo.name.toLowerCase())
		return `${nameOf(seen)} would greet as ${helo.name} (${heloBy}), but greeted the agent as ${mail.helo}`;
	const wanted = set.helo ?? mail.helo;
	// What is no name of a host nobody should be greeted with; the agent then says its own.
	if (!wanted.includes('.')) return undefined;
	return ehlo === wanted ? undefined : `a receiver was to be greeted as ${wanted}, and was greeted as ${ehlo}`;
}

function contentFailure({ arrivals, headerFrom, check }: Seen): string | undefined {
	const { message } = arrivals[0] as Arrival;
	const split = message.indexOf('\r\n\r\n');
	const header = message.slice(0, split + 2);
	const lines = header.split('\r\n');
	const body = message.slice(split + 4);
	const wanted = `${bodyLines.join('\r\n')}\r\n`;
	if (body !== wanted)
		return `the body was to arrive as ${JSON.stringify(wanted)}, and came as ${JSON.stringify(body)}`;
	const from = lines.find((line) => /^from:/i.test(line));
	if (from !== `From: ${headerFrom}`) return `the line "From: ${headerFrom}" came as "${from ?? 'nothing'}"`;
	const left = lines.find((line) => /^x-sluice-/i.test(line));
	if (left !== undefined) return `a header of the wiring was left in the message: ${left.split(':')[0]}`;
	if (check.mustHold.includes('no-evil-header') && lines.some((line) => /^x-evil:/i.test(line)))
		return 'the name of a directory wrote a header of its own';
	return undefined;
}
