/**
 * One line of a mail log that Postfix writes to, with the time of syslog (`Nov 24 09:00:01`) or of RFC 3339.
 *
 * `TIME host postfix/smtpd[pid]: QUEUEID: client=name[address], sasl_method=…, sasl_username=…` and its kin. The old time has no year:
 * it is that of the day before `laterThanMs`, which the caller sets to the end of the file. Other programs write to the same log.
 */
import { type LogLine, ownReplyMark } from './events.ts';

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const syslog = /^(?:<\d+>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d) \S+ /;
const rfc3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) \S+ /;
const program = /^(postfix[\w.-]*(?:\/[\w.-]+)*)\/([\w-]+)\[\d+\]: /;
/** Short ids are hexadecimal, long ones have no vowels (Postfix, enable_long_queue_ids). */
const idShape = /^([0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,24}): /;
/** A line from "tomorrow" is of last year: clocks differ a little. */
const aheadMsMax = 86_400_000;

function syslogTime(found: RegExpExecArray, endMs: number): number | undefined {
	const [, name = '', ...rest] = found;
	const month = months.indexOf(name);
	const [day, hour, minute, second] = rest.map(Number) as [number, number, number, number];
	if (month < 0 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined;
	const year = new Date(endMs).getFullYear();
	const atMs = new Date(year, month, day, hour, minute, second).getTime();
	return atMs > endMs + aheadMsMax ? new Date(year - 1, month, day, hour, minute, second).getTime() : atMs;
}

/** Delivery agents that hand mail to another machine; a filter on this one is told by its address. */
const remoteAgents = new Set(['smtp', 'relay']);
const localAgents = new Set(['local', 'virtual', 'lmtp', 'pipe', 'error', 'discard', 'retry']);

function delivery(queueId: string, agent: string, said: string): LogLine {
	const found = /^to=<([^>]*)>, (?:orig_to=<[^>]*>, )?relay=(.*?), delay=[^(]*? status=(\w+) ?(.*)$/.exec(said);
	if (found === null) return said.startsWith('to=<') ? 'unknown' : 'other';
	const [, address = '', relay = '', status = '', text = ''] = found;
	const isHere = /\[(?:127\.[\d.]+|::1)\]/.test(relay) && !text.includes(ownReplyMark);
	const as = isHere && status === 'sent' ? /queued as ([0-9A-Za-z]{6,24})/.exec(text)?.[1] : undefined;
	if (as !== undefined) return { kind: 'passedOn', queueId, as };
	const outcome = status === 'sent' ? 'sent' : status === 'deferred' ? 'deferred' : 'failed';
	return { kind: 'recipient', queueId, address, isRemote: remoteAgents.has(agent) && !isHere, outcome };
}

/** What one program of Postfix says about a message. */
function about(queueId: string, agent: string, said: string, atMs: number): LogLine {
	switch (agent) {
		case 'smtpd': {
			const found =
				/^client=[^\s,]*\[([^\]]*)\](?::\d+)?(?:, sasl_method=[^,]+)?(?:, sasl_username=([^,]+))?(?:,|$)/.exec(said);
			if (found === null) return said.startsWith('client=') ? 'unknown' : 'other';
			const [, client = '', login] = found;
			const sender =
				login === undefined
					? ({ kind: 'relay', client } as const)
					: ({ kind: 'mailbox', login: login.toLowerCase() } as const);
			return { kind: 'arrival', queueId, atMs, sender };
		}
		case 'pickup': {
			const found = /^uid=(\d+) from=<([^>]*)>/.exec(said);
			if (found === null) return 'other';
			return {
				kind: 'arrival',
				queueId,
				atMs,
				sender: { kind: 'unix', uid: Number(found[1]) },
				reversePath: found[2] as string,
			};
		}
		case 'qmgr': {
			if (said.startsWith('removed')) return { kind: 'end', queueId };
			const reversePath = /^from=<([^>]*)>, size=/.exec(said)?.[1];
			return reversePath === undefined ? 'other' : { kind: 'about', queueId, reversePath };
		}
		case 'bounce': {
			const report = /notification: ([0-9A-Za-z]{6,24})$/.exec(said)?.[1];
			return report === undefined ? 'other' : { kind: 'report', queueId: report };
		}
		default:
			return remoteAgents.has(agent) || localAgents.has(agent) ? delivery(queueId, agent, said) : 'other';
	}
}

/** `endMs`: when the file was last written to, epoch ms. */
export function readPostfixLine(line: string, endMs: number): LogLine {
	const modern = rfc3339.exec(line);
	const old = modern === null ? syslog.exec(line) : null;
	const head = modern?.[0] ?? old?.[0];
	const atMs = modern !== null ? Date.parse(modern[1] as string) : old !== null ? syslogTime(old, endMs) : undefined;
	if (head === undefined || atMs === undefined || Number.isNaN(atMs)) return 'unknown';
	const said = line.slice(head.length);
	const by = program.exec(said);
	if (by === null) return 'foreign';
	const text = said.slice(by[0].length);
	const id = idShape.exec(text);
	if (id === null) return 'other';
	return about(id[1] as string, by[2] as string, text.slice(id[0].length), atMs);
}
