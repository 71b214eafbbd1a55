/**
 * Whether a client keeps its times.
 *
 * A command must come whole within `idleTimeoutSeconds` of the last reply: bytes that drip in do not count as speaking. Content must
 * bring `dataProgressBytesMin` in each `dataTimeoutSeconds`, so that slow is borne and a drip is not. A client that is kept from reading for
 * want of memory is waited for `bodyMemoryWaitSeconds`, which is our fault and not its own. Pure: `now` is monotonic milliseconds.
 */
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { SmtpInSettings } from './settings.ts';

export type Pursuit = 'command' | 'content' | 'memory';

export class Pace {
	readonly #settings: SmtpInSettings;
	#since: number;
	#bytes = 0;

	constructor(settings: SmtpInSettings, now: number) {
		this.#settings = settings;
		this.#since = now;
	}

	/** A new span begins: a command was answered, content begins, reading stops or goes on. */
	restart(now: number): void {
		this.#since = now;
		this.#bytes = 0;
	}

	/** Content that came. */
	progress(bytes: number): void {
		this.#bytes += bytes;
	}

	/** The present span is so long. */
	hasLasted(ms: number, now: number): boolean {
		return now - this.#since >= ms;
	}

	/** What is wrong when the client is (still) at this; undefined when nothing is. */
	overdue(at: Pursuit, now: number): FaultName | undefined {
		const { idleTimeoutSeconds, dataTimeoutSeconds, dataProgressBytesMin, bodyMemoryWaitSeconds } = this.#settings;
		const seconds = (now - this.#since) / 1_000;
		switch (at) {
			case 'command':
				return seconds >= idleTimeoutSeconds ? 'idle' : undefined;
			case 'memory':
				return seconds >= bodyMemoryWaitSeconds ? 'memory' : undefined;
			case 'content':
				if (seconds < dataTimeoutSeconds) return undefined;
				if (this.#bytes < dataProgressBytesMin) return 'tooSlow';
				this.restart(now);
				return undefined;
		}
	}
}
