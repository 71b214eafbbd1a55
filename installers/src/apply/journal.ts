/**
 * What a wiring remembers: how each file was, how we left it, what was tested, and every act, in a folder of root's own.
 *
 * Written before the first change and again at the end, so that a command that was killed leaves behind what it was about to do:
 * `phase` says so. Backups are for people and for `unwire` to give back untouched files exactly; taking our lines out of a file does not
 * need them. Format version 1.
 */
import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { CanaryKey } from '@sluice/shared/mta/canary.ts';
import type { FileFact, Machine } from '../facts/machine.ts';
import type { MtaKind, WiredFile, Wiring } from '../plan/wiring.ts';
import { readState, rootsOwn, stateText } from './state-file.ts';

/** Not below /var/lib/sluice: that is the agent's, and who may rename a folder there could give root another one to write to and believe. */
export const stateFolderDefault = '/var/lib/sluice-wiring';

/** `wiring` and `unwiring`: begun, and not known to have ended. */
export type Phase = 'wiring' | 'wired' | 'bypassed' | 'unwiring';

export type LastTest = {
	readonly at: string;
	readonly ok: boolean;
	readonly text: string;
	readonly message?: string;
	/** Sentences: what it has shown, and what it could not. */
	readonly proved?: readonly string[];
	readonly unproved?: readonly string[];
};

export type JournalFile = {
	readonly path: string;
	/** Absent: there was no such file. */
	readonly before?: {
		readonly backup: string;
		readonly mode: number;
		readonly uid: number;
		readonly gid: number;
		readonly sha256: string;
	};
	/** Absent: there is to be no such file. */
	readonly afterSha256?: string;
};

export type Journal = {
	readonly version: 1;
	readonly mta: MtaKind;
	readonly phase: Phase;
	readonly agentPort: number;
	readonly overSmarthost: boolean;
	/** Routers of other relays that the wiring has put aside. Absent: none. */
	readonly aside?: readonly string[];
	/** How much comes to the agent and what it may do, when this was written. Absent: an earlier version wrote it. */
	readonly stage?: 'monitor' | 'canary' | 'full';
	/** Senders that alone are led to the agent (shared/mta/canary.ts). Absent: everybody. */
	readonly only?: readonly CanaryKey[];
	/** RFC 3339. */
	readonly since: string;
	readonly files: readonly JournalFile[];
	readonly lastTest?: LastTest;
};

/** What one command did, for the log. */
export type Act = { readonly act: string; readonly outcome: string; readonly [detail: string]: unknown };

/** As it stands in the log; `author` as in the audit. */
export type LoggedAct = { readonly act: string; readonly outcome: string; readonly author?: string };

export const sha256 = (content: string): string => createHash('sha256').update(content, 'latin1').digest('hex');

/** Files that were there and empty, which nothing else tells once our lines are in them. */
export const emptyBefore = (journal: Journal | undefined): ReadonlySet<string> =>
	new Set((journal?.files ?? []).flatMap(({ path, before }) => (before?.sha256 === sha256('') ? [path] : [])));

function actOf(line: string): LoggedAct | undefined {
	try {
		const { act, outcome, author } = JSON.parse(line) as Partial<Act>;
		if (typeof act !== 'string' || typeof outcome !== 'string') return undefined;
		return { act, outcome, ...(typeof author === 'string' ? { author } : {}) };
	} catch {
		return undefined;
	}
}

const logLinesMax = 1000;
const root = { uid: 0, gid: 0 } as const;

export class JournalStore {
	readonly #machine: Machine;
	readonly folder: string;
	/** Number of the lock that is held; 0: none. */
	#lock = 0;

	constructor(machine: Machine, folder: string = stateFolderDefault) {
		this.#machine = machine;
		this.folder = folder;
	}

