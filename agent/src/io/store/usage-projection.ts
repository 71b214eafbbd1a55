/**
 * usage.db as a projection of the log.
 *
 * What a batch brings is appended to the open row, in memory, and written with the commit; a row that has grown large, or spans an
 * hour, is left behind. So a quiet server has few rows and a busy one writes few bytes twice. Rows and position are committed together, so that each entry
 * counts once, whatever is lost on the way: what a commit did not reach comes again from the log.
 */
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import { comparePositions } from '../../core/log/position.ts';
import type { LogPosition } from '../../ports/spool.ts';
import type { Usage } from '../../ports/usage.ts';
import { dayMs } from './message-key.ts';
import { isDamage, openOwn } from './own-database.ts';
import { type Durability, inTransaction, type Projection } from './projection.ts';
import { type Believed, openOrAnew, setAside } from './set-aside.ts';
import type { Database, OpenDatabase } from './sqlite.ts';
import { readUsageState, usageFormat } from './usage-database.ts';
import { usageOfEntry } from './usage-of-entry.ts';
import { usagePacker } from './usage-pack.ts';

export type UsageProjectionInput = Believed & {
	/** End of the log at start: a file that knows more is of another log, whose usage it keeps. */
	readonly logEnd: LogPosition;
	/** For tests. */
	readonly openDatabase?: OpenDatabase | undefined;
	readonly rowBytesMax?: number | undefined;
};

const rowBytesDefault = 16 * 1024;
/** A row spans less: whoever reads a day does not read another one with it, and a day goes without another one. */
const rowSecondsMax = 3600;
/** Chains known in memory; beyond it memory begins anew. */
const rememberedMax = 50_000;
const daySeconds = dayMs / 1000;

type Chain = { readonly number: number; readonly text: string; readonly length: number; day: number };

/** Opens usage.db, set aside and made anew when it cannot be believed. Throws on I/O errors. */
export function createUsageProjection(input: UsageProjectionInput): Projection {
	const { path, openDatabase } = input;
	return openOrAnew('usage-set-aside', input, () => projectionOf(openOwn(path, usageFormat, openDatabase), input));
}

function projectionOf(database: Database, input: UsageProjectionInput): Projection {
	const putRow = database.prepare('INSERT OR REPLACE INTO usage VALUES (?, ?, ?, ?, ?)');
	const setState = database.prepare('UPDATE state SET segment = ?, offset = ?, next_chain = ?');
	const chains = chainTable(database);
	const row = openRow(database, input.rowBytesMax ?? rowBytesDefault);
	const stored = readUsageState(database);
	let position = stored.position;
	/** Somebody may have been killed before a flush. */
	let isUnsynced = true;
	let isTouched = false;
	chains.next = stored.nextChain;
	if (comparePositions(position, input.logEnd) > 0) {
		position = input.logEnd;
		setState.run(position.segment, position.offset, chains.next);
	}

	function add(scopes: readonly ScopeKey[], usage: Usage): void {
		isTouched = true;
		row.add(chains.numberOf(scopes, Math.floor(usage.second / daySeconds)), usage);
	}

	function write(upTo: LogPosition): void {
		chains.save();
		for (const values of row.rows()) putRow.run(...values);
		setState.run(upTo.segment, upTo.offset, chains.next);
	}

	function commit(upTo: LogPosition, durability: Durability): void {
		// A position alone is worth no transaction: what lies behind it comes again and means nothing again.
		if (!isTouched && durability === 'lazy') {
			position = upTo;
			isUnsynced = true;
			return;
		}
		if (!isTouched && !isUnsynced && comparePositions(position, upTo) === 0) return;
		inTransaction(database, durability, () => write(upTo));
		chains.saved();
		row.saved();
		position = upTo;
		isUnsynced = durability === 'lazy';
		isTouched = false;
	}

	return {
		get position() {
			return position;
		},
		take(entry, next) {
			if (comparePositions(next, position) > 0) usageOfEntry(entry, add);
		},
		commit(upTo, durability) {
			try {
				commit(upTo, durability);
			} catch (error) {
				if (isDamage(error)) {
					database.close();
					setAside('usage-set-aside', input, error);
				}
				throw error;
			}
		},
		discard() {
			row.discard();
			isTouched = false;
		},
		close: () => database.close(),
	};
}

type Row = [number: number, first: number, last: number, base: number, bytes: Uint8Array];

type OpenRow = {
	add(chain: number, usage: Usage): void;
	/** What is to be written: rows that were left behind since the last commit, and the open one. */
	rows(): Iterable<Row>;
	saved(): void;
	/** Forgets what is not in the file. */
	discard(): void;
};

function openRow(database: Database, bytesMax: number): OpenRow {
	const packer = usagePacker();
	let number = ((database.prepare('SELECT max(row) FROM usage').get()?.[0] ?? 0) as number) + 1;
	let base = 0;
	let first = 0;
	let last = 0;
	let behind: Row[] = [];

	const values = (): Row => [number, first, last, base, packer.bytes()];

	function begin(second: number): void {
		base = second;
		first = second;
		last = second;
		packer.restart(second);
	}

	return {
		add(chain, usage) {
			const { second } = usage;
			const isFull = packer.size >= bytesMax || Math.abs(second - base) >= rowSecondsMax;
			if (packer.size > 0 && isFull) {
				behind.push([number, first, last, base, Uint8Array.from(packer.bytes())]);
				number += 1;
				begin(second);
			} else if (packer.size === 0) begin(second);
			packer.add(chain, usage);
			first = Math.min(first, second);
			last = Math.max(last, second);
		},
		*rows() {
			yield* behind;
			if (packer.size > 0) yield values();
		},
		saved() {
			behind = [];
		},
		discard() {
			behind = [];
			// What the file has of the open row stays; entries that come again go into another one.
			number += 1;
			packer.restart(0);
		},
	};
}

type ChainTable = {
	/** The number of the next chain that is new. */
	next: number;
	/** The number of a chain, noted as used on that day. */
	numberOf(scopes: readonly ScopeKey[], day: number): number;
	/** Writes what is new or used on a new day. Within a transaction; once more if that fails. */
	save(): void;
	saved(): void;
};

function chainTable(database: Database): ChainTable {
	const find = database.prepare('SELECT chain, day FROM chains WHERE scopes = ?');
	const put = database.prepare(
		'INSERT INTO chains VALUES (?, ?, ?) ON CONFLICT (chain) DO UPDATE SET day = max(day, excluded.day)',
	);
	/** By scopes, joined: that is cheaper than JSON, and this is done for every message. */
	const known = new Map<string, Chain>();
	const changed = new Set<Chain>();

	function enter(name: string, scopes: readonly ScopeKey[]): Chain {
		const text = JSON.stringify(scopes);
		const row = find.get(text);
		const number = (row?.[0] as number | undefined) ?? table.next++;
		const chain = { number, text, length: scopes.length, day: (row?.[1] as number | undefined) ?? -1 };
		// Those that are still to be written stay, or they would get a second number.
		if (known.size >= rememberedMax) for (const [old, one] of known) if (!changed.has(one)) known.delete(old);
		known.set(name, chain);
		return chain;
	}

	const table: ChainTable = {
		next: 0,
		numberOf(scopes, day) {
			const name = scopes.join('\0');
			const found = known.get(name);
			const chain = found?.length === scopes.length ? found : enter(name, scopes);
			if (chain.day < day) {
				chain.day = day;
				changed.add(chain);
			}
			return chain.number;
		},
		save() {
			for (const { number, text, day } of changed) put.run(number, text, day);
		},
		saved: () => changed.clear(),
	};
	return table;
}
