/**
 * How many connections a client address has, so that one stranger cannot take every place of a listener.
 *
 * An IPv6 client has a whole /64 to come from, so that counts as one (core/identity/address-group.ts). Bounded by the connections there are.
 */
import { addressGroupOf } from '../../core/identity/address-group.ts';

export class Places {
	readonly #counts = new Map<string, number>();
	readonly #holders = new Map<object, string>();

	taken(address: string): number {
		return this.#counts.get(addressGroupOf(address)) ?? 0;
	}

	take(address: string, holder: object): void {
		const group = addressGroupOf(address);
		this.#holders.set(holder, group);
		this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
	}

	free(holder: object): void {
		const group = this.#holders.get(holder);
		if (group === undefined) return;
		this.#holders.delete(holder);
		const count = (this.#counts.get(group) ?? 1) - 1;
		if (count === 0) this.#counts.delete(group);
		else this.#counts.set(group, count);
	}
}
