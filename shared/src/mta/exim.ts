/**
 * The wiring of Exim as text: a router that leads remote mail to the agent and says who sent it, two transports, one retry
 * rule, and the two ACL statements that keep what the router no longer sees.
 *
 * Why it is written so (each tried on Exim 4.96):
 * - The header is built on the router. On the transport the expansions are those of the first address of a batch, and one that
 *   fails crashes the delivery process and freezes the message; on the router it is a clean deferral.
 * - `hide headers_add`: without it any tenant reads the secret with `exim -bP`. The secret comes by `readfile`, since an
 *   `.include` of a root-only file makes every tenant's `exim -be` fail. A missing file gives an empty secret, mail flows.
 * - `headers_remove` names our header: whatever copy a message brings is gone, in any spelling that Exim takes for it.
 * - Ours stands before what the stock route adds: text there that a tenant shapes (a directory named `a<LF><LF>b`) ends the header
 *   block, and what followed would be content that goes out, secret and all.
 * - Every value that a tenant can shape is base64: a directory named `a<LF>X-Evil: 1` would write headers of its own.
 * - `self = send`: Exim freezes mail to the local host otherwise. `::` is the port; a single colon begins a second host.
 * - The bypass file is asked at each routing, so that no reload is needed. The retry rule keeps an outage of the agent from
 *   stopping mail for longer than ten seconds after it is back.
 * - Interface, EHLO name, DKIM and SRS repeat what the stock transports say, so that a receiver sees no difference (exim-stock.ts
 *   reads them from the configuration).
 *
 * Pure, text to text. Not here: cPanel's build of its configuration, files, restarts (installers).
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions

import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import {
	anchorOf,
	type BlockProblem,
	type FoundBlock,
	findBlocks,
	insertBlock,
	type Place,
	removeBlocks,
} from './blocks.ts';
import { canaryCondition } from './canary.ts';

/** What the stock remote route does and ours must repeat. All are Exim option values, macros allowed. */
export type EximStock = {
	/** `headers_add` of the stock remote router, as written: `"${perl{mailtrapheaders}}"`. */
	readonly headersAdd?: string;
	/** `interface` of the stock transport. */
	readonly interface?: string;
	/** `helo_data` of the stock transport. */
	readonly helo?: string;
	/** `message_linelength_limit`; left out: Exim's 998, as the stock route has it. */
	readonly lineLengthLimit?: string;
	readonly dkim?: EximDkim;
	/** DKIM on forwarded mail, when the stock transport for forwards signs. */
	readonly forwardDkim?: EximDkim;
	/** `return_path` of the stock transport for forwards; left out: no SRS, forwards go as everything else. */
	readonly forwardReturnPath?: string;
	/** Macro under which alone the stock route uses its transport for forwards: `SRSENABLED`. */
	readonly forwardsIfDefined?: string;
	/** Other options of the stock transport that change what a receiver sees, as written: `[['headers_rewrite', '…']]`. */
	readonly repeated?: EximOptions;
};

export type EximOptions = readonly (readonly [name: string, value: string])[];

/** Options that begin with `dkim_`, in order, without `dkim_`: `[['domain', '…'], ['selector', 'default'], …]`. */
export type EximDkim = EximOptions;

export type EximWiringSettings = {
	/** Port of the agent on 127.0.0.1. */
	readonly agentPort: number;
	/** Root-only file with the secret, no newline needed at its end. */
	readonly secretPath: string;
	/** While this file exists the stock route is taken. */
	readonly bypassPath: string;
	/** While this file exists only the senders in it come to the agent (canary.ts); left out: there is no such stage. */
	readonly onlyPath?: string;
	readonly stock: EximStock;
	/** Domain list of the mail that goes to the agent; left out: all that are not local. */
	readonly remoteDomains?: string;
	/** Further headers that no message may bring: what the agent's upstream reads about senders. */
	readonly removedHeaders?: readonly string[];
};

export const eximBlockNames = ['main', 'aclNotSmtp', 'aclMail', 'routers', 'transports', 'retry'] as const;
export type EximBlockName = (typeof eximBlockNames)[number];

/** The text of each block, whole lines without a final newline. `main` is empty today and stays for those who wire by hand. */
export type EximBlocks = { readonly [name in Exclude<EximBlockName, 'main'>]: string } & { readonly main?: string };

/** Blocks that are given a place go into this file. */
export type EximPlaces = { readonly [name in EximBlockName]?: Place };

/** `/etc/exim.conf.local` of cPanel: its markers. The ACL statements are files of their own there (`cpanelAclFiles`). */
export const cpanelPlaces: EximPlaces = {
	routers: { after: '@POSTMAILCOUNT@' },
	transports: { after: '@TRANSPORTSTART@' },
	retry: { after: '@RETRYSTART@' },
};

