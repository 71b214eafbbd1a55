/**
 * For the tests: the counts of a whole log, worked out entry by entry without batches, files or positions; and those of a file.
 */

import { volumeCounts } from '@sluice/shared/contract/view-operations.ts';
import type { MessageRecord, Transition } from '@sluice/shared/words/message.ts';
import type { LogEntry } from '../../ports/spool.ts';
import { openDatabase } from './sqlite.ts';

/** `hours 1793700000 account:shop delivered` → how many. */
export type CountSums = Map<string, number>;

const midnight = (ms: number): number => {
	const date = new Date(ms);
	return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime() / 1000;
};

const begins = {
	moments: (ms: number) => Math.floor(ms / 300_000) * 300,
	hours: (ms: number) => Math.floor(ms / 3_600_000) * 3600,
	days: midnight,
};

function raise(sums: CountSums, name: string, by: number): void {
	if (by > 0) sums.set(name, (sums.get(name) ?? 0) + by);
}

function count(sums: CountSums, of: MessageRecord, name: string, atMs: number, by = 1): void {
	const subjects = ['server:server', `account:${of.attribution.account}`];
	for (const scope of of.scopes ?? []) if (scope.startsWith('reseller:')) subjects.push(scope);
	for (const [table, begin] of Object.entries(begins))
		for (const subject of subjects) raise(sums, `${table} ${begin(atMs)} ${subject} ${name}`, by);
}

const endings = { delivered: 'delivered', bounced: 'bounced', expired: 'expired', discarded: 'discarded' } as const;
const providers: { readonly [host: string]: string } = {
	'mx1.example.test': 'example.test',
	'aspmx.l.google.com': 'Google',
	'alt1.aspmx.l.google.com': 'Google',
	'mx00.gmx.net': 'GMX, WEB.DE and mail.com',
};

function countStep(sums: CountSums, of: MessageRecord, step: Transition): void {
	const { to, atMs, charge, reply, host, cause } = step;
	if (charge !== undefined) count(sums, of, 'charged', atMs);
	if (to === 'held') count(sums, of, 'held', atMs);
	if (to === 'waiting') count(sums, of, 'waited', atMs);
	if (to === 'queued' && reply !== undefined) count(sums, of, 'deferred', atMs);
	if (to in endings) count(sums, of, endings[to as keyof typeof endings], atMs);
	if (host === undefined || reply === undefined) return;
	const result = to === 'delivered' || to === 'bounced' ? to : 'deferred';
	const provider = providers[host.split(' ')[0] as string];
	const why = result === 'delivered' ? '' : cause;
	raise(sums, `answer_hours ${begins.hours(atMs)} ${provider} ${result} ${why}`, 1);
	raise(sums, `answer_days ${begins.days(atMs)} ${provider} ${result} ${why}`, 1);
}

/** The whole log, entry by entry. */
export function countNaively(entries: readonly { readonly entry: LogEntry }[]): CountSums {
	const sums: CountSums = new Map();
	const records = new Map<string, MessageRecord>();
	for (const { entry } of entries) {
		if (entry.kind === 'transitions') {
			for (const step of entry.transitions) {
				const of = records.get(step.message);
				if (of !== undefined && of.about === undefined) countStep(sums, of, step);
			}
			continue;
		}
		const { record } = entry;
		if (records.has(record.id)) continue;
		records.set(record.id, record);
		if (record.about !== undefined) continue;
		for (const [index] of record.envelope.recipients.entries()) {
			const state = record.initials?.[index] ?? record.initial;
			count(sums, record, 'accepted', record.acceptedMs);
			if (state === 'waiting') count(sums, record, 'waited', record.acceptedMs);
			if (state === 'held') count(sums, record, 'held', record.acceptedMs);
			if (state === 'queued' && record.scopes !== undefined) count(sums, record, 'charged', record.acceptedMs);
		}
	}
	return sums;
}

/** What stands in the file, with the moments that are in no hour and day yet. */
export function countsIn(path: string): CountSums {
	const sums: CountSums = new Map();
	const database = openDatabase(path, { readOnly: true });
	const folded = database.prepare('SELECT folded FROM state').get()?.[0] as number;
	for (const table of ['moments', 'hours', 'days'] as const)
		for (const [step, subject, ...counts] of database.prepare(`SELECT * FROM ${table}`).all())
			for (const [index, name] of volumeCounts.entries()) {
				const add = (to: keyof typeof begins): void => {
					const begin = to === table ? step : begins[to]((step as number) * 1000);
					raise(sums, `${to} ${begin} ${subject} ${name}`, counts[index] as number);
				};
				add(table);
				if (table !== 'moments' || (step as number) < folded) continue;
				add('hours');
				add('days');
			}
	for (const table of ['answer_hours', 'answer_days'])
		for (const [step, provider, result, cause, recipients] of database.prepare(`SELECT * FROM ${table}`).all())
			raise(sums, `${table} ${step} ${provider} ${result} ${cause}`, recipients as number);
	database.close();
	return sums;
}

/** In one order, to be compared. */
export const sorted = (sums: CountSums): readonly (readonly [string, number])[] =>
	[...sums].sort(([one], [other]) => (one < other ? -1 : 1));
