/**
 * One number of many accounts changed in one go, and put back: in portions, kept on the disk with what stood before.
 *
 * What stood before a portion is on the disk before the portion is changed, so that a change that was cut off can be undone as far as it
 * came. Changes can be undone for a week, the latest of them; who sets an account's numbers meanwhile keeps them.
 * Not here: which accounts (main/api/changes.ts), what a change makes of numbers (core/metering/change.ts).
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import type { AccountKey } from '@sluice/shared/words/account.ts';
import { limitText, type StoredLimits } from '@sluice/shared/words/limits.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { isSameLimits, limitsAfter, type NumberChange } from '../core/metering/change.ts';
import { audit } from './audit.ts';
import { type Flow, reportError } from './context.ts';
import { present, storeLimits } from './limits.ts';

/** A change can be undone for so long. */
export const undoMs = 7 * 86_400_000;
/** Changes that are kept, and accounts in all of them together: the oldest go first. Of administrators, and of each reseller. */
const keptMax = {
	admin: { changes: 50, accounts: 100_000 },
	reseller: { changes: 10, accounts: 20_000 },
} as const;
/** Accounts written in one go: each portion waits for the disk twice, on the loop. */
const accountsPerPortion = 100;
/** Accounts of which each change tells an event; the audit's event tells of the rest. */
const eventsMax = 100;

/** A change as it is kept. */
type Kept = {
	readonly id: string;
	readonly actor: string;
	readonly atMs: number;
	readonly change: NumberChange;
	readonly accounts: number;
	readonly parts: number;
};

/** What stood before, of a portion. */
type Part = readonly { readonly key: AccountKey; readonly former: StoredLimits }[];

const partId = (id: string, part: number): string => `${id}/${part}`;
const rested = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** `200 recipients an hour (enforce)`, `no own number of hour.recipients`. */
function changeText({ rule, value, mode, untilMs, note }: NumberChange): string {
	const until = untilMs === undefined ? '' : `, until ${new Date(untilMs).toISOString()}`;
	const why = note === undefined ? '' : `, note: ${note}`;
	return value === null ? `no own number of ${rule}${why}` : `${limitText(rule, value)} (${mode})${until}${why}`;
}

const keptChanges = ({ state }: Flow): readonly Kept[] => state.documents('change').map(({ value }) => value as Kept);

/** Parts that are deleted in one go: they are large. */
const partsPerPortion = 10;

async function forget({ state }: Flow, { id, parts }: Kept): Promise<void> {
	for (let part = 0; part < parts; part += partsPerPortion) {
		await rested();
		const ids = Array.from({ length: Math.min(partsPerPortion, parts - part) }, (_, n) => partId(id, part + n));
		state.putDocuments(
			'change-part',
			ids.map((one) => ({ id: one, value: undefined })),
		);
	}
	state.putDocuments('change', [{ id, value: undefined }]);
}

/** Who pushes out whose: administrators each other's, a reseller its own, whoever acts as it. */
const sharerOf = (actor: string): string => {
	const [role = '', id = ''] = actor.split(' ');
	return role === 'reseller' ? `${role} ${id}` : 'admin';
};

/** Makes room for a change that comes; also in each sweep, for none: what is too old to be undone goes. */
export async function forgetOldChanges(flow: Flow, coming?: Pick<Kept, 'actor' | 'accounts'>): Promise<void> {
	const oldestMs = flow.clock.now() - undoMs;
	const sums = new Map<string, { changes: number; accounts: number }>();
	const isWithin = ({ actor, accounts }: Pick<Kept, 'actor' | 'accounts'>): boolean => {
		const sharer = sharerOf(actor);
		const sum = sums.get(sharer) ?? { changes: 0, accounts: 0 };
		sums.set(sharer, sum);
		sum.changes += 1;
		sum.accounts += accounts;
		const max = keptMax[sharer === 'admin' ? 'admin' : 'reseller'];
		return sum.changes <= max.changes && sum.accounts <= max.accounts;
	};
	if (coming !== undefined) isWithin(coming);
	for (const kept of [...keptChanges(flow)].sort((a, b) => b.atMs - a.atMs))
		if (!isWithin(kept) || kept.atMs < oldestMs) await forget(flow, kept);
}

/** To the disk, then in force. Throws when the disk does not take it. */
function put(flow: Flow, entries: readonly { readonly key: AccountKey; readonly limits: StoredLimits }[]): void {
	const isEmpty = ({ base, exception }: StoredLimits): boolean => base === undefined && exception === undefined;
	storeLimits(
		flow,
		entries.map(({ key, limits }) => ({ level: 'account', id: key, limits: isEmpty(limits) ? undefined : limits })),
	);
}