/** Files, under cPanel's folder for custom ACLs, that hold one ACL block each and nothing else. */
export const cpanelAclFiles = {
	aclMail: 'ACL_MAIL_PRE_BLOCK/custom_begin_sluice',
	aclNotSmtp: 'ACL_OUTGOING_NOTSMTP_CHECKALL_BLOCK/custom_begin_sluice',
} as const satisfies { readonly [name in EximBlockName]?: string };

/** One hand-written `exim4.conf`: `aclNotSmtp` and `aclMail` name the ACLs that acl_not_smtp and acl_smtp_mail are set to. */
export function plainPlaces(acls: { readonly aclNotSmtp: string; readonly aclMail: string }): EximPlaces {
	return {
		aclNotSmtp: { after: `${acls.aclNotSmtp}:` },
		aclMail: { after: `${acls.aclMail}:` },
		routers: { after: 'begin routers' },
		transports: { after: 'begin transports' },
		retry: { after: 'begin retry' },
	};
}

/**
 * Mail that says it came so keeps the former route: how the watch tells that the agent is away, which mail through the agent could not. Exim
 * believes it of root and of its trusted users only (`-oMr`, spec.txt §5.2), and those may lead mail anywhere as it is.
 */
export const eximAlarmProtocol = 'sluice-alarm';

export const eximRouterName = 'sluice_route';
/** Named so that what tells remote deliveries by `remote_smtp` in the log of a panel's Exim counts ours too. */
export const eximTransportName = 'sluice_remote_smtp';
export const eximForwardTransportName = 'sluice_remote_forwarded_smtp';
export const eximRetryRule = '*@127.0.0.1 * F,4d,10s';

/** Bytes of the working directory that are kept: it becomes a header line a third longer. */
const directoryBytesMax = 1024;

const isForwardFalse = 'eq{$local_part@$domain}{$original_local_part@$original_domain}';

const headerKeys =
	'id=$message_exim_id; proto=$received_protocol; auth=${base64:$authenticated_id}; uid=$originator_uid; ' +
	'ident=${base64:$sender_ident}; host=$sender_host_address; port=$acl_m_sluice_port; cwd=${base64:$acl_m_sluice_cwd}; ' +
	`anc=\${if !${isForwardFalse}{\${base64:$original_local_part@$original_domain}}}`;

/** Throws when a setting would change the meaning of the text around it. */
export function renderExim(settings: EximWiringSettings): EximBlocks {
	assertPlain(settings);
	return {
		aclNotSmtp: `  warn set acl_m_sluice_cwd = \${length_${directoryBytesMax}:$initial_cwd}`,
		// Also met by `exim -bs` and `-bS` of tenants, which never meet the other one.
		aclMail: [
			'  warn set acl_m_sluice_port = $received_port',
			`       set acl_m_sluice_cwd = \${if def:sender_host_address {}{\${length_${directoryBytesMax}:$initial_cwd}}}`,
		].join('\n'),
		routers: routerText(settings),
		transports: transportsText(settings.stock),
		retry: eximRetryRule,
	};
}

function routerText(settings: EximWiringSettings): string {
	const {
		agentPort,
		secretPath,
		bypassPath,
		onlyPath,
		stock,
		remoteDomains = '! +local_domains',
		removedHeaders = [],
	} = settings;
	const secret = `\${if exists{${secretPath}}{\${readfile{${secretPath}}{}}}}`;
	return [
		`${eximRouterName}:`,
		'  driver = manualroute',
		`  condition = \${if exists{${bypassPath}}{no}{yes}}`,
		`  condition = \${if eq{$received_protocol}{${eximAlarmProtocol}}{no}{yes}}`,
		...(onlyPath === undefined ? [] : [`  condition = ${canaryCondition(onlyPath)}`]),
		`  domains = ${remoteDomains}`,
		`  headers_remove = ${['X-Sluice-Sender', ...removedHeaders].join(' : ')}`,
		`  hide headers_add = X-Sluice-Sender: v=1; s=${secret}; ${headerKeys}`,
		...(stock.headersAdd === undefined ? [] : [`  headers_add = ${stock.headersAdd}`]),
		...transportOption(stock),
		`  route_list = * 127.0.0.1::${agentPort}`,
		'  host_find_failed = defer',
		'  self = send',
		'  no_more',
	].join('\n');
}

function transportOption({ forwardReturnPath, forwardsIfDefined }: EximStock): readonly string[] {
	const plain = `  transport = ${eximTransportName}`;
	if (forwardReturnPath === undefined) return [plain];
	const chosen = `  transport = \${if ${isForwardFalse}{${eximTransportName}}{${eximForwardTransportName}}}`;
	return forwardsIfDefined === undefined ? [chosen] : [`.ifdef ${forwardsIfDefined}`, chosen, '.else', plain, '.endif'];
}

