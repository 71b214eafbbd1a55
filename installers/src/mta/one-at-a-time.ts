/** One command at a time on one server: whichever changes it has the lock of the wiring's folder. */
import type { JournalStore } from '../apply/journal.ts';
import type { Speaker } from './speak.ts';

type Who = {
	readonly speaker: Pick<Speaker, 'refuse'>;
	readonly pid: number;
	/** A command of which this one is a part has the lock already. */
	readonly holdsLock?: boolean | undefined;
};

/** Refuses while another one is at work. */
export async function oneAtATime(
	store: JournalStore,
	{ speaker, pid, holdsLock = false }: Who,
	work: () => Promise<void>,
): Promise<void> {
	if (holdsLock) return work();
	if (!(await store.lock(pid)))
		return speaker.refuse({
			code: 'busy',
			text: 'Another command that changes this server is at work.',
			hint: `Wait for it. If there is none, remove ${store.folder}/lock.*`,
		});
	try {
		await work();
	} finally {
		// Free in any case once this process has ended.
		await store.unlock().catch(() => undefined);
	}
}