function told(flow: Flow, actor: Actor, keys: readonly AccountKey[], text: string, until?: number): void {
	for (const id of keys.slice(0, eventsMax))
		flow.events.emit({
			event: 'limit.set',
			atMs: flow.clock.now(),
			level: 'account',
			id,
			text,
			actor: actorText(actor),
			...(until === undefined ? {} : { until: new Date(until).toISOString() }),
		});
}

export type ChangeDone = { readonly id: string; readonly changed: number; readonly undoUntilMs: number };

/** Changes these accounts. `unwritten`: the disk did not take all of it; what it took is in force and can be undone. */
export async function changeNumbers(
	flow: Flow,
	{
		id,
		keys,
		change,
		mayChange,
	}: {
		/** That no other change has: by it the change is undone. */
		readonly id: string;
		readonly keys: readonly AccountKey[];
		readonly change: NumberChange;
		/** Asked again when it is written: somebody may have set numbers since they were looked at. */
		readonly mayChange: (key: AccountKey) => boolean;
	},
	actor: Actor,
): Promise<Result<ChangeDone, 'unwritten'>> {
	const atMs = flow.clock.now();
	const parts = Math.ceil(keys.length / accountsPerPortion);
	const kept: Kept = { id, actor: actorText(actor), atMs, change, accounts: keys.length, parts };
	const changed: AccountKey[] = [];
	let isWhole = true;
	try {
		await forgetOldChanges(flow, kept);
		flow.state.putDocuments('change', [{ id, value: kept }]);
		for (let part = 0; part < parts; part++) {
			await rested();
			const portion = keys
				.slice(part * accountsPerPortion, (part + 1) * accountsPerPortion)
				.filter(mayChange)
				.map((key) => ({ key, former: present(flow, flow.limits.get('account', key)) }));
			flow.state.putDocuments('change-part', [{ id: partId(id, part), value: portion satisfies Part }]);
			put(
				flow,
				portion.map(({ key, former }) => ({ key, limits: limitsAfter(former, change) })),
			);
			for (const { key } of portion) changed.push(key);
		}
	} catch (error) {
		reportError(flow, 'limits of many', error);
		isWhole = false;
	}
	// What waited for the old numbers may leave now.
	flow.wakePace();
	const text = changeText(change);
	told(flow, actor, changed, text, change.untilMs);
	const some = isWhole ? '' : `, cut off after ${changed.length}`;
	audit(flow, actor, 'limit.change', accountsText(keys.length), `${text}${some}; change ${id}`);
	return isWhole ? ok({ id, changed: changed.length, undoUntilMs: atMs + undoMs }) : failed('unwritten');
}

const accountsText = (count: number): string => `${count} ${count === 1 ? 'account' : 'accounts'}`;

export type UndoDone = { readonly restored: number; readonly kept: number };

/** Puts back what stood before. `gone`: there is no such change of that actor's, or it is too old. */
export async function undoChange(
	flow: Flow,
	{ id, mayChange }: { readonly id: string; readonly mayChange: (key: AccountKey) => boolean },
	actor: Actor,
): Promise<Result<UndoDone, 'gone' | 'unwritten'>> {
	const known = flow.state.document('change', id) as Kept | undefined;
	const isOwn = known !== undefined && (actor.role === 'admin' || known.actor === actorText(actor));
	if (known === undefined || !isOwn || flow.clock.now() > known.atMs + undoMs) return failed('gone');
	const counts = { restored: 0, kept: 0 };
	try {
		for (let part = 0; part < known.parts; part++) {
			await rested();
			const portion = (flow.state.document('change-part', partId(id, part)) ?? []) as Part;
			restore(flow, known.change, { portion, mayChange, counts });
		}
		await forget(flow, known);
	} catch (error) {
		reportError(flow, 'limits of many', error);
		return failed('unwritten');
	}
	flow.wakePace();
	const text = `as before ${changeText(known.change)}`;
	const kept = counts.kept === 0 ? '' : `; ${counts.kept} changed since stay as they are`;
	audit(flow, actor, 'limit.undo', accountsText(counts.restored), `${text}${kept}; change ${id}`);
	return ok(counts);
}

function restore(
	flow: Flow,
	change: NumberChange,
	{
		portion,
		mayChange,
		counts,
	}: {
		readonly portion: Part;
		readonly mayChange: (key: AccountKey) => boolean;
		readonly counts: { restored: number; kept: number };
	},
): void {
	const entries = [];
	for (const { key, former } of portion) {
		const standing = present(flow, flow.limits.get('account', key));
		// An exception that has ended since does not come back.
		const wanted = present(flow, former);
		if (isSameLimits(standing, wanted)) counts.restored += 1;
		else if (mayChange(key) && isSameLimits(standing, present(flow, limitsAfter(former, change)))) {
			entries.push({ key, limits: wanted });
			counts.restored += 1;
		} else counts.kept += 1;
	}
	put(flow, entries);
}