function transportsText(stock: EximStock): string {
	const smtp = [
		'  driver = smtp',
		'  allow_localhost',
		'  hosts_avoid_tls = *',
		'  hosts_try_chunking =',
		'  connect_timeout = 10s',
		...(stock.interface === undefined ? [] : [`  interface = ${stock.interface}`]),
		...(stock.helo === undefined ? [] : [`  helo_data = ${stock.helo}`]),
		...(stock.lineLengthLimit === undefined ? [] : [`  message_linelength_limit = ${stock.lineLengthLimit}`]),
	];
	const dkim = (options: EximDkim = []) => options.map(([name, value]) => `  dkim_${name} = ${value}`);
	const repeated = (stock.repeated ?? []).map(([name, value]) => `  ${name} = ${value}`);
	const own = [`${eximTransportName}:`, ...smtp, ...repeated, ...dkim(stock.dkim)];
	if (stock.forwardReturnPath === undefined) return own.join('\n');
	const forward = [
		`${eximForwardTransportName}:`,
		...smtp,
		...dkim(stock.forwardDkim),
		'  max_rcpt = 1',
		`  return_path = ${stock.forwardReturnPath}`,
	];
	const { forwardsIfDefined } = stock;
	const guarded = forwardsIfDefined === undefined ? forward : [`.ifdef ${forwardsIfDefined}`, ...forward, '.endif'];
	return [...own, '', ...guarded].join('\n');
}

function assertPlain(settings: EximWiringSettings): void {
	const { agentPort, secretPath, bypassPath, onlyPath, stock, remoteDomains = '', removedHeaders = [] } = settings;
	if (!Number.isInteger(agentPort) || agentPort < 1 || agentPort > 65535) throw new RangeError(`no port: ${agentPort}`);
	for (const path of [secretPath, bypassPath, onlyPath ?? bypassPath]) {
		if (!/^\/[A-Za-z0-9._/-]+$/.test(path)) throw new RangeError(`not a plain path: ${path}`);
	}
	for (const name of removedHeaders) if (!/^[A-Za-z0-9-]+$/.test(name)) throw new RangeError(`not a header: ${name}`);
	const { dkim = [], forwardDkim = [], repeated = [], ...values } = stock;
	for (const value of [remoteDomains, ...Object.values(values), ...[...dkim, ...forwardDkim, ...repeated].flat()]) {
		if (/[\r\n]/.test(value)) throw new RangeError(`more than one line: ${value}`);
	}
}

/** The configuration with the blocks in their places, instead of any earlier ones of ours. */
export function insertExim(config: string, blocks: EximBlocks, places: EximPlaces): Result<string, BlockProblem> {
	const bare = removeBlocks(config);
	if (!bare.ok) return bare;
	let text = bare.value;
	for (const name of eximBlockNames) {
		const place = places[name];
		const body = blocks[name];
		if (place === undefined || body === undefined) continue;
		const inserted = insertBlock(text, sentinelOf[name], body, place);
		if (!inserted.ok) return failed({ ...inserted.error, block: name });
		text = inserted.value;
	}
	return ok(text);
}

/** The configuration as it was before `insertExim`, byte for byte. */
export function removeExim(config: string): Result<string, BlockProblem> {
	return removeBlocks(config);
}

export type EximDetection = {
	readonly [name in EximBlockName]: 'absent' | 'present' | 'outdated' | 'misplaced';
};

/**
 * What of `blocks` stands in `config`. `misplaced`: the text is right, but not behind its place's line any more (somebody
 * put a router in front of it). Names without a place or text are `absent` unless a leftover stands there (`outdated`).
 */
export function detectExim(
	config: string,
	blocks: EximBlocks,
	places: EximPlaces,
): Result<EximDetection, BlockProblem> {
	const found = findBlocks(config);
	if (!found.ok) return found;
	const fresh = insertExim(config, blocks, places);
	const isExact = fresh.ok && fresh.value === config;
	const stateOf = (name: EximBlockName): EximDetection[EximBlockName] => {
		const here = found.value.filter((block) => block.name === sentinelOf[name]);
		if (here.length === 0) return 'absent';
		if (here.length > 1 || places[name] === undefined || here[0]?.body !== blocks[name]) return 'outdated';
		return isExact || isAtPlace(config, here[0], places[name]) ? 'present' : 'misplaced';
	};
	return ok(Object.fromEntries(eximBlockNames.map((name) => [name, stateOf(name)])) as EximDetection);
}

const sentinelOf: { readonly [name in EximBlockName]: string } = {
	main: 'main',
	aclNotSmtp: 'acl-not-smtp',
	aclMail: 'acl-mail',
	routers: 'routers',
	transports: 'transports',
	retry: 'retry',
};

function isAtPlace(config: string, block: FoundBlock | undefined, place: Place): boolean {
	if (typeof place === 'string') return true;
	const before = config.slice(0, block?.from ?? 0).trimEnd();
	const behind = config.slice(block?.to ?? 0).trimStart();
	const neighbour = 'after' in place ? before.slice(before.lastIndexOf('\n') + 1) : (behind.split('\n')[0] ?? '');
	return neighbour.trim() === anchorOf(place).trim();
}
