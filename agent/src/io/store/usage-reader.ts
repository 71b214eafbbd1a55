/**
 * Reading usage.db beside its writer: at start for the windows of the meter, and in the thread that simulates.
 */
import { existsSync } from 'node:fs';
import type { ScopeKey } from '@sluice/shared/words/limits.ts';
import type { UsageReader, VisitUsage } from '../../ports/usage.ts';
import { assertOwn, DamagedFile, isEmpty } from './own-database.ts';
import { type Database, openDatabase } from './sqlite.ts';
import { readUsageState, usageFormat } from './usage-database.ts';
import { unpackUsage } from './usage-pack.ts';

/** Rows taken from the file at once: some megabytes. */
const rowsPerPortion = 200;

/**
 * Opens usage.db as it stands; everything read is of this moment, until it is closed. Undefined: there is none, or it is being made.
 * Throws DamagedFile, or the binding's error (`isDamage` tells which means that the file cannot be believed).
 */
export function openUsageReader(path: string): UsageReader | undefined {
	if (!existsSync(path)) return undefined;
	const database = openDatabase(path, { readOnly: true });
	try {
		if (isEmpty(database)) {
			database.close();
			return undefined;
		}
		assertOwn(database, usageFormat);
		// One snapshot for position, chains and rows.
		database.exec('BEGIN');
		const { position } = readUsageState(database);
		let chains: Chains | undefined;
		return {
			position,
			read(fromSecond, visit) {
				chains ??= readChains(database);
				read(database, chains, { fromSecond, visit });
			},
			close: () => database.close(),
		};
	} catch (error) {
		database.close();
		throw error;
	}
}

type Chains = readonly (readonly ScopeKey[] | undefined)[];

type Reading = { readonly fromSecond: number; readonly visit: VisitUsage };

function read(database: Database, chains: Chains, { fromSecond, visit }: Reading): void {
	// A row whose latest second is not below: rows are in the order of the log.
	const portion = database.prepare(
		'SELECT row, base, data FROM usage WHERE last >= ? AND row > ? ORDER BY row LIMIT ?',
	);
	let after = -1;
	for (;;) {
		const rows = portion.all(fromSecond, after, rowsPerPortion);
		for (const [row, base, data] of rows) {
			after = row as number;
			if (!(data instanceof Uint8Array)) throw new DamagedFile(`row ${after} is not bytes`);
			unpackUsage(data, base as number, (chain, usage) => {
				const scopes = chains[chain];
				// None: nobody has used it for longer than usage is kept, by a clock that was far behind.
				if (scopes !== undefined) visit(scopes, usage, chain);
			});
		}
		if (rows.length < rowsPerPortion) return;
	}
}

function readChains(database: Database): Chains {
	const chains: (readonly ScopeKey[] | undefined)[] = [];
	for (const [chain, text] of database.prepare('SELECT chain, scopes FROM chains').all()) {
		try {
			chains[chain as number] = JSON.parse(text as string) as readonly ScopeKey[];
		} catch {
			throw new DamagedFile(`chain ${chain} cannot be read`);
		}
	}
	return chains;
}
