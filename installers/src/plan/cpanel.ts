/**
 * How cPanel's Exim is wired: blocks in `exim.conf.local`, two custom ACL files and the option that switches them on.
 *
 * cPanel builds the configuration of them, so a rebuild or an upgrade keeps the wiring, and what people write in WHM's editors stays
 * theirs. The router stands at `@POSTMAILCOUNT@`, behind cPanel's own limits, holds and suspensions. A file that is not there is made with
 * all its sections empty, marked as ours, and goes again. Another relay's router gets one condition more: it is taken while bypassed only,
 * so that a bypass goes the way the mail went before.
 *
 * Pure. Not here: the text of the blocks (shared/mta/exim.ts), taking over the other relay's settings (upstream.ts).
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import { findBlocks, insertBlock } from '@sluice/shared/mta/blocks.ts';
import { dropOption, emptyConfLocal, sectionOf, setOption } from '@sluice/shared/mta/cpanel-local.ts';
import {
	cpanelAclFiles,
	cpanelPlaces,
	type EximBlocks,
	type EximDkim,
	type EximStock,
	insertExim,
	removeExim,
	renderExim,
} from '@sluice/shared/mta/exim.ts';
import { type EximRelay, relaysIn } from '@sluice/shared/mta/exim-relays.ts';
import { cpanelStockNames, readEximStock } from '@sluice/shared/mta/exim-stock.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import {
	type CpanelFacts,
	cpanelAclPaths,
	cpanelBuild,
	cpanelBypassPath,
	cpanelConfLocal,
	cpanelLocalOpts,
	cpanelOnlyPath,
	cpanelProgram,
	cpanelRestart,
	cpanelSecretPath,
} from '../facts/cpanel.ts';
import type { FileFact } from '../facts/machine.ts';
import { queueRuns } from '../facts/queue-run.ts';
import type { Refusal } from '../facts/refusal.ts';
import { cpanelChecks } from './cpanel-checks.ts';
import { cpanelNotes, cpanelRefusal, relayFindings } from './cpanel-findings.ts';
import { onlyFile } from './exim.ts';
import { damaged } from './exim-refusals.ts';
import { bareWiring, ownFileHead, type WiredFile, type WireSettings, type Wiring } from './wiring.ts';

/** Both ACL files have one name, so one option of the Basic Editor switches them on. */
export const aclOption = `acl_${cpanelAclFiles.aclMail.split('/')[1]}`;
const madeMark = '# Made by Sluice: there was no such file.';
const places = { ...cpanelPlaces, main: { after: '@CONFIG@' } } as const;
const asideCondition = `  condition = \${if exists{${cpanelBypassPath}}{yes}{no}}`;

export function wireCpanel(facts: CpanelFacts, settings: WireSettings): Result<Wiring, Refusal> {
	const local = fileIn(facts.sources, cpanelConfLocal);
	const relays = relaysIn(facts.built);
	const refusal = cpanelRefusal(facts, relays, settings);
	if (refusal !== undefined) return failed(refusal);
	const stock = guarded(readEximStock(facts.built, cpanelStockNames));
	const blocks = renderExim({
		agentPort: settings.agentPort,
		secretPath: cpanelSecretPath,
		bypassPath: cpanelBypassPath,
		onlyPath: cpanelOnlyPath,
		stock,
		removedHeaders: [...new Set(relays.flatMap(({ identityHeader }) => identityHeader ?? []))],
	});
	const confLocal = confLocalFile(local, blocks, relays);
	if (!confLocal.ok) return confLocal;
	return ok({
		mta: 'exim',
		version: facts.version,
		hostName: facts.hostName,
		agentPort: settings.agentPort,
		files: [
			...onlyFile(cpanelOnlyPath, facts.sources, settings.only),
			confLocal.value,
			optionsFile(fileIn(facts.sources, cpanelLocalOpts), true),
			...aclFiles(facts.sources, blocks),
		],
		only: settings.only,
		secretPath: cpanelSecretPath,
		bypassPath: cpanelBypassPath,
		findings: [...relayFindings(facts, relays), ...cpanelNotes(facts)],
		relays,
		checks: cpanelChecks(facts, settings, stock),
		commands,
	});
}

/** What taking the wiring out of these files comes to. */
export function bareCpanel(sources: readonly FileFact[], agentPort: number): Result<Wiring, Refusal> {
	const confLocal = bareConfLocal(fileIn(sources, cpanelConfLocal));
	if (!confLocal.ok) return confLocal;
	const options = optionsFile(fileIn(sources, cpanelLocalOpts), false);
	const files = [
		...onlyFile(cpanelOnlyPath, sources, undefined),
		{ path: cpanelConfLocal, current: fileIn(sources, cpanelConfLocal), bare: confLocal.value },
		options,
		...cpanelAclPaths.map((path) => ({ path, current: fileIn(sources, path), bare: undefined })),
	];
	return ok(
		bareWiring({ mta: 'exim', agentPort, files, secretPath: cpanelSecretPath, bypassPath: cpanelBypassPath, commands }),
	);
}

