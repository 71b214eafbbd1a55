/**
 * One line of Exim's main log.
 *
 * `2026-11-24 09:00:01 [pid] ID <= sender H=… U=… P=… A=driver:login S=… T="subject" for …` and its kin (Exim specification, chapter
 * "Log files"). Ids are 6-6-2 characters, since 4.97 6-11-4. Fields behind the subject are not read, and those before it only where
 * they stand by themselves: HELO is in parentheses and may say anything.
 */
import { type LogLine, type LogSender, ownReplyMark } from './events.ts';

const stamp = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?: ([+-]\d{4}))? (?:\[(\d+)\] )?/;
const idShape = /^([0-9A-Za-z]{6}-(?:[0-9A-Za-z]{6}-[0-9A-Za-z]{2}|[0-9A-Za-z]{11}-[0-9A-Za-z]{4})) /;

/** Epoch ms of a log's own time: of its zone when it names one, else of the machine's. Undefined when there is no such time. */
function timeOf(found: RegExpExecArray): number | undefined {
	const [, year, month, day, hour, minute, second, fraction = '0', zone] = found;
	const millis = Number(`0.${fraction}`) * 1000;
	const parts = [year, month, day, hour, minute, second].map(Number) as [
		number,
		number,
		number,
		number,
		number,
		number,
	];
	const [y, mo, d, h, mi, s] = parts;
	if (mo < 1 || mo > 12 || d < 1 || d > 31 || h > 23 || mi > 59 || s > 60) return undefined;
	if (zone === undefined) return new Date(y, mo - 1, d, h, mi, s, millis).getTime();
	const offset = (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(3))) * (zone.startsWith('-') ? -1 : 1);
	return Date.UTC(y, mo - 1, d, h, mi, s, millis) - offset * 60_000;
}

/** Words with a space between, where parentheses and quotes hold together. Ends at the subject: what follows is a stranger's. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
	const fields = new Map<string, string>();
	let depth = 0;
	let start = 0;
	for (let index = 0; index <= text.length; index++) {
		const char = text[index];
		if (char === '(') depth += 1;
		else if (char === ')') depth = Math.max(0, depth - 1);
		else if (char === '"') index = Math.max(index, text.indexOf('"', index + 1));
		else if (char === undefined || (char === ' ' && depth === 0)) {
			const word = text.slice(start, index);
			start = index + 1;
			if (word.startsWith('T="') || word === 'for') break;
			const equals = word.indexOf('=');
			// The first counts.
			if (equals > 0 && equals <= 3 && !fields.has(word.slice(0, equals)))
				fields.set(word.slice(0, equals), word.slice(equals + 1));
		}
	}
	return fields;
}

function senderOf(fields: ReadonlyMap<string, string>, text: string, reversePath: string): LogSender {
	const protocol = fields.get('P') ?? '';
	const login = fields.get('A');
	const user = fields.get('U');
	// Of a bounce `R=` names the message that it is about.
	if (reversePath === '' && fields.has('R')) return { kind: 'report' };
	if (protocol.startsWith('local') && user !== undefined) return { kind: 'unix', user };
	const colon = login?.indexOf(':') ?? -1;
	if (login !== undefined && colon > 0 && colon < login.length - 1)
		return { kind: 'mailbox', login: login.slice(colon + 1).toLowerCase() };
	return { kind: 'relay', client: /\[([0-9a-fA-F.:]+)\]/.exec(text)?.[1] ?? '' };
}

/** `a@b.test`, `alice <alice@b.test>`, `|/bin/x <a@b.test>`: the address that was asked for, and what is behind it. */
function recipientOf(text: string): { readonly address: string; readonly rest: string } | undefined {
	const pipe = /^(?:[|/:][^<]*|\S+ )<([^>\s]+)>(.*)$/.exec(text);
	if (pipe !== null) return { address: pipe[1] as string, rest: pipe[2] as string };
	const plain = /^(\S+?):?(?: (.*))?$/.exec(text);
	return plain === null ? undefined : { address: plain[1] as string, rest: plain[2] ?? '' };
}

const remoteRouters = /lookuphost|dnslookup|remote|smarthost|relay|smtp/i;

function delivery(queueId: string, mark: string, text: string): LogLine {
	const found = recipientOf(text);
	if (found === undefined) return 'unknown';
	const fields = fieldsOf(found.rest);
	const host = fields.get('H');
	const isRemote =
		host === undefined
			? mark !== '=>' && mark !== '->' && remoteRouters.test(`${fields.get('R') ?? ''} ${fields.get('T') ?? ''}`)
			: !/\[(?:127\.|::1)/.test(found.rest) || found.rest.includes(ownReplyMark);
	const outcome = mark === '**' ? 'failed' : mark === '==' ? 'deferred' : 'sent';
	return { kind: 'recipient', queueId, address: found.address, isRemote, outcome };
}

/** Exim began, but to deliver (-Mc), run the queue, be the daemon, answer a question: no message is handed in. */
const otherWork = /(?:^|\s)-(?:M|q|bd|bD|b[FfhiIrPptVvwe])/;

export function readEximLine(line: string): LogLine {
	const found = stamp.exec(line);
	const atMs = found === null ? undefined : timeOf(found);
	if (found === null || atMs === undefined) return 'unknown';
	const processId = found[9];
	const beside = processId === undefined ? {} : { processId };
	const rest = line.slice(found[0].length);
	if (rest.startsWith('cwd=')) {
		const [, directory, args = ''] = /^cwd=(.*?) \d+ args: (.*)$/.exec(rest) ?? [];
		return directory === undefined || otherWork.test(args)
			? 'other'
			: { kind: 'directory', directory, atMs, ...beside };
	}
	const id = idShape.exec(rest);
	if (id === null) return 'other';
	const queueId = id[1] as string;
	const said = rest.slice(id[0].length);
	const mark = said.slice(0, 3);
	if (mark === '<= ') {
		const [, path, text = ''] = /^(\S+)(?: (.*))?$/.exec(said.slice(3)) ?? [];
		if (path === undefined) return 'unknown';
		const reversePath = path === '<>' ? '' : path;
		const sender = senderOf(fieldsOf(text), text, reversePath);
		return { kind: 'arrival', queueId, atMs, sender, reversePath, ...beside };
	}
	if (mark === '=> ' || mark === '-> ' || mark === '>> ' || mark === '** ' || mark === '== ')
		return delivery(queueId, mark.trimEnd().replace('>>', '=>'), said.slice(3));
	if (said.startsWith('Completed')) return { kind: 'end', queueId };
	// cPanel: whose the message is, decided by its own rules.
	const account = /^Sender identification U=(\S+) D=/.exec(said)?.[1];
	return account === undefined || account === '-system-' ? 'other' : { kind: 'about', queueId, account };
}
