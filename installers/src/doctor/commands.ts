/**
 * `sluice doctor`: words, options and how it is told.
 */
import { configOption, withCommon } from '@sluice/agent/main/commands/options.ts';
import { clean } from '@sluice/agent/main/commands/render/text.ts';
import { viewOf } from '@sluice/agent/main/commands/render/view.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { Command } from 'commander';
import { stateFolderDefault } from '../apply/journal.ts';
import type { Call } from '../mta/perform.ts';
import type { MtaOptions, MtaPorts } from '../mta/site.ts';
import type { Finding, Settled } from './finding.ts';

type DoctorOptions = MtaOptions & { readonly probe?: boolean };

/** `ports`: another outside than this machine's, for tests. */
export function addDoctor(program: Command, terminal: Terminal, ports?: MtaPorts): void {
	withCommon(program.command('doctor'))
		.description('What is wrong with this server as far as outgoing mail goes, each thing with what mends it.')
		.option('--probe', 'cPanel: what only a live server can show, and what it shows here')
		.option(...configOption)
		.option('--root <folder>', 'a system below this folder', '/')
		.option('--state <folder>', 'where the wiring is remembered', stateFolderDefault)
		.addHelpText(
			'after',
			'\nChanges nothing. Ends with 0 when nothing is wrong (with --probe: when nothing is contradicted), else with 1.',
		)
		.action(async (options: DoctorOptions) => {
			const [{ speakerFor }, { systemPorts }] = await Promise.all([
				import('../mta/speak.ts'),
				import('../mta/commands.ts'),
			]);
			const speaker = speakerFor(terminal, options.json === true);
			const call: Call = { terminal, options, ports: ports ?? (await systemPorts()), speaker };
			await (options.probe === true ? probe(call) : examine(call));
		});
}

async function examine(call: Call): Promise<void> {
	const { findingsOf } = await import('./doctor.ts');
	const findings = await findingsOf(call);
	const isWell = findings.every(({ level }) => level !== 'wrong');
	call.speaker.end(isWell ? 0 : 1, { ok: isWell, findings }, findingLines(call, findings));
}

function findingLines({ terminal }: Call, findings: readonly Finding[]): readonly string[] {
	const { paint } = viewOf(terminal);
	if (findings.length === 0) return [paint.good('Nothing is wrong.')];
	const wrongs = findings.filter(({ level }) => level === 'wrong').length;
	const last =
		wrongs === 0 ? paint.good('Nothing is wrong; what is marked “watch” works, but know it.') : `${wrongs} wrong.`;
	const ordered = [...findings].sort((one, other) => Number(one.level === 'watch') - Number(other.level === 'watch'));
	return [
		...ordered.flatMap(({ code, level, text, mend }) => [
			`${level === 'wrong' ? paint.bad('wrong') : paint.warning('watch')}  ${clean(text)}`,
			`       ${paint.faint(code)}  mend: ${clean(mend)}`,
		]),
		last,
	];
}

const outcomeText: { readonly [outcome in Settled['outcome']]: string } = {
	proved: 'proved',
	contradicted: 'contradicted',
	'not-settled': 'not settled',
};

async function probe(call: Call): Promise<void> {
	const [{ unproved }, { notSettled }, { isCpanel }] = await Promise.all([
		import('./unproved.ts'),
		import('./finding.ts'),
		import('../facts/cpanel.ts'),
	]);
	const machine = call.ports.machine(call.options.root);
	const isHere = await isCpanel(machine);
	const rows = [];
	for (const { id, claim, why, probe: how, settle } of unproved) {
		const settled = !isHere
			? notSettled('This is no cPanel server.')
			: settle === undefined
				? notSettled(byHand)
				: await settle(machine);
		rows.push({ id, claim, why, probe: how, ...settled });
	}
	const isWell = rows.every(({ outcome }) => outcome !== 'contradicted');
	const { paint } = viewOf(call.terminal);
	const painted = { proved: paint.good, contradicted: paint.bad, 'not-settled': paint.warning } as const;
	call.speaker.end(isWell ? 0 : 1, { ok: isWell, items: rows }, [
		...rows.flatMap(({ id, claim, outcome, text, probe: how }) => [
			`${painted[outcome](outcomeText[outcome])}  ${id}: ${claim}`,
			`    ${text === byHand ? 'By hand' : `${clean(text)}${outcome === 'proved' ? '' : ' Probe'}`}${outcome === 'proved' ? '' : `: ${how}`}`,
		]),
		probeSummary(rows),
	]);
}

const byHand = 'No command can settle it: do what the probe says.';

function probeSummary(rows: readonly Settled[]): string {
	const count = (outcome: Settled['outcome']): number => rows.filter((row) => row.outcome === outcome).length;
	const contradictions = count('contradicted');
	const meaning =
		contradictions === 0
			? ''
			: ' What is contradicted is not so on this server, and Sluice relies on it: settle that before mail is led through the agent, or `sluice mta bypass`.';
	return `${count('proved')} proved, ${contradictions} contradicted, ${count('not-settled')} not settled.${meaning}`;
}
