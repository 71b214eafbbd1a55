/**
 * One reconcile: everything that cPanel knows of accounts is read, and the agent told.
 *
 * The order: the lock; events that hooks have left, each account looked at by itself and told at once; then the whole list, with renames and
 * names given again told apart first; then limits of packages. Hooks only make it quicker: without any, the list alone says all. Whatever
 * a hook said, an account is told as cPanel answers about it now.
 *
 * Nothing is told when the panel cannot be read. What is read but doubtful is told as part of a list (`complete: false`): it adds and changes, and
 * takes nothing away. Revisions are times of reading that only grow, so a slow run cannot undo a later one.
 */
import type { Client } from '@sluice/shared/client/client.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { readSpool } from '../events/spool.ts';
import { agentFailure, type ReconcileFailure, type RunFailure } from './failure.ts';
import { takeLock } from './lock.ts';
import { type MailboxBounds, mailboxBounds, readMailboxes } from './mailboxes.ts';
import { putPlans } from './plans.ts';
import { tellEvents } from './quick.ts';
import { type ReconcileState, readReconcileState, writeReconcileState } from './state.ts';
import { endConfirmed, tellTurns } from './tell-turns.ts';
import type { Teller } from './teller.ts';
import { toldOf, turnsOf } from './turns.ts';
import { noteUpgrade } from './upgrade.ts';
import { accountsOf, readWorld, type Sources } from './world.ts';

export type ReconcilePlace = {
	/** State and lock. Root's alone. */
	readonly folder: string;
	/** Events of hooks. */
	readonly spool: string;
};

export type ReconcilePorts = Sources & {
	readonly client: Client;
	readonly place: ReconcilePlace;
	readonly now: () => number;
	readonly mailboxes?: MailboxBounds;
};

export type ReconcileReport = {
	readonly accounts: number;
	readonly added: number;
	readonly changed: number;
	readonly gone: number;
	readonly unchanged: number;
	readonly renamed: readonly { readonly from: string; readonly to: string }[];
	readonly remade: readonly string[];
	/** The list was told as a whole one. */
	readonly isComplete: boolean;
	/** The agent believes it; false: it shrank, and is to come again. */
	readonly isBelieved: boolean;
	/** Events of hooks, and how many accounts were told by themselves for them. */
	readonly events: number;
	readonly quick: number;
	readonly plans: number;
	readonly mailboxesRead: number;
	readonly mailboxesLeft: number;
	readonly notes: readonly string[];
	/** Processes of cPanel's that were started. */
	readonly processes: number;
	readonly ms: number;
};

/** Broken I/O is a failure like the others: what runs again and again must not end by a full disk. */
export async function reconcile(ports: ReconcilePorts): Promise<Result<ReconcileReport, ReconcileFailure>> {
	try {
		return await reconcileAlone(ports);
	} catch (error) {
		const { code, message } = error as NodeJS.ErrnoException;
		if (code === undefined) throw error;
		return failed({ kind: 'machine', text: message });
	}
}

async function reconcileAlone(ports: ReconcilePorts): Promise<Result<ReconcileReport, ReconcileFailure>> {
	const lock = await takeLock(`${ports.place.folder}/reconcile.lock`);
	if (lock === undefined) return failed({ kind: 'busy', text: 'Another reconcile is at work here.' });
	try {
		const done = await run(ports);
		const last = done.ok ? undefined : staleOf(done.error);
		// Our memory is older than the agent's (it was lost, or the clock went back): once more, behind what it has.
		return last === undefined ? plain(done) : plain(await run(ports, last));
	} finally {
		await lock.release();
	}
}

const plain = (done: Result<ReconcileReport, RunFailure>): Result<ReconcileReport, ReconcileFailure> =>
	done.ok ? done : failed({ kind: done.error.kind, text: done.error.text });

/** The revision that the agent has, of its own sentence; undefined: something else is wrong. */
function staleOf({ failure }: RunFailure): number | undefined {
	if (failure?.kind !== 'problem' || failure.problem.type !== 'urn:sluice:stale-revision') return undefined;
	const found = /older than (\d{1,16})|revision (\d{1,16}) already/.exec(failure.problem.detail ?? '');
	return found === null ? undefined : Number(found[1] ?? found[2]);
}

