/**
 * The folder that mail is exported to: `ID.eml` as it was received, `ID.json` with everything else, `index.json` over all.
 *
 * Root's alone: mail and addresses of everybody are in it. A name appears when its file is whole, so that an export that was interrupted
 * is gone on with by running it again: what is there and right stays, what is open no more goes, and `index.json`, written last, says that
 * all of it is there.
 *
 * Not here: which mail (open-mail.ts), the command (commands/queue-export.ts).
 */
import { createHash } from 'node:crypto';
import {
	closeSync,
	fsyncSync,
	lstatSync,
	mkdirSync,
	openSync,
	readdirSync,
	readFileSync,
	realpathSync,
	renameSync,
	rmSync,
	writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { QueuedMessage } from '../../core/scheduling/queued.ts';
import { type Content, isOpen } from './open-mail.ts';

/** What `ID.json` says. Times RFC 3339. */
export type ExportedMessage = {
	readonly id: string;
	readonly acceptedAt: string;
	readonly account: string;
	readonly identity: string;
	readonly class: string;
	readonly subject?: string;
	readonly reversePath: string;
	readonly smtpUtf8: boolean;
	readonly ret?: string;
	readonly envid?: string;
	/** Those that are not at their end. */
	readonly recipients: readonly ExportedRecipient[];
	/** Of the envelope's recipients, those who have their answer already. */
	readonly recipientsEnded: number;
	readonly file: string;
	readonly bytes: number;
	readonly sha256: string;
	/** How it goes back to a mail server, with the file on standard input. */
	readonly sendmail: readonly string[];
};

export type ExportedRecipient = {
	readonly address: string;
	readonly state: 'queued' | 'waiting' | 'held';
	/** Why it waits or is held. */
	readonly why?: string;
	readonly attempts: number;
	readonly since: string;
	/** Of what is queued. */
	readonly dueAt?: string;
	readonly lastReply?: string;
	readonly notify?: readonly string[];
	readonly orcpt?: string;
};

const folderMode = 0o700;
const fileMode = 0o600;
const othersWrite = 0o022;
/** Only who owns a name there may change it. */
const sticky = 0o1000;
const ownName = /^[0-9a-hjkmnp-tv-z]{13}\.(?:eml|json)$/;
const indexName = 'index.json';

/** Makes the folder, or says why the one that is there is none to write mail into. */
export function openExportFolder(folder: string, uid: number): Result<void, string> {
	if (lstatSync(folder, { throwIfNoEntry: false }) === undefined)
		mkdirSync(folder, { recursive: true, mode: folderMode });
	// Looked at when it is there, whoever made it.
	const found = lstatSync(folder);
	if (!found.isDirectory()) return failed(`${folder} is no folder`);
	const place = found.uid !== uid || (found.mode & othersWrite) !== 0 ? folder : openPlaceAbove(folder, uid);
	if (place !== undefined)
		return failed(`${place} is somebody else's, or others may write there: mail of everybody would lie open`);
	const foreign = readdirSync(folder).filter((name) => !isOwn(name));
	if (foreign.length > 0) return failed(`${folder} holds something else already (${foreign[0]})`);
	rmSync(join(folder, indexName), { force: true });
	return ok(undefined);
}

/** Whose owner could put another folder, or a link, in this one's place while it is written into. Undefined: nobody but root and `uid`. */
function openPlaceAbove(folder: string, uid: number): string | undefined {
	return [...foldersAbove(resolve(folder)), ...foldersAbove(realpathSync(folder))].find((path) => {
		const found = lstatSync(path);
		const mayOthers = !found.isSymbolicLink() && (found.mode & othersWrite) !== 0 && (found.mode & sticky) === 0;
		return (found.uid !== 0 && found.uid !== uid) || mayOthers;
	});
}

function foldersAbove(path: string): readonly string[] {
	const above = dirname(path);
	return above === path ? [] : [...foldersAbove(above), above];
}

/** A name of a file comes of it, and the log is the agent's user's: an id that leads elsewhere is none. */
export const isExportable = ({ id }: Pick<QueuedMessage, 'id'>): boolean => ownName.test(`${id}.eml`);

const isOwn = (name: string): boolean => ownName.test(name) || name === indexName || name.endsWith('.part');

/** `was-there`: the same bytes are there already, from a run before. */
export function writeMessage(
	folder: string,
	message: QueuedMessage,
	{ record, content }: Content,
): { readonly exported: ExportedMessage; readonly wasThere: boolean } {
	const name = `${message.id}.eml`;
	const path = join(folder, name);
	const wasThere = lstatSync(path, { throwIfNoEntry: false })?.isFile() === true && readFileSync(path).equals(content);
	if (!wasThere) writeWhole(path, content);
	const open = message.recipients.filter(isOpen);
	const addresses = open.map(({ index }) => record.envelope.recipients[index]?.address ?? '');
	const { reversePath, smtpUtf8, ret, envid } = record.envelope;
	const exported: ExportedMessage = {
		id: message.id,
		acceptedAt: timeText(record.acceptedMs),
		account: message.account,
		identity: message.identity,
		class: message.class,
		...(record.subject === undefined ? {} : { subject: record.subject }),
		reversePath,
		smtpUtf8,
		...(ret === undefined ? {} : { ret }),
		...(envid === undefined ? {} : { envid }),
		recipients: open.map((recipient) => exportedRecipient(recipient, record)),
		recipientsEnded: message.recipients.length - open.length,
		file: name,
		bytes: content.length,
		sha256: createHash('sha256').update(content).digest('hex'),
		sendmail: ['sendmail', '-i', '-f', reversePath === '' ? '<>' : reversePath, '--', ...addresses],
	};
	writeWhole(join(folder, `${message.id}.json`), Buffer.from(`${JSON.stringify(exported, undefined, '\t')}\n`));
	return { exported, wasThere };
}

function exportedRecipient(
	{ index, state, attempts, sinceMs, dueMs, reply, standing }: QueuedMessage['recipients'][number],
	{ envelope }: Content['record'],
): ExportedRecipient {
	const { address = '', notify, orcpt } = envelope.recipients[index] ?? {};
	const kept = state === 'waiting' || state === 'held' ? state : 'queued';
	return {
		address,
		state: kept,
		...(kept === 'queued' || standing === undefined ? {} : { why: standing.text }),
		attempts,
		since: timeText(sinceMs),
		...(kept === 'queued' ? { dueAt: timeText(dueMs) } : {}),
		...(reply === '' ? {} : { lastReply: reply }),
		...(notify === undefined ? {} : { notify }),
		...(orcpt === undefined ? {} : { orcpt }),
	};
}

/** Removes what an earlier run exported and is open no more: given back to a mail server it would be sent twice. */
export function removeOthers(folder: string, kept: ReadonlySet<string>): number {
	let removed = 0;
	for (const name of readdirSync(folder)) {
		const isLeftover = name.endsWith('.part');
		if (!isLeftover && (!ownName.test(name) || kept.has(name.slice(0, name.indexOf('.'))))) continue;
		rmSync(join(folder, name), { force: true });
		if (name.endsWith('.eml')) removed++;
	}
	return removed;
}

/** Messages whose both files are there. */
export function countExported(folder: string): number {
	const names = new Set(readdirSync(folder));
	return [...names].filter((name) => name.endsWith('.eml') && names.has(`${name.slice(0, -4)}.json`)).length;
}

/** Everything is on the disk before the index says so. */
export function writeIndex(folder: string, index: unknown): void {
	for (const name of readdirSync(folder)) syncNow(join(folder, name));
	writeWhole(join(folder, indexName), Buffer.from(`${JSON.stringify(index, undefined, '\t')}\n`));
	syncNow(join(folder, indexName));
	syncNow(folder);
}

function syncNow(path: string): void {
	const fd = openSync(path, 'r');
	try {
		fsyncSync(fd);
	} finally {
		closeSync(fd);
	}
}

function writeWhole(path: string, content: Uint8Array): void {
	const part = `${path}.part`;
	rmSync(part, { force: true });
	writeFileSync(part, content, { flag: 'wx', mode: fileMode });
	renameSync(part, path);
}

const timeText = (ms: number): string => new Date(ms).toISOString();