/** Every line of the wiring stands in what cPanel has built. Lines, since the builder may indent as it likes. */
export function isBuiltIn(built: string, { files }: Wiring): boolean {
	const lines = new Set(built.split('\n').map((line) => line.trim()));
	return files.every(({ path, wanted = '', isList }) => {
		if (isList === true) return true;
		const found = findBlocks(wanted);
		const texts = path === cpanelConfLocal ? (found.ok ? found.value.map(({ body }) => body) : []) : [wanted];
		if (path === cpanelLocalOpts) return true;
		return texts.every((text) =>
			text.split('\n').every((line) => line.trim() === '' || line.startsWith('#') || lines.has(line.trim())),
		);
	});
}

const commands = {
	generate: [cpanelBuild],
	reload: [cpanelRestart],
	kick: queueRuns.cpanel,
	submit: ['/usr/sbin/sendmail', '-i'],
	program: cpanelProgram,
} as const;

const fileIn = (sources: readonly FileFact[], path: string): FileFact | undefined =>
	sources.find((file) => file.path === path);

/** Undefined: the file is ours alone. */
function bareConfLocal(current: FileFact | undefined): Result<string | undefined, Refusal> {
	if (current === undefined) return ok(undefined);
	const bare = removeExim(current.content);
	if (!bare.ok) return failed(damaged(cpanelConfLocal, bare.error));
	return ok(isMadeByUs(current) && bare.value === emptyConfLocal ? undefined : bare.value);
}

function isMadeByUs({ content }: FileFact): boolean {
	const found = findBlocks(content);
	return found.ok && found.value.some(({ body }) => body === madeMark);
}

function confLocalFile(
	current: FileFact | undefined,
	blocks: EximBlocks,
	relays: readonly EximRelay[],
): Result<WiredFile, Refusal> {
	const bare = bareConfLocal(current);
	if (!bare.ok) return bare;
	const isOurs = current === undefined || isMadeByUs(current);
	const { main: _, ...wanted } = blocks;
	let filled = insertExim(bare.value ?? emptyConfLocal, isOurs ? { ...wanted, main: madeMark } : wanted, places);
	for (const { router } of relays)
		if (filled.ok && sectionOf(filled.value, `${router}:`) !== undefined)
			filled = insertBlock(filled.value, 'aside', asideCondition, { after: `${router}:` });
	if (filled.ok) return ok({ path: cpanelConfLocal, current, bare: bare.value, wanted: filled.value });
	if (filled.error.kind === 'damaged') return failed(damaged(cpanelConfLocal, filled.error));
	return failed({
		code: 'place',
		text: `${cpanelConfLocal} has no section ${filled.error.after}, where part of the wiring goes.`,
		hint: 'Save once in WHM, Exim Configuration Manager, Advanced Editor: it writes all sections. Then try again.',
	});
}

function optionsFile(current: FileFact | undefined, isWired: boolean): WiredFile {
	const bare = dropOption(current?.content ?? '', aclOption);
	const isOurs = bare === '' && (current === undefined || current.content !== '');
	const wanted = setOption(current?.content ?? '', aclOption, '1');
	return {
		path: cpanelLocalOpts,
		current,
		bare: isOurs ? undefined : bare,
		wanted: isWired ? wanted : isOurs ? undefined : bare,
	};
}

const aclFiles = (sources: readonly FileFact[], blocks: EximBlocks): readonly WiredFile[] =>
	cpanelAclPaths.map((path) => ({
		path,
		current: fileIn(sources, path),
		bare: undefined,
		wanted: `${ownFileHead}${path.endsWith(cpanelAclFiles.aclMail) ? blocks.aclMail : blocks.aclNotSmtp}\n`,
	}));

/**
 * The stock signs by a transport of its own, which its routers choose where there is a key. Ours is one transport for all: a domain without
 * a key must not be signed for.
 */
function guarded(stock: EximStock): EximStock {
	const guard = (dkim: EximDkim | undefined): EximDkim | undefined => {
		const key = dkim?.find(([name]) => name === 'private_key')?.[1];
		const folder = /^"?(\/[A-Za-z0-9._/-]+\/)\$\{?dkim_domain\}?"?$/.exec(key ?? '')?.[1];
		return dkim?.map(([name, value]) => {
			if (name !== 'domain' || folder === undefined || /^"|\$\{if\s/.test(value)) return [name, value] as const;
			return [name, `\${if exists{${folder}\${sg{${value}}{/}{}}}{${value}}}`] as const;
		});
	};
	const [dkim, forwardDkim] = [guard(stock.dkim), guard(stock.forwardDkim)];
	return {
		...stock,
		...(dkim === undefined ? {} : { dkim }),
		...(forwardDkim === undefined ? {} : { forwardDkim }),
	};
}
