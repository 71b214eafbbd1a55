/**
 * How a plain Debian Exim is wired: which block goes into which file. Pure.
 *
 * In the split layout each block is a file of its own, which a package upgrade never touches, but for statements in an ACL that
 * exists already. In one file, blocks stand before the stock remote router and at the head of the other sections. An ACL option that is
 * not set is set to an ACL of ours. Mail that this server relays inwards (`relay_to_domains`) keeps its route.
 *
 * Not here: the text of the blocks (shared/mta/exim.ts), files and programs.
 */
import type { Place } from '@sluice/shared/mta/blocks.ts';
import { type CanaryKey, canaryList, canaryProbeDomain } from '@sluice/shared/mta/canary.ts';
import type { WiringFinding } from '@sluice/shared/mta/checks.ts';
import {
	type EximBlockName,
	type EximBlocks,
	eximBlockNames,
	insertExim,
	removeExim,
	renderExim,
} from '@sluice/shared/mta/exim.ts';
import { checksExim } from '@sluice/shared/mta/exim-checks.ts';
import { type EximPlain, findingsExim, readEximPlain, readEximStock } from '@sluice/shared/mta/exim-stock.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type EximFacts, eximBypassPath, eximOnlyPath, eximProgram, eximSecretPath, splitPath } from '../facts/exim.ts';
import type { FileFact } from '../facts/machine.ts';
import { queueRuns } from '../facts/queue-run.ts';
import type { Refusal } from '../facts/refusal.ts';
import { damaged, eximRefusal, noRoute } from './exim-refusals.ts';
import { bareWiring, ownFileHead, type WiredFile, type WireSettings, type Wiring } from './wiring.ts';

const ownAcls = { aclNotSmtp: 'sluice_not_smtp', aclMail: 'sluice_mail' } as const;
const partFile = '01_sluice';
const routerFile = '190_sluice';
const ownFile = /\/\d+_sluice$/;

export function wireExim(facts: EximFacts, settings: WireSettings): Result<Wiring, Refusal> {
	const plain = readEximPlain(facts.effective);
	const refusal = eximRefusal(facts, plain, settings);
	if (refusal !== undefined || plain === undefined) return failed(refusal ?? noRoute);
	const blocks = eximBlocks(facts, plain, settings.agentPort);
	const spots = spotsOf(facts, plain, blocks);
	if (!spots.ok) return spots;
	const files = filesOf(facts.sources, blocks, spots.value);
	if (!files.ok) return files;
	const { only } = settings;
	return ok({
		mta: 'exim',
		version: facts.version,
		hostName: facts.hostName,
		agentPort: settings.agentPort,
		files: [...onlyFile(eximOnlyPath, facts.sources, only), ...files.value],
		only,
		secretPath: eximSecretPath,
		bypassPath: eximBypassPath,
		findings: findings(facts),
		checks: checksExim({
			program: eximProgram,
			agentPort: settings.agentPort,
			restart: eximReload,
			ownAddress: only === undefined ? `root@${facts.hostName}` : `probe@${canaryProbeDomain}`,
			remoteAddress: 'probe@example.com',
			hasSrs: false,
		}),
		commands: { ...eximCommands, ...(facts.layout === 'single' ? {} : { generate }) },
	});
}

/** The list of a canary, where there is one or is to be one. */
export function onlyFile(
	path: string,
	sources: readonly FileFact[],
	only: readonly CanaryKey[] | undefined,
): readonly WiredFile[] {
	const current = sources.find((file) => file.path === path);
	const wanted = only === undefined ? undefined : canaryList(only);
	return current === undefined && wanted === undefined
		? []
		: [{ path, current, bare: undefined, wanted, isList: true }];
}

