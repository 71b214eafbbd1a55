/**
 * Room in memory for messages that are being sent.
 *
 * A delivery has its message in memory while it lasts, and a slow receiver can make it last. So all of them together are bounded, and one
 * account has a quarter: large mail to receivers that never answer keeps its own sender waiting and nobody else. A single message is
 * always let through when its account has nothing under way, however large it is.
 */

export type BodyBudget = {
	/** Resolves when there is room; those who wait are served in order, passing over accounts whose share is full. */
	take(account: string, bytes: number): Promise<void>;
	giveBack(account: string, bytes: number): void;
	readonly takenBytes: number;
	readonly waiting: number;
};

const accountShare = 0.25;

type Waiting = { readonly account: string; readonly cost: number; readonly go: () => void };

export function createBodyBudget(bytesMax: () => number): BodyBudget {
	const byAccount = new Map<string, number>();
	let taken = 0;
	let waiting: Waiting[] = [];

	const share = (): number => bytesMax() * accountShare;
	/** What counts of a message: at most an account's share, so that the largest can be let through at all. */
	const costOf = (bytes: number): number => Math.min(bytes, share());
	const isWithinShare = (account: string, cost: number): boolean => {
		const own = byAccount.get(account) ?? 0;
		return own === 0 || own + cost <= share();
	};
	const hasRoom = (cost: number): boolean => taken === 0 || taken + cost <= bytesMax();
	const enter = (account: string, cost: number): void => {
		byAccount.set(account, (byAccount.get(account) ?? 0) + cost);
		taken += cost;
	};
	/** Somebody waits for room that everybody shares: who comes now does not go past. */
	const isFull = (): boolean => waiting.some(({ account, cost }) => isWithinShare(account, cost));

	return {
		async take(account, bytes) {
			const cost = costOf(bytes);
			if (isWithinShare(account, cost) && hasRoom(cost) && !isFull()) {
				enter(account, cost);
				return;
			}
			await new Promise<void>((resolve) => {
				waiting.push({ account, cost, go: resolve });
			});
		},
		giveBack(account, bytes) {
			const cost = costOf(bytes);
			const left = (byAccount.get(account) ?? 0) - cost;
			if (left > 0) byAccount.set(account, left);
			else byAccount.delete(account);
			taken = Math.max(0, taken - cost);
			if (waiting.length === 0) return;
			const still: Waiting[] = [];
			for (const one of waiting) {
				if (isWithinShare(one.account, one.cost) && hasRoom(one.cost)) {
					enter(one.account, one.cost);
					one.go();
				} else still.push(one);
			}
			waiting = still;
		},
		get takenBytes() {
			return taken;
		},
		get waiting() {
			return waiting.length;
		},
	};
}
