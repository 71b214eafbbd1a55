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
import type { CommandCheck, WiringCheck, WiringFinding } from '@sluice/shared/mta/checks.ts';
import {
	dropOption,
	emptyConfLocal,
	localOption,
	replacedBlocks,
	sectionOf,
	setOption,
} from '@sluice/shared/mta/cpanel-local.ts';
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
import { checksExim } from '@sluice/shared/mta/exim-checks.ts';
import { driverNames, logicalLines } from '@sluice/shared/mta/exim-format.ts';
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
	cpanelProgram,
	cpanelRestart,
	cpanelSecretPath,
} from '../facts/cpanel.ts';
import type { FileFact } from '../facts/machine.ts';
import type { Refusal } from '../facts/refusal.ts';
import { damaged, isTooOld } from './exim-refusals.ts';
import { foreignOwner } from './ownership.ts';
import type { WiredFile, WireSettings, Wiring } from './wiring.ts';

/** Both ACL files have one name, so one option of the Basic Editor switches them on. */
export const aclOption = `acl_${cpanelAclFiles.aclMail.split('/')[1]}`;
const madeMark = '# Made by Sluice: there was no such file.';
const aclFileHead = '# A file of Sluice: `sluice mta unwire` removes it, `sluice mta ensure` puts it right.\n';
const places = { ...cpanelPlaces, main: { after: '@CONFIG@' } } as const;
const asideCondition = `  condition = \${if exists{${cpanelBypassPath}}{yes}{no}}`;

export function wireCpanel(facts: CpanelFacts, settings: WireSettings): Result<Wiring, Refusal> {
	const local = fileIn(facts.sources, cpanelConfLocal);
	const relays = relaysIn(facts.built);
	const refusal = refusalOf(facts, relays, settings);
	if (refusal !== undefined) return failed(refusal);
	const stock = guarded(readEximStock(facts.built, cpanelStockNames));
	const blocks = renderExim({
		agentPort: settings.agentPort,
		secretPath: cpanelSecretPath,
		bypassPath: cpanelBypassPath,
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
			confLocal.value,
			optionsFile(fileIn(facts.sources, cpanelLocalOpts), true),
			...aclFiles(facts.sources, blocks),
		],
		secretPath: cpanelSecretPath,
		bypassPath: cpanelBypassPath,
		findings: [...relayFindings(facts, relays), ...notes(facts, local)],
		relays,
		checks: checksOf(facts, settings, hasSrs(facts, stock)),
		commands,
	});
}

/** What taking the wiring out of these files comes to. */
export function bareCpanel(sources: readonly FileFact[], agentPort: number): Result<Wiring, Refusal> {
	const confLocal = bareConfLocal(fileIn(sources, cpanelConfLocal));
	if (!confLocal.ok) return confLocal;
	const options = optionsFile(fileIn(sources, cpanelLocalOpts), false);
	const files = [
		{ path: cpanelConfLocal, current: fileIn(sources, cpanelConfLocal), bare: confLocal.value },
		options,
		...cpanelAclPaths.map((path) => ({ path, current: fileIn(sources, path), bare: undefined })),
	].map((file) => ({ ...file, wanted: file.bare }));
	return ok({
		mta: 'exim',
		version: '',
		hostName: '',
		agentPort,
		files,
		secretPath: cpanelSecretPath,
		bypassPath: cpanelBypassPath,
		findings: [],
		checks: [],
		commands,
	});
}