async function run(ports: ReconcilePorts, revisionMin = 0): Promise<Result<ReconcileReport, RunFailure>> {
	const { api, client, place, now } = ports;
	const startMs = now();
	const callsBefore = api.calls();
	const statePath = `${place.folder}/reconcile.json`;
	const { state: before, isLost } = await readReconcileState(statePath);
	let revision = Math.max(before.revision, revisionMin);
	const teller: Teller = {
		client,
		next() {
			revision = Math.max(now(), revision + 1);
			return revision;
		},
	};
	const spool = await readSpool(place.spool);
	let state = before;
	let quick = 0;
	// Looked after by itself (upgrade.ts), also when nothing can be told.
	if (spool.events.some(({ kind }) => kind === 'upgraded')) await noteUpgrade(place.folder);
	if (spool.events.length > 0) {
		({ state, quick } = await tellEvents(spool.events, { ...ports, teller, state }));
		await writeReconcileState(statePath, { ...state, revision });
	}
	const whole = await tellWhole(ports, teller, state);
	// What hooks said is done or will be done by the next list; it must not stay and call for a run again and again.
	await spool.clear();
	if (!whole.ok) return whole;
	const { report, next } = whole.value;
	await writeReconcileState(statePath, { ...next, revision, readMs: startMs });
	return ok({
		...report,
		events: spool.events.length,
		quick,
		notes: [
			...(isLost ? ['the memory of the last run was damaged and began anew'] : []),
			...(spool.unreadable === 0 ? [] : [`${spool.unreadable} events of hooks could not be read`]),
			...report.notes,
		],
		processes: api.calls() - callsBefore,
		ms: now() - startMs,
	});
}

type Whole = {
	readonly report: Omit<ReconcileReport, 'events' | 'quick' | 'processes' | 'ms'>;
	readonly next: ReconcileState;
};

async function tellWhole(
	ports: ReconcilePorts,
	teller: Teller,
	state: ReconcileState,
): Promise<Result<Whole, RunFailure>> {
	const { api, files, client, now } = ports;
	const revision = teller.next();
	const read = await readWorld(ports, state);
	if (!read.ok) return failed({ kind: 'panel', text: `Nothing was told: ${read.error}` });
	const { world, packages } = read.value;
	const bare = accountsOf(world);
	const boxes = await readMailboxes(bare.items, {
		api,
		files,
		unixUsers: world.unixUsers,
		kept: state.mailboxes,
		now,
		bounds: ports.mailboxes ?? mailboxBounds,
	});
	const mailboxes = new Map(Object.entries(boxes.kept).map(([user, { items }]) => [user, items]));
	const { items, refused } = accountsOf({ ...world, mailboxes });
	const isComplete = read.value.isWhole && refused.length === 0;
	const turns = turnsOf(items, state);
	const turned = await tellTurns(teller, turns);
	if (!turned.ok) return turned;
	// After a turn the list has to be newer than the turn was.
	const list = { complete: isComplete, items: [...items] };
	let given = await client.call('putAccounts', {
		body: { ...list, revision: turned.value > 0 ? teller.next() : revision },
	});
	if (given.ok && !given.value.isBelieved) {
		const before = Object.keys(state.told).filter((id) => !turns.renamed.some(({ from }) => from === id));
		const ended = await endConfirmed(teller, before, { items, usersOnDisk: read.value.usersOnDisk });
		if (ended > 0) {
			const again = await client.call('putAccounts', { body: { ...list, revision: teller.next() } });
			given = again.ok ? ok({ ...given.value, gone: ended, isBelieved: again.value.isBelieved }) : again;
		}
	}
	if (!given.ok) return failed(agentFailure(given.error));
	const plans =
		packages === undefined
			? { put: 0, notes: [], seen: state.plans }
			: await putPlans(packages, { client, files, seen: state.plans });
	const told = Object.fromEntries(items.map((item) => [item.id, toldOf(item)]));
	const { added, changed, gone, unchanged, isBelieved } = given.value;
	return ok({
		report: {
			accounts: items.length,
			added,
			changed,
			gone,
			unchanged,
			...turns,
			isComplete,
			isBelieved,
			plans: plans.put,
			mailboxesRead: boxes.read,
			mailboxesLeft: boxes.left,
			notes: [
				...read.value.notes,
				...(refused.length === 0 ? [] : [`${refused.join(', ')} cannot be told`]),
				...(boxes.failed === 0 ? [] : [`the mailboxes of ${boxes.failed} accounts could not be read`]),
				...plans.notes,
			],
		},
		next: { ...state, told: isComplete ? told : { ...state.told, ...told }, mailboxes: boxes.kept, plans: plans.seen },
	});
}
