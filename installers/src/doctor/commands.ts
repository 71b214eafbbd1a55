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
import type { Names } from './ground.ts';

type DoctorOptions = MtaOptions & { readonly probe?: boolean; readonly repair?: boolean; readonly target?: string };
type DoctorCall = Call & { readonly options: DoctorOptions };

/** `ports`, `names`: another outside than this machine's, for tests. */
export function addDoctor(program: Command, terminal: Terminal, ports?: MtaPorts, names?: Names): void {
	withCommon(program.command('doctor'))
		.description('What is wrong with this server as far as outgoing mail goes, each thing with what mends it.')
		.option('--repair', 'mend what can be mended safely, after one question; tell the rest')
		.option('--yes', 'with --repair: do not ask')
		.option('--probe', 'what only a live server can show, and what it shows here')
		.option('--target <host[:port]>', 'mail server to try to reach (default: the relay, else one of gmail.com)')
		.option(...configOption)
		.option('--root <folder>', 'a system below this folder', '/')
		.option('--state <folder>', 'where the wiring is remembered', stateFolderDefault)
		.addHelpText(
			'after',
			'\nChanges nothing without --repair. Ends with 0 when nothing is wrong (with --probe: when nothing is contradicted; with --repair: afterwards), else with 1.',
		)
		.action(async (options: DoctorOptions) => {
			const [{ speakerFor }, { systemPorts }] = await Promise.all([
				import('../mta/speak.ts'),
				import('../mta/commands.ts'),
			]);
			const speaker = speakerFor(terminal, options.json === true);
			const call: DoctorCall = { terminal, options, ports: ports ?? (await systemPorts()), speaker };
			if (options.probe === true) return probe(call);
			await (options.repair === true ? mend(call, names) : examine(call, names));
		});
}

async function look(call: DoctorCall, names: Names | undefined): Promise<readonly Finding[]> {
	const [{ findingsOf }, { systemNames }] = await Promise.all([import('./doctor.ts'), import('./names.ts')]);
	return findingsOf(call, names ?? systemNames(), call.options.target);
}

const isWellWith = (findings: readonly Finding[]): boolean => findings.every(({ level }) => level !== 'wrong');

/** For programs: what a repair would do is nobody's business. */
const report = (findings: readonly Finding[]) =>
	findings.map(({ repair, ...rest }) => ({ ...rest, ...(repair === undefined ? {} : { repairable: true }) }));

async function examine(call: DoctorCall, names: Names | undefined): Promise<void> {
	const findings = await look(call, names);
	const isWell = isWellWith(findings);
	const canRepair = findings.some(({ repair }) => repair !== undefined);
	call.speaker.end(isWell ? 0 : 1, { ok: isWell, findings: report(findings) }, [
		...findingLines(call, findings),
		...(canRepair ? ['`sluice doctor --repair` mends what can be mended safely.'] : []),
	]);
}

async function mend(call: DoctorCall, names: Names | undefined): Promise<void> {
	const { options, ports, speaker } = call;
	if (options.root !== '/')
		return speaker.refuse(
			{
				code: 'not-live',
				text: 'Below another root nothing runs that could be repaired.',
				hint: 'Run it on the server itself.',
			},
			2,
		);
	const [{ repairsFor, repair }, { mayGoOn }] = await Promise.all([import('./repair.ts'), import('../mta/perform.ts')]);
	const before = await look(call, names);
	const repairs = repairsFor(before);
	if (repairs.length === 0) {
		const isWell = isWellWith(before);
		const lines = [...findingLines(call, before), 'Nothing here can be mended by this command.'];
		return speaker.end(isWell ? 0 : 1, { ok: isWell, repaired: [], findings: report(before) }, lines);
	}
	for (const { what } of repairs) speaker.say(`  ${what}`);
	if (!(await mayGoOn(call, 'Do this?'))) return;
	const repaired = await repair(ports.machine(options.root), repairs, ({ what, why }) =>
		why === undefined ? speaker.step(what) : speaker.say(`  not done: ${what} ${clean(why)}`),
	);
	const after = await look(call, names);
	const isWell = isWellWith(after);
	speaker.end(isWell ? 0 : 1, { ok: isWell, repaired, findings: report(after) }, [
		...(after.length > 0 ? ['What is left is for a person:'] : []),
		...findingLines(call, after),
	]);
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
	const [{ unproved }, { unprovedServer }, { notSettled }, { isCpanel }] = await Promise.all([
		import('./unproved.ts'),
		import('./unproved-server.ts'),
		import('./finding.ts'),
		import('../facts/cpanel.ts'),
	]);
	const machine = call.ports.machine(call.options.root);
	const isPanelHere = await isCpanel(machine);
	const claims = [
		...unprovedServer.map((item) => ({ ...item, isHere: machine.isLive, no: 'Nothing runs below another root.' })),
		...unproved.map((item) => ({ ...item, isHere: isPanelHere, no: 'This is no cPanel server.' })),
	];
	const rows = [];
	for (const { id, claim, why, probe: how, settle, isHere, no } of claims) {
		const settled = !isHere ? notSettled(no) : settle === undefined ? notSettled(byHand) : await settle(machine);
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
