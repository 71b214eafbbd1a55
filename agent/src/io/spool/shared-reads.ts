/**
 * One copy of a message for all who need it at the same time.
 *
 * A message to a hundred destinations is delivered a hundred times at once. What the cache keeps is shared there; a large message
 * is not kept, and would be read a hundred times into a hundred buffers. So a read that is under way is joined, and a message that
 * somebody still holds is given out again; nothing is kept alive for it.
 */
import type { BodyRef, StoredMessage } from '../../ports/spool.ts';

export type SharedReads = {
	read(ref: BodyRef): Promise<StoredMessage>;
	/** Messages that are remembered, alive or not yet cleared away. */
	readonly size: number;
};

type Held = { readonly key: string; readonly message: WeakRef<StoredMessage> };

export function sharedReads(read: (ref: BodyRef) => Promise<StoredMessage>): SharedReads {
	const underWay = new Map<string, Promise<StoredMessage>>();
	const held = new Map<string, Held>();
	const cleared = new FinalizationRegistry<Held>((one) => {
		if (held.get(one.key) === one) held.delete(one.key);
	});

	async function readAnew(key: string, ref: BodyRef): Promise<StoredMessage> {
		try {
			const message = await read(ref);
			const one = { key, message: new WeakRef(message) };
			held.set(key, one);
			cleared.register(message, one);
			return message;
		} finally {
			underWay.delete(key);
		}
	}

	return {
		read(ref) {
			const key = `${ref.segment}:${ref.offset}`;
			const alive = held.get(key)?.message.deref();
			if (alive !== undefined) return Promise.resolve(alive);
			const joined = underWay.get(key) ?? readAnew(key, ref);
			underWay.set(key, joined);
			return joined;
		},
		get size() {
			return held.size;
		},
	};
}
