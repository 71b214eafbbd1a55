/**
 * A data folder as a large server has it after a month: history of finished mail, counts, mail that is held.
 *
 * Written through the store's own code, but past the log, since relaying ten million messages takes longer than what is to be measured.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openSpool } from '@sluice/agent/io/spool/spool.ts';
import { addMessage, addStep, emptyBatch } from '@sluice/agent/io/store/day-batch.ts';
import { openDayFile } from '@sluice/agent/io/store/day-file.ts';
import { dayMs, dayOfTime, keyOfId, nameOfDay } from '@sluice/agent/io/store/message-key.ts';
import { openOwn } from '@sluice/agent/io/store/own-database.ts';
import type { Database } from '@sluice/agent/io/store/sqlite.ts';
import { providersOfStepMax } from '@sluice/agent/io/store/stats-answers.ts';
import { answerTables, countTables, statsFormat } from '@sluice/agent/io/store/stats-database.ts';
import { dayBegin, stepBegin } from '@sluice/agent/io/store/stats-steps.ts';
import { delivered, exampleRecord, seededRandom } from '@sluice/agent/io/store/testing.ts';
import { volumeCounts } from '@sluice/shared/contract/view-operations.ts';

export type Server = {
	readonly dataDir: string;
	readonly nowMs: number;
	readonly accounts: number;
	/** Of them, how many have mail every hour. */
	readonly busy: number;
	readonly resellers: number;
	readonly historyDays: number;
	/** Finished recipients in the history, in the ten days before today. */
	readonly finished: number;
	readonly held: number;
};

const historyDaysFilled = 10;
const messagesPerCommit = 4000;
const accountOf = (site: number): string => `acct${site}`;
export const resellerOf = (site: number, { resellers }: Pick<Server, 'resellers'>): string =>
	`seller${site % resellers}`;

/** Writes everything; `tell` hears how far it is. */
export async function writeServer(server: Server, tell: (what: string) => void): Promise<void> {
	mkdirSync(join(server.dataDir, 'history'), { recursive: true, mode: 0o700 });
	writeHistory(server, tell);
	writeStats(server);
	tell('counts written');
	await writeHeld(server);
	tell('held mail written');
}

function writeHistory({ dataDir, nowMs, finished, accounts }: Server, tell: (what: string) => void): void {
	const random = seededRandom(2);
	const each = Math.ceil(finished / historyDaysFilled);
	for (let ago = historyDaysFilled; ago > 0; ago--) {
		const startMs = nowMs - (nowMs % dayMs) - ago * dayMs;
		const day = openDayFile(join(dataDir, 'history', `${nameOfDay(dayOfTime(startMs))}.db`));
		let batch = emptyBatch();
		for (let sequence = 0; sequence < each; sequence++) {
			// The first accounts send most.
			const site = Math.floor(random() ** 3 * accounts);
			const record = exampleRecord(sequence % 2 ** 20, {
				atMs: startMs + Math.floor((sequence * dayMs) / each),
				account: accountOf(site),
				mailbox: `user${Math.floor(random() * 3)}@site${site}.test`,
				recipients: [`customer${Math.floor(random() * 1e6)}@example${Math.floor(random() ** 4 * 20_000)}.test`],
				subject: `Your order number ${Math.floor(random() * 1e6)} is on its way`,
			});
			const key = keyOfId(record.id)?.key as number;
			addMessage(batch, key, record);
			const step = delivered(record);
			addStep(batch, key, random() < 0.02 ? { ...step, to: 'bounced' } : step, { segment: 1, offset: sequence });
			if (sequence % messagesPerCommit !== messagesPerCommit - 1) continue;
			day.commit(batch, { segment: 1, offset: sequence }, 'lazy');
			batch = emptyBatch();
		}
		day.commit(batch, { segment: 1, offset: each }, 'lazy');
		day.close();
		tell(`history: ${historyDaysFilled - ago + 1} of ${historyDaysFilled} days`);
	}
}

function writeStats(server: Server): void {
	const { dataDir, nowMs, historyDays } = server;
	const database = openOwn(join(dataDir, 'stats.db'), statsFormat);
	const now = Math.floor(nowMs / 1000);
	database.exec('PRAGMA synchronous = OFF; BEGIN');
	for (let moment = stepBegin('moment', now) - 3 * 3600; moment <= now; moment += 300)
		putCounts(database, 'moment', moment, server);
	for (let hour = stepBegin('hour', now) - 15 * 86_400; hour <= now; hour += 3600) {
		putCounts(database, 'hour', hour, server);
		putAnswers(database, 'hour', hour);
	}
	for (let ago = 0; ago < historyDays; ago++) {
		const day = dayBegin(dayBegin(now) + 43_200 - ago * 86_400);
		putCounts(database, 'day', day, server);
		putAnswers(database, 'day', day);
	}
	database.prepare('UPDATE state SET since = ?, folded = ?').run(now - 90 * 86_400, stepBegin('moment', now) + 300);
	database.exec('COMMIT');
	database.close();
}

function putCounts(database: Database, size: keyof typeof countTables, step: number, server: Server): void {
	const put = database.prepare(
		`INSERT INTO ${countTables[size]} VALUES (?, ?, ${volumeCounts.map((_, at) => 50 - at).join(', ')})`,
	);
	put.run(step, 'server:server');
	for (let reseller = 0; reseller < server.resellers; reseller++) put.run(step, `reseller:seller${reseller}`);
	for (let site = 0; site < server.busy; site++) put.run(step, `account:${accountOf(site)}`);
}

/** As many providers as there is room for. */
function putAnswers(database: Database, size: keyof typeof answerTables, step: number): void {
	const put = database.prepare(`INSERT INTO ${answerTables[size]} VALUES (?, ?, ?, ?, ?)`);
	for (let provider = 0; provider < providersOfStepMax; provider++) {
		const name = `provider${provider}.test`;
		put.run(step, name, 'delivered', '', 10 + provider);
		put.run(step, name, 'deferred', 'greylist', 3);
		put.run(step, name, 'bounced', 'recipient-gone', 1);
	}
}

async function writeHeld({ dataDir, nowMs, held }: Server): Promise<void> {
	const directory = join(dataDir, 'spool');
	mkdirSync(directory, { recursive: true, mode: 0o700 });
	const { spool } = await openSpool({ directory, visit: () => {} });
	spool.kept();
	const body = [Buffer.from('Subject: held\r\n\r\nHello.\r\n')];
	const text = 'The account is on hold: its mail looks like spam.';
	for (let from = 0; from < held; from += 1000)
		await Promise.all(
			Array.from({ length: Math.min(1000, held - from) }, (_, at) => {
				const site = (from + at) % 200;
				const record = exampleRecord(from + at, {
					atMs: nowMs - 60_000 + Math.floor((from + at) / 100),
					account: accountOf(site),
					mailbox: `user@site${site}.test`,
					initial: 'held',
				});
				const verdict = { action: 'hold', reasons: [{ rule: 'hold.account', text }] } as const;
				return spool.append({ ...record, verdict }, body);
			}),
		);
	await spool.stop();
}