/** What taking the wiring out of these files comes to. */
export function bareExim(sources: readonly FileFact[], agentPort: number): Result<Wiring, Refusal> {
	const files: Omit<WiredFile, 'wanted'>[] = [...onlyFile(eximOnlyPath, sources, undefined)];
	for (const path of tracesIn(sources)) {
		const current = sources.find((file) => file.path === path);
		const bare = ownFile.test(path) ? ok(undefined) : removeExim(current?.content ?? '');
		if (!bare.ok) return failed(damaged(path, bare.error));
		files.push({ path, current, bare: bare.value });
	}
	const isSingle = sources.some(({ path }) => path.endsWith('/exim4.conf'));
	const commands = { ...eximCommands, ...(isSingle ? {} : { generate }) };
	return ok(
		bareWiring({ mta: 'exim', agentPort, files, secretPath: eximSecretPath, bypassPath: eximBypassPath, commands }),
	);
}

const generate = ['update-exim4.conf'] as const;

/**
 * Debian's service under systemd; elsewhere the signal that its script sends, only to a process that is Exim. No daemon, no failure:
 * what is submitted on the machine reads the configuration anew each time.
 *
 * A signal can be lost on Exim: it ignores SIGHUP while it runs itself anew after an earlier one, and one that comes just before it waits
 * for connections is seen with the next connection only. So it is sent again until the daemon has run itself anew, which its auxiliary
 * vector shows: the kernel gives every program another one (AT_RANDOM, getauxval(3)). At most five seconds, then it is an error.
 */
const eximReload = [
	'/bin/sh',
	'-c',
	[
		'pid=$(cat /run/exim4/exim.pid 2>/dev/null)',
		'vector() { cksum <"/proc/$pid/auxv" 2>/dev/null; }',
		'hangup() { case $(readlink "/proc/$pid/exe") in */exim4) kill -HUP "$pid" ;; esac; }',
		'was=$(vector)',
		'if [ -d /run/systemd/system ]; then systemctl try-reload-or-restart exim4.service || exit; else [ -z "$was" ] || hangup; fi',
		'[ -n "$was" ] || exit 0',
		'turn=0',
		'while [ "$turn" -lt 50 ]; do',
		'	sleep 0.1',
		'	[ "$(vector)" = "$was" ] || exit 0',
		'	turn=$((turn + 1))',
		'	[ $((turn % 5)) -ne 0 ] || hangup',
		'done',
		'echo "Exim (process $pid) does not read its configuration anew." >&2',
		'exit 1',
	].join('\n'),
];

const eximCommands = {
	reload: eximReload,
	kick: queueRuns.exim,
	submit: ['/usr/sbin/sendmail', '-i'],
	program: eximProgram,
} as const;

/** Exim's own relay finding is a note once it has been overruled. */
const findings = ({ effective }: EximFacts): readonly WiringFinding[] => findingsExim(effective);

const ownAcl = (name: string, statements: string): string => `${name}:\n${statements}\n  accept`;

function eximBlocks(facts: EximFacts, plain: EximPlain, agentPort: number): EximBlocks {
	const blocks = renderExim({
		agentPort,
		secretPath: eximSecretPath,
		bypassPath: eximBypassPath,
		onlyPath: eximOnlyPath,
		stock: readEximStock(facts.effective, {
			routers: [plain.router],
			transports: [plain.transport],
			forwardTransports: [],
		}),
		...(plain.hasRelayDomains ? { remoteDomains: '! +local_domains : ! +relay_to_domains' } : {}),
	});
	const isOurs = ours(plain);
	const main = [
		...(isOurs.aclNotSmtp ? [`acl_not_smtp = ${ownAcls.aclNotSmtp}`] : []),
		...(isOurs.aclMail ? [`acl_smtp_mail = ${ownAcls.aclMail}`] : []),
	];
	return {
		...blocks,
		...(isOurs.aclNotSmtp ? { aclNotSmtp: ownAcl(ownAcls.aclNotSmtp, blocks.aclNotSmtp) } : {}),
		...(isOurs.aclMail ? { aclMail: ownAcl(ownAcls.aclMail, blocks.aclMail) } : {}),
		...(main.length === 0 ? {} : { main: main.join('\n') }),
	};
}

