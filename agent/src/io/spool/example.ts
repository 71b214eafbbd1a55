/**
 * Messages, temporary folders and a log read back: what the spool's tests share.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { MessageRecord, Transition } from '@sluice/shared/words/message.ts';
import { messageIdOf } from '@sluice/shared/words/message.ts';
import type { LogEntry, LogPosition } from '../../ports/spool.ts';
import type { SpoolFiles } from './files.ts';
import { nodeFiles } from './files.ts';
import type { OpenSpoolInput } from './spool.ts';
import { openSpool } from './spool.ts';

const address = (text: string) => text as unknown as MessageRecord['envelope']['reversePath'];

/** Message number `sequence`; the number is found again in its id and its body. */
export function exampleRecord(sequence: number, bodyBytes: number): MessageRecord {
	return {
		id: messageIdOf(1_790_000_000_000, sequence),
		acceptedMs: 1_790_000_000_000,
		envelope: {
			reversePath: address(`shop${sequence}@site1.test`),
			recipients: [{ address: address(`ann${sequence}@example.test`) }],
			has8bit: false,
			smtpUtf8: false,
		},
		origin: { peerAddress: '127.0.0.1', helo: 'host1.test', protocol: 'esmtp' },
		attribution: {
			account: 'site1',
			identity: { kind: 'mailbox', id: 'shop@site1.test' },
			class: 'mailbox',
			certainty: 'proved',
			from: 'exim header, auth=shop@site1.test',
			hint: { domain: 'site1.test', address: 'shop@site1.test' },
			alarms: [],
		},
		verdict: { action: 'accept', reasons: [] },
		initial: 'queued',
		bodyBytes,
		cuts: [],
		subject: 'Ihre Bestellung, größer als gedacht',
		hops: 1,
	};
}

export function exampleBody(sequence: number, bytes: number): Uint8Array[] {
	const line = `message ${sequence} says hello once more and once more\r\n`;
	const body = Buffer.alloc(bytes, line);
	return [body.subarray(0, bytes >> 1), body.subarray(bytes >> 1)];
}

export function exampleTransition(sequence: number): Transition {
	return {
		message: messageIdOf(1_790_000_000_000, sequence),
		recipient: 0,
		atMs: 1_790_000_001_000,
		to: 'delivered',
		attempts: 1,
		reply: { code: 250, status: '2.0.0', lines: ['ok, queued as 12345'] },
		host: 'mx1.example.test [203.0.113.5]',
	};
}

export function temporaryFolder(context: TestContext): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-spool-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	return folder;
}

export const smallSettings = { segmentBytes: 64 * 1024, reserveBytes: 32 * 1024, sparesMax: 2 };

export type Seen = { readonly entry: LogEntry; readonly next: LogPosition };

/** Opens the log with small segments and collects what the replay tells. */
export async function openExample(directory: string, input: Partial<OpenSpoolInput> = {}) {
	const seen: Seen[] = [];
	const settings = { ...smallSettings, ...input.settings };
	const opened = await openSpool({
		...input,
		directory,
		settings,
		visit: (entry, next) => void seen.push({ entry, next }),
	});
	return { ...opened, seen };
}

/** Ids of the messages told, in order. */
export const idsOf = (seen: readonly Seen[]): string[] =>
	seen.flatMap(({ entry }) => (entry.kind === 'message' ? entry.record.id : []));

type Call = keyof SpoolFiles;

/** The real files, with a function asked before every call; what it throws is what the call fails with. */
export function watchedFiles(before: (call: Call, argument: unknown) => void): SpoolFiles {
	const asynchronous = new Set<Call>([
		'open',
		'write',
		'read',
		'fdatasync',
		'syncDirectory',
		'truncate',
		'rename',
		'unlink',
		'close',
		'freeBytes',
	]);
	return new Proxy(nodeFiles, {
		get(target, name) {
			const call = name as Call;
			const real = target[call] as (...values: unknown[]) => unknown;
			if (asynchronous.has(call))
				return async (...values: unknown[]) => {
					before(call, values[0]);
					return real(...values);
				};
			return (...values: unknown[]) => {
				before(call, values[0]);
				return real(...values);
			};
		},
	});
}
