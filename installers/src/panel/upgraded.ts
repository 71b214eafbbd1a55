/**
 * After an update of cPanel: the wiring of Exim and the plugin, put right where they were.
 *
 * Both are the commands that a person would run (`sluice mta ensure --keep-bypass`, `sluice panel install`), which do nothing where nothing is
 * to be done. What was never put here, or was taken out, stays out: the plugin's last act in the log of changes decides, and where the log
 * does not tell, whether there is any trace of it. Not here: when (panel-cpanel, reconcile/upgrade.ts).
 */
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Mended } from '@sluice/panel-cpanel/reconcile/upgrade.ts';
import type { Result } from '@sluice/shared/words/result.ts';
import { JournalStore } from '../apply/journal.ts';
import { type PluginFacts, pluginFacts } from '../facts/plugin.ts';
import type { Refusal } from '../facts/refusal.ts';
import { listener, type Said } from '../mta/listen.ts';
import type { MtaOptions, MtaPorts } from '../mta/site.ts';
import { wire } from '../mta/wire.ts';
import { isInstalled } from '../plan/plugin.ts';
import { changePlugin } from './plugin.ts';

export type UpgradeCall = {
	readonly terminal: Terminal;
	readonly options: MtaOptions;
	readonly ports: MtaPorts;
};

type Part = { readonly subject: string; readonly mend: string };
const wiringPart: Part = { subject: 'wiring of Exim', mend: '`sluice mta ensure --keep-bypass`' };
const pluginPart: Part = { subject: 'plugin', mend: '`sluice panel install`' };

const actor = { role: 'admin', id: 'cpanel' } as const;

/** The wiring first: it is about mail. One failing does not keep the other from being put right. */
export async function mendUpgraded(call: UpgradeCall): Promise<readonly Mended[]> {
	return [await attempted(wiringPart, () => mendWiring(call)), await attempted(pluginPart, () => mendPlugin(call))];
}

async function attempted(part: Part, mend: () => Promise<Mended>): Promise<Mended> {
	try {
		return await mend();
	} catch (error) {
		// Broken I/O and bugs alike: told, and the other part gets its turn.
		return failure(part, error instanceof Error ? error.message : String(error));
	}
}

const failure = ({ subject, mend }: Part, why: string, hint = ''): Mended => ({
	outcome: 'failed',
	text: `The ${subject} could not be put right after cPanel’s update: ${why}`,
	hint: `${hint}${hint === '' ? '' : ' '}By hand: ${mend}. It is tried again.`,
});

function outcomeOf(part: Part, said: Result<Said, Refusal>): Mended {
	if (!said.ok) return failure(part, said.error.text, said.error.hint);
	const { text, isChanged } = said.value;
	return isChanged
		? { outcome: 'mended', text: `The ${part.subject} was put right after cPanel’s update. ${text}` }
		: { outcome: 'right', text: `The ${part.subject} is as it should be after cPanel’s update.` };
}

async function mendWiring({ terminal, options, ports }: UpgradeCall): Promise<Mended> {
	const { speaker, said } = listener();
	const asked = { ...options, yes: true, json: true, keepBypass: true };
	await wire({ terminal: { ...terminal, actor }, options: asked, ports, speaker }, 'ensure');
	const done = said();
	return !done.ok && done.error.code === 'not-wired'
		? { outcome: 'absent', text: 'Exim is not wired here.' }
		: outcomeOf(wiringPart, done);
}

async function mendPlugin({ terminal, options, ports }: UpgradeCall): Promise<Mended> {
	const machine = ports.machine(options.root);
	const facts = await pluginFacts(machine);
	const last = await new JournalStore(machine, options.state).lastAct(['panel install', 'panel remove']);
	const isKnown = last?.act === 'panel install' && last.outcome === 'done';
	const isWanted = last?.act !== 'panel remove' && (isKnown || (facts.ok && hasTrace(facts.value)));
	if (!isWanted) return { outcome: 'absent', text: 'The plugin is not installed here.' };
	if (!facts.ok) return failure(pluginPart, facts.error.text, facts.error.hint);
	if (isInstalled(facts.value)) return outcomeOf(pluginPart, { ok: true, value: { text: '', isChanged: false } });
	const { speaker, said } = listener();
	const call = { terminal: { ...terminal, actor }, options: { yes: true, json: true }, machine, speaker };
	await changePlugin({ ...call, pid: ports.pid }, 'install');
	return outcomeOf(pluginPart, said());
}

const hasTrace = ({ files, stale, isRegistered, hooked }: PluginFacts): boolean =>
	files.some(({ current }) => current !== undefined) || stale.size > 0 || isRegistered || hooked.size > 0;
