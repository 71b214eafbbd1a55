/**
 * `account learn`: from the mail log that is there already to who sends what. Needs no agent and nothing wired.
 *
 * Accounts get their names from what the server has: cPanel's /etc/userdomains, unix users from /etc/passwd; without them the
 * provisional names that attribution makes up too.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type AccountNames, createLearning, type Learned } from '../core/mail-log/learned.ts';
import { createPassages } from '../core/mail-log/passages.ts';
import { type LogFile, logFiles, usualLogs } from '../io/mail-log/files.ts';
import { type LogReading, type Progress, readMailLog } from '../io/mail-log/read.ts';

export type LearnRequest = {
	readonly mta?: 'exim' | 'postfix';
	/** Paths of logs; their rotated files are read too. None: where they usually are. */
	readonly logs: readonly string[];
	readonly days: number;
	readonly nowMs: number;
	/** For tests: where /etc is. */
	readonly etc?: string;
	readonly progress?: Progress;
};

export type LearnAnswer = Learned & {
	readonly mta: 'exim' | 'postfix';
	readonly fromMs: number;
	readonly reading: LogReading;
};

/** What cannot be done, in words for the one who asked. */
export class LearnError extends Error {
	override readonly name = 'LearnError';
}

const dayMs = 86_400_000;
/** A message that was handed in before the first day may be delivered in it. */
const marginMs = dayMs;

type Found = { readonly mta: 'exim' | 'postfix'; readonly logs: readonly string[] };

function find({ mta, logs }: LearnRequest): Found {
	if (logs.length > 0) {
		const named = mta ?? (logs.some((path) => /exim|mainlog/.test(path)) ? 'exim' : 'postfix');
		return { mta: named, logs };
	}
	for (const kind of mta === undefined ? (['exim', 'postfix'] as const) : [mta]) {
		const there = usualLogs[kind].find((path) => existsSync(path));
		if (there !== undefined) return { mta: kind, logs: [there] };
	}
	const places = (mta === undefined ? Object.values(usualLogs).flat() : usualLogs[mta]).join(', ');
	throw new LearnError(`No mail log found at ${places}. Name it: --mta exim --log /path/to/mainlog`);
}

function filesOf(logs: readonly string[], sinceMs: number): readonly LogFile[] {
	const files = logs.flatMap((path) => {
		try {
			return logFiles(path, sinceMs);
		} catch (error) {
			throw new LearnError(`${path}: ${(error as Error).message}`);
		}
	});
	if (files.length > 0) return files.toSorted((one, other) => one.endMs - other.endMs);
	throw new LearnError(`${logs.join(', ')}: no such log, or nothing was written to it in that time.`);
}

const linesOf = (path: string): readonly string[] => {
	try {
		return readFileSync(path, 'utf8').split('\n');
	} catch {
		// Not this kind of server, or not readable: the names stay provisional.
		return [];
	}
};

function namesFrom(etc: string): AccountNames {
	const domains = new Map<string, string>();
	for (const line of linesOf(`${etc}/userdomains`)) {
		const [, domain, user] = /^([^:\s*]+):\s*(\S+)$/.exec(line) ?? [];
		if (domain !== undefined && user !== undefined) domains.set(domain.toLowerCase(), user);
	}
	const users = new Map<number, string>();
	for (const line of linesOf(`${etc}/passwd`)) {
		const [name = '', , uid = ''] = line.split(':');
		if (name !== '' && /^\d+$/.test(uid)) users.set(Number(uid), name);
	}
	return { ofDomain: (domain) => domains.get(domain), nameOfUid: (uid) => users.get(uid) };
}

/** Throws LearnError when there is no log to read. What in it cannot be read is counted, and named in the answer. */
export async function learn(request: LearnRequest): Promise<LearnAnswer> {
	const { mta, logs } = find(request);
	const fromMs = request.nowMs - request.days * dayMs;
	const files = filesOf(logs, fromMs);
	const learning = createLearning(namesFrom(request.etc ?? '/etc'));
	const passages = createPassages((passage) => {
		if (passage.atMs >= fromMs) learning.add(passage);
	});
	const reading = await readMailLog({
		mta,
		files: files.filter(({ endMs }) => endMs >= fromMs - marginMs),
		visit: passages.take,
		...(request.progress === undefined ? {} : { progress: request.progress }),
	});
	passages.end();
	return { ...learning.result(), mta, fromMs, reading };
}
