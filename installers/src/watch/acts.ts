/**
 * What the watch does to the MTA: bypass, wire again, kick. By the command `sluice`, which does it with all its checks.
 *
 * Where that command fails to bypass, the disk may be full or the configuration broken, which is what the bypass is for: then the watch
 * does the least that leads mail past the agent. On Exim that is one file; on Postfix the settings of before, from the wiring's own backup. Not
 * when another command is at work: that one ends first. Wiring again has no such way: it can wait.
 */
import { JournalStore, sha256 } from '../apply/journal.ts';
import type { FileFact } from '../facts/machine.ts';
import { queueRuns } from '../facts/queue-run.ts';
import type { WatchPorts } from './ports.ts';
import { bypassMark, type WiredServer, watchName } from './server.ts';
import type { Done } from './settle.ts';

type Outside = Pick<WatchPorts, 'machine' | 'places' | 'sluice' | 'now'>;

const textMax = 300;

/** What a command said last, in one line: the detail of a problem document, or its last words. */
function said(output: string): string {
	const detail = /"detail":\s*("(?:[^"\\]|\\.)*")/.exec(output)?.[1];
	const text = detail === undefined ? (output.trim().split('\n').at(-1) ?? '') : (JSON.parse(detail) as string);
	return (
		text
			.replace(/[^\x20-\x7e]+/g, ' ')
			.trim()
			.slice(0, textMax) || 'it said nothing'
	);
}

const isCode = (output: string, code: string): boolean => output.includes(`urn:sluice:mta-${code}`);

export async function bypass(outside: Outside, server: WiredServer): Promise<Done> {
	const ran = await outside.sluice(['mta', 'bypass', '--json']);
	if (ran.exitCode === 0)
		return { ok: true, text: 'Mail goes past the agent now, the way it went before it was wired.' };
	const why = said(ran.output);
	if (isCode(ran.output, 'busy') || isCode(ran.output, 'not-wired'))
		return { ok: false, text: `It could not be led past the agent: ${why}` };
	try {
		if (server.bypassPath === undefined) await bypassPostfix(outside, server);
		else await bypassExim(outside, server.bypassPath);
	} catch (error) {
		return {
			ok: false,
			text: `It could not be led past the agent: ${why} Nor by hand: ${said((error as Error).message)}`,
		};
	}
	await kick(outside, server);
	return {
		ok: true,
		text: `Mail goes past the agent now, the way it went before it was wired. The watch did that by hand, since \`sluice mta bypass\` failed: ${why}`,
	};
}

const root = { uid: 0, gid: 0 } as const;

/** A disk that is full still takes an empty file. */
async function bypassExim({ machine }: Outside, path: string): Promise<void> {
	const file: FileFact = { path, content: bypassMark, mode: 0o644, ...root };
	await machine.write(file).catch(() => machine.write({ ...file, content: '' }));
}

async function bypassPostfix({ machine, places, now }: Outside, { journal }: WiredServer): Promise<void> {
	const main = journal.files.find(({ path }) => path.endsWith('/main.cf'));
	const current = main === undefined ? undefined : await machine.read(main.path);
	const backup = main?.before === undefined ? undefined : await machine.read(`${places.wiring}/${main.before.backup}`);
	if (main?.before === undefined || backup === undefined || sha256(backup.content) !== main.before.sha256)
		throw new Error('there is no backup of main.cf that could be trusted');
	const { mode, uid, gid } = main.before;
	if (current !== undefined && sha256(current.content) === main.afterSha256)
		await machine.write({ path: main.path, content: backup.content, mode, uid, gid });
	else await orThrow(machine, ['postconf', '-e', `relayhost = ${relayhostIn(backup.content)}`]);
	await orThrow(machine, ['postfix', 'reload']);
	const store = new JournalStore(machine, places.wiring);
	// On a full disk neither can be written; mail flows all the same.
	await store.write({ ...journal, phase: 'bypassed' }).catch(() => {});
	await store.log(now(), `admin ${watchName}`, { act: 'bypass', outcome: 'done', mta: 'postfix' }).catch(() => {});
}

/** The last one counts, as for Postfix; lines that begin with a blank go on the line before. */
function relayhostIn(mainCf: string): string {
	const logical = mainCf.replace(/^#.*\n?/gm, '').replace(/\n[ \t]+/g, ' ');
	return [...logical.matchAll(/^relayhost[ \t]*=[ \t]*(.*)$/gm)].at(-1)?.[1]?.trim() ?? '';
}

async function orThrow(machine: Outside['machine'], command: readonly string[]): Promise<void> {
	const { exitCode, output } = await machine.run(command);
	if (exitCode !== 0) throw new Error(`${command[0]}: ${output}`);
}

export async function wireAgain({ sluice }: Outside): Promise<Done> {
	const ran = await sluice(['mta', 'ensure', '--json']);
	return ran.exitCode === 0
		? { ok: true, text: 'Mail goes to the agent again.' }
		: { ok: false, text: `Mail could not be led to the agent again: ${said(ran.output)}` };
}

/** Not waited for. */
export async function kick({ machine }: Pick<Outside, 'machine'>, { journal, isCpanel }: WiredServer): Promise<void> {
	await machine.run(queueRuns[journal.mta === 'exim' && isCpanel ? 'cpanel' : journal.mta], { isDetached: true });
}