/** ACL options that nobody else has set. */
const ours = ({ aclNotSmtp, aclMail }: EximPlain) => ({
	aclNotSmtp: aclNotSmtp === undefined || aclNotSmtp === ownAcls.aclNotSmtp,
	aclMail: aclMail === undefined || aclMail === ownAcls.aclMail,
});

type Spot = { readonly path: string; readonly place: Place };
type Spots = { readonly [name in EximBlockName]?: Spot };

const hasLine = (file: FileFact, line: string): boolean =>
	file.content.split('\n').some((each) => each.trim() === line);

/** Where each block goes. A line that must be there and is not is a refusal that names it. */
function spotsOf(facts: EximFacts, plain: EximPlain, blocks: EximBlocks): Result<Spots, Refusal> {
	const isSplit = facts.layout === 'split';
	const isOurs = ours(plain);
	const own = (section: Parameters<typeof splitPath>[0], name = partFile): Spot => ({
		path: splitPath(section, name),
		place: 'end',
	});
	const within = (place: { readonly after: string } | { readonly before: string }): Spot | string => {
		const line = 'after' in place ? place.after : place.before;
		const file = facts.sources.find((each) => !ownFile.test(each.path) && hasLine(each, line));
		return file === undefined ? line : { path: file.path, place };
	};
	const acl = (name: 'aclNotSmtp' | 'aclMail', file: string): Spot | string => {
		if (!isOurs[name]) return within({ after: `${plain[name]}:` });
		return isSplit ? own('acl', file) : within({ after: 'begin acl' });
	};
	const stockRouter = within({ before: `${plain.router}:` });
	const isBeforeStock = typeof stockRouter !== 'string' && stockRouter.path > splitPath('router', routerFile);
	const wanted: { readonly [name in EximBlockName]?: Spot | string } = {
		...(blocks.main === undefined
			? {}
			: { main: isSplit ? own('main') : { path: facts.sources[0]?.path ?? '', place: 'start' as const } }),
		aclNotSmtp: acl('aclNotSmtp', partFile),
		aclMail: acl('aclMail', '02_sluice'),
		routers: isSplit && isBeforeStock ? own('router', routerFile) : stockRouter,
		transports: isSplit ? own('transport') : within({ after: 'begin transports' }),
		retry: isSplit ? own('retry') : within({ after: 'begin retry' }),
	};
	const missing = Object.values(wanted).find((spot) => typeof spot === 'string');
	if (missing === undefined) return ok(wanted as Spots);
	return failed({
		code: 'place',
		text: `The line "${missing}", at which part of the wiring goes, stands in none of the files that are edited here.`,
		hint: 'It may come from an .include. Wire by hand (docs/wiring.md), or move the section into the file itself.',
	});
}

function filesOf(
	sources: readonly FileFact[],
	blocks: EximBlocks,
	spots: Spots,
): Result<readonly WiredFile[], Refusal> {
	const byPath = new Map(sources.map((file) => [file.path, file]));
	const paths = new Set([...Object.values(spots).map(({ path }) => path), ...tracesIn(sources)]);
	const files: WiredFile[] = [];
	for (const path of [...paths].toSorted()) {
		const current = byPath.get(path);
		const isOwn = ownFile.test(path);
		const bare = isOwn ? ok(undefined) : removeExim(current?.content ?? '');
		if (!bare.ok) return failed(damaged(path, bare.error));
		const places = Object.fromEntries(
			eximBlockNames.flatMap((name) => (spots[name]?.path === path ? [[name, spots[name]?.place]] : [])),
		);
		const isUsed = Object.keys(places).length > 0;
		const filled = insertExim(isOwn ? ownFileHead : (bare.value ?? ''), blocks, places);
		if (!filled.ok) return failed(damaged(path, filled.error));
		files.push({ path, current, bare: bare.value, wanted: isUsed ? filled.value : bare.value });
	}
	return ok(files);
}

/** Files that hold something of ours, wherever it should stand. */
const tracesIn = (sources: readonly FileFact[]): readonly string[] =>
	sources
		.filter(({ path, content }) => ownFile.test(path) || /^# (?:BEGIN|END) sluice /m.test(content))
		.map(({ path }) => path);
