/**
 * What Exim's stock remote route does, read from the configuration as it stands.
 *
 * A receiver must see the same source address, EHLO name, DKIM signature and SRS sender with the wiring as without, so ours
 * repeats the option values of the stock router and transports word for word instead of guessing them.
 *
 * Pure. Not here: the file format (exim-format.ts), what another relay is in detail (exim-relays.ts).
 */

import type { WiringFinding } from './checks.ts';
import { type EximDkim, type EximOptions, type EximStock, eximRouterName } from './exim.ts';
import { driver, driverNames, logicalLines, type Options } from './exim-format.ts';

export type EximStockNames = {
	/** Candidates in order of preference; the first that exists is read. */
	readonly routers: readonly string[];
	readonly transports: readonly string[];
	readonly forwardTransports: readonly string[];
};

export const cpanelStockNames: EximStockNames = {
	routers: ['dkim_lookuphost', 'lookuphost', 'dkim_smarthost', 'smarthost'],
	transports: ['dkim_remote_smtp', 'remote_smtp'],
	forwardTransports: ['dkim_remote_forwarded_smtp', 'remote_forwarded_smtp'],
};

/** How a configuration without a panel sends remote mail, and what a wiring of it must know. */
export type EximPlain = {
	/** Router that looks up remote domains in the DNS, and its transport. */
	readonly router: string;
	readonly transport: string;
	/** What `acl_not_smtp` and `acl_smtp_mail` are set to; undefined: not set. */
	readonly aclNotSmtp: string | undefined;
	readonly aclMail: string | undefined;
	readonly hasLocalDomains: boolean;
	/** Incoming mail is relayed for these domains (`domainlist relay_to_domains`): none of the agent's business. */
	readonly hasRelayDomains: boolean;
};

/**
 * The remote route of a configuration as Exim itself prints it (`exim -bP config`: conditions resolved, macros expanded).
 * Undefined when no router sends remote mail by a transport that is named plainly. Lines of our own wiring do not count.
 */
export function readEximPlain(effective: string): EximPlain | undefined {
	const lines = logicalLines(effective);
	const router = driverNames(lines, 'routers').find((name) => {
		const options = driver(lines, 'routers', name);
		const domains = options?.get('domains')?.replaceAll(' ', '');
		return name !== eximRouterName && domains === '!+local_domains' && /^\w+$/.test(options?.get('transport') ?? '');
	});
	if (router === undefined) return undefined;
	const main = lines.slice(
		0,
		lines.findIndex((line) => /^begin\s/.test(line)),
	);
	const setting = (name: string): string | undefined =>
		main.findLast((line) => new RegExp(`^${name}\\s*=`).test(line))?.replace(/^[^=]*=\s*/, '');
	const isList = (name: string): boolean => main.some((line) => new RegExp(`^domainlist\\s+${name}\\s*=`).test(line));
	return {
		router,
		transport: driver(lines, 'routers', router)?.get('transport') ?? '',
		aclNotSmtp: setting('acl_not_smtp'),
		aclMail: setting('acl_smtp_mail'),
		hasLocalDomains: isList('local_domains'),
		hasRelayDomains: isList('relay_to_domains'),
	};
}

/** The stock route of `config`; fields stay away where the option does. */
export function readEximStock(config: string, names: EximStockNames): EximStock {
	const lines = logicalLines(config);
	const router = firstDriver(lines, 'routers', names.routers);
	const transport = firstDriver(lines, 'transports', names.transports);
	const forward = firstDriver(lines, 'transports', names.forwardTransports);
	const forwardReturnPath = forward?.get('return_path');
	const guard = forwardReturnPath === undefined ? undefined : guardOf(lines, names.forwardTransports);
	return {
		...optional('headersAdd', router?.get('headers_add')),
		...optional('interface', transport?.get('interface')),
		...optional('helo', transport?.get('helo_data')),
		...optional('lineLengthLimit', transport?.get('message_linelength_limit')),
		...optional('dkim', dkimOf(transport)),
		...optional('forwardDkim', dkimOf(forward)),
		...optional('forwardReturnPath', forwardReturnPath),
		...optional('forwardsIfDefined', guard),
		...optional('repeated', repeatedOf(transport)),
	};
}

function optional<Key extends string, Value>(key: Key, value: Value | undefined): { readonly [key in Key]?: Value } {
	return value === undefined ? {} : ({ [key]: value } as { readonly [key in Key]: Value });
}

/** Options of a transport that a receiver would notice if ours lacked them. */
const repeatedNames = ['headers_rewrite', 'headers_remove', 'return_path'];

function repeatedOf(transport: Options | undefined): EximOptions | undefined {
	const found = [...(transport ?? [])].filter(([name]) => repeatedNames.includes(name));
	return found.length === 0 ? undefined : found;
}

function dkimOf(options: Options | undefined): EximDkim | undefined {
	const found = [...(options ?? [])].filter(([name]) => name.startsWith('dkim_'));
	return found.length === 0 ? undefined : found.map(([name, value]) => [name.slice('dkim_'.length), value] as const);
}

function firstDriver(lines: readonly string[], section: string, names: readonly string[]): Options | undefined {
	for (const name of names) {
		const options = driver(lines, section, name);
		if (options !== undefined) return options;
	}
	return undefined;
}

/**
 * Routers that already lead all remote mail to another relay: in front of ours they take its mail away, and behind it they would
 * be the way of the bypass. Reported, never changed.
 */
export function findingsExim(config: string): readonly WiringFinding[] {
	return relayRouters(config).map(({ name, route }) => ({
		code: 'smarthost',
		severity: 'stops' as const,
		text: 'Another relay is set. Make it the upstream of the agent first, then wire in front of it.',
		evidence: `${name}: route_list = ${route}`,
	}));
}

export type RelayRouter = { readonly name: string; readonly route: string; readonly options: Options };

/** Routers of others that send mail for all remote domains to hosts that are named. */
export function relayRouters(config: string): readonly RelayRouter[] {
	const lines = logicalLines(config);
	return driverNames(lines, 'routers').flatMap((name) => {
		const options = driver(lines, 'routers', name);
		const route = options?.get('route_list') ?? options?.get('route_data');
		// A route for domains named one by one (a partner's server, a backup MX) is no relay for all.
		const isForAll = /^!|^\*$/.test(options?.get('domains')?.trim() ?? '*');
		const isRelay = options?.get('driver') === 'manualroute' && isForAll && name !== eximRouterName;
		if (!isRelay || options === undefined || route === undefined) return [];
		return /^"?(?:\*|\$domain)(?:\s|$)|^[^\s;]+$/.test(route) ? [{ name, route, options }] : [];
	});
}

/** The macro in whose `.ifdef` the stock router chooses the transport for forwards. */
function guardOf(lines: readonly string[], forwardTransports: readonly string[]): string | undefined {
	let guard: string | undefined;
	for (const line of lines) {
		if (/^\.endif\b/.test(line)) guard = undefined;
		else if (/^\.else\b/.test(line)) guard = undefined;
		else guard = /^\.ifdef\s+(\w+)/.exec(line)?.[1] ?? guard;
		const isChoice = line.startsWith('transport') && forwardTransports.some((name) => line.includes(name));
		if (isChoice) return guard;
	}
	return undefined;
}