/** Every line of the wiring stands in what cPanel has built. Lines, since the builder may indent as it likes. */
export function isBuiltIn(built: string, { files }: Wiring): boolean {
	const lines = new Set(built.split('\n').map((line) => line.trim()));
	return files.every(({ path, wanted = '' }) => {
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
	kick: [cpanelProgram, '-q'],
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
		wanted: `${aclFileHead}${path.endsWith(cpanelAclFiles.aclMail) ? blocks.aclMail : blocks.aclNotSmtp}\n`,
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

/** SRS is on: the macro in whose `.ifdef` the stock chooses is defined. */
const hasSrs = ({ built }: CpanelFacts, { forwardReturnPath, forwardsIfDefined }: EximStock): boolean =>
	forwardReturnPath !== undefined &&
	(forwardsIfDefined === undefined || new RegExp(`^\\s*${forwardsIfDefined}\\s*=`, 'm').test(built));

function checksOf(facts: CpanelFacts, { agentPort }: WireSettings, srs: boolean): readonly WiringCheck[] {
	const checks = checksExim({
		program: cpanelProgram,
		agentPort,
		restart: [cpanelRestart],
		ownAddress: `root@${facts.hostName}`,
		remoteAddress: 'probe@example.com',
		...(facts.alias === undefined ? {} : { aliasAddress: facts.alias }),
		hasSrs: srs,
	});
	const expands = (id: string, sentence: string, expression: string, prints: string): CommandCheck => ({
		kind: 'command',
		id,
		sentence,
		command: [cpanelProgram, '-be', expression],
		runAs: 'root',
		prints: [prints],
		neverPrints: [],
		isReadOnly: true,
	});
	const length = `\${strlen:\${if exists{${cpanelSecretPath}}{\${readfile{${cpanelSecretPath}}{}}}}}`;
	const expansions = [
		expands(
			'exim.secret-read',
			'Exim can read the wiring secret.',
			`\${if >{${length}}{0}{secret read}}`,
			'secret read',
		),
		// Without the macro Exim would take its name for the secret.
		...(srs
			? [
					expands(
						'exim.srs',
						'Forwards get a reverse-path of this server.',
						'${if eq{SRS_SECRET}{SRS_SEC${lc:}RET}{no secret}{srs secret}}',
						'srs secret',
					),
				]
			: []),
	];
	// The forward's target is somebody's real address: its route is tried, no message is sent there.
	const sent = checks.filter(({ id }) => id !== 'exim.probe-alias');
	const at = sent.findIndex(({ id }) => id === 'exim.secret-hidden');
	return [...sent.slice(0, at), ...expansions, ...sent.slice(at)];
}

function refusalOf(facts: CpanelFacts, relays: readonly EximRelay[], settings: WireSettings): Refusal | undefined {
	const old = isTooOld(facts.version);
	if (old !== undefined) return old;
	const news = relays.filter(({ router }) => settings.aside?.includes(router) !== true);
	if (news.length > 0 && !settings.overSmarthost)
		return {
			code: 'smarthost',
			text: `Another relay is set: ${news.map((relay) => relayText(facts, relay)).join('; ')}.`,
			hint: '`sluice mta wire --adopt-upstream` makes it the upstream of the agent, with login and identity header; --over-smarthost puts it aside without. Either way `unwire` brings it back.',
		};
	const routers = driverNames(logicalLines(facts.built), 'routers');
	if (!cpanelStockNames.routers.some((name) => routers.includes(name)))
		return {
			code: 'no-route',
			text: `The configuration that cPanel has built has none of its routers for remote mail (${cpanelStockNames.routers.join(', ')}).`,
			hint: 'Build it again and look at it: /usr/local/cpanel/scripts/buildeximconf.',
		};
	if (!/^\s*domainlist\s+local_domains\s*=/m.test(facts.built))
		return {
			code: 'local-domains',
			text: 'The configuration has no `domainlist local_domains`, so what is remote cannot be told.',
			hint: 'Build it again: /usr/local/cpanel/scripts/buildeximconf.',
		};
	return foreignOwner(facts.sources);
}

/** `router mailchannels (@POSTMAILCOUNT@ of /etc/exim.conf.local) sends all remote mail to smtp.example.net, port 25`. */
function relayText(facts: CpanelFacts, relay: EximRelay): string {
	const to = relay.hosts.length === 0 ? relay.route : `${relay.hosts.join(', ')}, port ${relay.port}`;
	return `router ${relay.router} (${placeOf(facts, relay)}) sends all remote mail to ${to}`;
}

function placeOf({ sources }: CpanelFacts, { router }: EximRelay): string {
	const section = sectionOf(fileIn(sources, cpanelConfLocal)?.content ?? '', `${router}:`);
	if (section !== undefined) return `@${section}@ of ${cpanelConfLocal}`;
	const route = localOption(fileIn(sources, cpanelLocalOpts)?.content ?? '', 'smarthost_routelist') ?? '';
	return route === '' ? '/etc/exim.conf' : `Basic Editor, smarthost_routelist in ${cpanelLocalOpts}`;
}

const relayFindings = (facts: CpanelFacts, relays: readonly EximRelay[]): readonly WiringFinding[] =>
	relays.map((relay) => ({
		code: 'smarthost',
		severity: 'note',
		text: 'Another relay is put aside: it is taken while bypassed, and alone again after unwire.',
		evidence: relayText(facts, relay),
	}));

function notes(facts: CpanelFacts, local: FileFact | undefined): readonly WiringFinding[] {
	const replaced = replacedBlocks(local?.content ?? '');
	return [
		...replaced.map(
			(name): WiringFinding => ({
				code: 'replaced-block',
				severity: 'note',
				text: 'A stock block is replaced by text of this server; the wiring is checked with it as it is.',
				evidence: `${name} in ${cpanelConfLocal}`,
			}),
		),
		...facts.jails.map(
			(jail): WiringFinding => ({
				code: 'jail',
				severity: 'note',
				text: 'Programs of users may run in a jail that shows neither the secret nor the bypass. What is sent from inside is attributed by its user id, with the alarm wiring.secret-missing, and not bypassed at the first attempt.',
				evidence: jail === 'cagefs' ? 'CageFS (/usr/sbin/cagefsctl)' : 'jailshell in /etc/passwd',
			}),
		),
	];
}