	/** Undefined: nothing was ever wired here. Throws when the file is not ours to understand. */
	async read(): Promise<Journal | undefined> {
		return readState<Journal>(this.#machine, this.#path('state.json'));
	}

	async write(journal: Journal): Promise<void> {
		await this.#folders();
		await this.#put('state.json', stateText(journal));
	}

	/** Keeps each file as it would be without us, and says what it will be. */
	async remember(wiring: Wiring): Promise<readonly JournalFile[]> {
		await this.#folders();
		const files: JournalFile[] = [];
		for (const [at, file] of wiring.files.entries()) files.push(await this.#rememberFile(file, at));
		return files;
	}

	async #rememberFile({ path, bare, wanted, current }: WiredFile, at: number): Promise<JournalFile> {
		const after = wanted === undefined ? {} : { afterSha256: sha256(wanted) };
		if (bare === undefined) return { path, ...after };
		const backup = `before/${at}-${basename(path)}`;
		await this.#put(backup, bare);
		const { mode = 0o644, uid = 0, gid = 0 } = current ?? {};
		return { path, before: { backup, mode, uid, gid, sha256: sha256(bare) }, ...after };
	}

	/** Files that nobody has touched since they were wired, as they were. A backup that does not fit its sum is not used. */
	async untouched(journal: Journal | undefined, wiring: Wiring): Promise<ReadonlyMap<string, FileFact>> {
		const found = new Map<string, FileFact>();
		for (const { path, before, afterSha256 } of journal?.files ?? []) {
			const current = wiring.files.find((file) => file.path === path)?.current;
			if (before === undefined || current === undefined || sha256(current.content) !== afterSha256) continue;
			const backup = await this.#machine.read(this.#path(before.backup));
			if (backup === undefined || sha256(backup.content) !== before.sha256) continue;
			found.set(path, { path, content: backup.content, mode: before.mode, uid: before.uid, gid: before.gid });
		}
		return found;
	}

	/** Nothing is wired any more; the log stays. */
	async forget(): Promise<void> {
		await this.#machine.remove(this.#path('state.json'));
		for (const name of await this.#machine.list(this.#path('before')))
			await this.#machine.remove(this.#path(`before/${name}`));
		await this.#machine.removeFolder(this.#path('before'));
	}

	async log(atMs: number, author: string, act: Act): Promise<void> {
		await this.#folders();
		const former = (await this.#machine.read(this.#path('acts.log')))?.content ?? '';
		const line = Buffer.from(JSON.stringify({ at: new Date(atMs).toISOString(), author, ...act }), 'utf8');
		const lines = [...former.split('\n').filter((each) => each !== ''), line.toString('latin1')];
		await this.#put('acts.log', `${lines.slice(-logLinesMax).join('\n')}\n`);
	}

	/** The latest of these acts, of this outcome where one is named; undefined: none is in the log. A line that cannot be read is none. */
	async lastAct(names: readonly string[], outcome?: string): Promise<LoggedAct | undefined> {
		const lines = (await this.#machine.read(this.#path('acts.log')))?.content.split('\n') ?? [];
		for (const line of lines.toReversed()) {
			const act = actOf(line);
			if (act !== undefined && names.includes(act.act) && (outcome ?? act.outcome) === act.outcome) return act;
		}
		return undefined;
	}

	/**
	 * False: another command is at work here, or another one of this process. The lock is the file `lock.N` with the highest number, and is
	 * held as long as the process in it lives. Who takes it makes the next number, which only one can; the number is never given again, so
	 * who has looked long ago and takes over a holder that is long gone finds a higher one, and steps back.
	 */
	async lock(pid: number): Promise<boolean> {
		await this.#folders();
		const last = Math.max(0, ...(await this.#locks()));
		if (last > 0 && (await this.#isHeld(last))) return false;
		const own = last + 1;
		const mark = await this.#machine.processMark(pid);
		if (!(await this.#machine.create(this.#file(`lock.${own}`, `${pid} ${mark ?? ''}\n`)))) return false;
		const all = await this.#locks();
		if (all.some((number) => number > own)) {
			await this.#machine.remove(this.#path(`lock.${own}`));
			return false;
		}
		for (const number of all) if (number < own) await this.#machine.remove(this.#path(`lock.${number}`));
		this.#lock = own;
		return true;
	}

	/** The number stays taken. */
	async unlock(): Promise<void> {
		if (this.#lock > 0) await this.#put(`lock.${this.#lock}`, 'free\n');
		this.#lock = 0;
	}

	async #locks(): Promise<readonly number[]> {
		const names = await this.#machine.list(this.folder);
		return names.flatMap((name) => /^lock\.(\d{1,15})$/.exec(name)?.[1] ?? []).map(Number);
	}

	async #isHeld(number: number): Promise<boolean> {
		const file = await this.#machine.read(this.#path(`lock.${number}`));
		const [, pid, mark = ''] = /^(\d+) (\S*)$/.exec(file?.content.trim() ?? '') ?? [];
		return pid !== undefined && (await this.#machine.processMark(Number(pid))) === mark;
	}

	#path(name: string): string {
		return `${this.folder}/${name}`;
	}

	/** Configurations hold passwords now and then: nobody else's to read. */
	async #folders(): Promise<void> {
		if (await this.#machine.exists(this.#path('before'))) return;
		await this.#machine.makeFolder(this.folder, { mode: 0o700, ...root });
		await this.#machine.makeFolder(this.#path('before'), { mode: 0o700, ...root });
	}

	#file(name: string, content: string): FileFact {
		return rootsOwn(this.#path(name), content);
	}

	#put(name: string, content: string): Promise<void> {
		return this.#machine.write(this.#file(name, content));
	}
}
