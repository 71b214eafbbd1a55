/**
 * One greeted connection: transactions one after the other, and a count of them.
 *
 * Not here: when it is closed (dialer.ts), what is said (transact.ts).
 */
import type {
	DialTarget,
	Extensions,
	OutboundConnection,
	OutboundMessage,
	TransactionReport,
} from '../../ports/smtp-out.ts';
import type { Greeted } from './handshake.ts';
import type { StageTimeouts } from './settings.ts';
import { transact } from './transact.ts';
import type { Wire } from './wire.ts';

export class Connection implements OutboundConnection {
	readonly target: DialTarget;
	readonly greetingName: string;
	readonly ehloName: string;
	readonly extensions: Extensions;
	readonly tls?: string;
	readonly #wire: Wire;
	readonly #timeouts: StageTimeouts;
	#transactions = 0;
	#resetDue = false;
	#isBusy = false;

	constructor(target: DialTarget, greeted: Greeted, timeouts: StageTimeouts) {
		this.target = target;
		this.greetingName = greeted.greetingName;
		this.ehloName = greeted.ehloName;
		this.extensions = greeted.offer;
		if (greeted.wire.tls !== undefined) this.tls = greeted.wire.tls;
		this.#wire = greeted.wire;
		this.#timeouts = timeouts;
	}

	get transactions(): number {
		return this.#transactions;
	}

	get usable(): boolean {
		return this.#wire.usable && !this.#isBusy;
	}

	async transact(message: OutboundMessage): Promise<TransactionReport> {
		if (this.#isBusy)
			return {
				recipients: [],
				lost: { stage: 'mail', error: 'a transaction is under way' },
			};
		this.#isBusy = true;
		this.#transactions++;
		const { report, resetDue } = await transact(
			{
				wire: this.#wire,
				extensions: this.extensions,
				timeouts: this.#timeouts,
				resetDue: this.#resetDue,
			},
			message,
		);
		this.#resetDue = resetDue;
		this.#isBusy = false;
		return report;
	}

	close(): void {
		this.#wire.quit(this.#timeouts.quitMs);
	}

	/** Closes without a word: whatever is under way is lost. */
	destroy(): void {
		this.#wire.destroy();
	}

	onceClosed(callback: () => void): void {
		this.#wire.onceClosed(callback);
	}
}
