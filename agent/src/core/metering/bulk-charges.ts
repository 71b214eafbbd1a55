/**
 * Very many charges at once, as at start: gathered, then made scope by scope.
 *
 * A million messages in the order of time touch four scopes each, in random order: nearly each touch waits for the memory. So they are
 * gathered in portions, sorted by scope (counting sort, which keeps the order of time within each), and each scope is charged with all
 * that is its own while it is in the processor's caches. Its rows then stand together too. The result is that of charging one by one.
 *
 * A portion takes 28 bytes a charge and four for each key. Keys are kept only for what lies within the hour.
 */
import { type ScopeKey, windowSeconds } from '@sluice/shared/words/limits.ts';
import type { MeterScopes } from './meter-scopes.ts';
import { type ChargeAmount, chargeWindows } from './windows.ts';

/** Charges of one portion. */
const portionCharges = 1 << 18;

export type BulkCharges = {
	/** The number of a chain, for `charge`. The same chain may have several. */
	chain(scopes: readonly ScopeKey[]): number;
	charge(chain: number, second: number, amount: ChargeAmount): void;
	/** Makes what is still gathered. */
	end(): void;
};

const noKeys: readonly number[] = [];

export function createBulkCharges(scopes: MeterScopes): BulkCharges {
	const names: ScopeKey[] = [];
	const numbers = new Map<ScopeKey, number>();
	/** Scopes of each chain, by number. */
	const chains: (readonly number[])[] = [];
	/** Of the present portion: how many charges each scope has. */
	const counts: number[] = [];
	let size = 0;
	const chainOf = new Uint32Array(portionCharges);
	const secondOf = new Float64Array(portionCharges);
	const messagesOf = new Uint32Array(portionCharges);
	const recipientsOf = new Uint32Array(portionCharges);
	const keysOf = new Map<number, readonly number[]>();

	function numberOf(name: ScopeKey): number {
		const known = numbers.get(name);
		if (known !== undefined) return known;
		const number = names.push(name) - 1;
		numbers.set(name, number);
		counts.push(0);
		return number;
	}

	/** Numbers of charges, those of one scope after the other; and where each scope's begin, of one more too. */
	function sorted(): { readonly order: Uint32Array; readonly starts: Uint32Array } {
		const starts = new Uint32Array(names.length + 1);
		for (let scope = 0; scope < names.length; scope++)
			starts[scope + 1] = (starts[scope] as number) + (counts[scope] as number);
		const order = new Uint32Array(starts[names.length] as number);
		const places = starts.slice();
		for (let charge = 0; charge < size; charge++)
			for (const scope of chains[chainOf[charge] as number] as readonly number[]) {
				const place = places[scope] as number;
				order[place] = charge;
				places[scope] = place + 1;
			}
		return { order, starts };
	}

	function flush(): void {
		const { store } = scopes;
		const { order, starts } = sorted();
		for (let scope = 0; scope < names.length; scope++) {
			const from = starts[scope] as number;
			const end = starts[scope + 1] as number;
			if (from === end) continue;
			const windows = scopes.take(names[scope] as ScopeKey);
			for (let place = from; place < end; place++) {
				const charge = order[place] as number;
				chargeWindows(store, windows, secondOf[charge] as number, {
					messages: messagesOf[charge] as number,
					recipients: recipientsOf[charge] as number,
					keys: windows.keys === undefined ? noKeys : (keysOf.get(charge) ?? noKeys),
				});
			}
		}
		size = 0;
		counts.fill(0);
		keysOf.clear();
	}

	return {
		chain: (each) => chains.push(each.map(numberOf)) - 1,
		charge(chain, second, { messages, recipients, keys }) {
			scopes.charged(second);
			chainOf[size] = chain;
			secondOf[size] = second;
			messagesOf[size] = messages;
			recipientsOf[size] = recipients;
			if (second > scopes.clock - windowSeconds.hour) keysOf.set(size, keys.slice());
			for (const scope of chains[chain] as readonly number[]) counts[scope] = (counts[scope] as number) + 1;
			size += 1;
			if (size === portionCharges) flush();
		},
		end: flush,
	};
}
