/**
 * Another relay in Exim's configuration, read so that the agent can take its place: hosts, TLS, login, identity header.
 *
 * Such relays are set up by snippets of their makers: a `manualroute` router for all remote domains, a transport, a client authenticator
 * with the login in `client_send`, and a header that tells the relay which mailbox or user sends (`X-AuthUser`). What cannot be told
 * for certain (a login that is looked up by domain, hosts that Exim computes) is named, and nothing is guessed.
 *
 * Pure. Not here: where the router stands in cPanel's files (installers), the agent's configuration of it. Exim specification, chapters
 * 20, 30, 33, 34.
 */
import { driver, driverNames, logicalLines, type Options } from './exim-format.ts';
import { type RelayRouter, relayRouters } from './exim-stock.ts';

export type EximRelay = {
	readonly router: string;
	/** As written. */
	readonly route: string;
	readonly transport: string;
	/** In order; empty when they cannot be read. */
	readonly hosts: readonly string[];
	readonly port: number;
	readonly tls: 'none' | 'opportunistic' | 'required' | 'implicit';
	readonly login?: { readonly user: string; readonly password: string };
	readonly identityHeader?: string;
	/** Why it cannot be taken over as it is. */
	readonly problems: readonly string[];
};

/** All relays for all remote mail, in the order in which Exim would ask them. */
export function relaysIn(config: string): readonly EximRelay[] {
	const lines = logicalLines(config);
	return relayRouters(config).map((router) => relayOf(router, lines));
}

function relayOf({ name, route, options }: RelayRouter, lines: readonly string[]): EximRelay {
	const transport = unquoted(options.get('transport') ?? '');
	const smtp = driver(lines, 'transports', transport);
	const isImplicit = smtp?.get('protocol') === 'smtps';
	const { hosts, port } = hostsOf(route);
	const login = loginFor(smtp, lines);
	const header = identityHeaderOf(options) ?? identityHeaderOf(smtp);
	const problems = [
		...(hosts.length === 0 ? [`its hosts cannot be read from: ${route}`] : []),
		...(smtp === undefined ? [`its transport is computed: ${transport}`] : []),
		...(typeof login === 'string' ? [login] : []),
	];
	return {
		router: name,
		route,
		transport,
		hosts,
		port: port ?? portOption(smtp) ?? (isImplicit ? 465 : 25),
		tls: isImplicit ? 'implicit' : tlsOf(smtp),
		...(typeof login === 'object' ? { login } : {}),
		...(header === undefined ? {} : { identityHeader: header }),
		problems,
	};
}

const unquoted = (value: string): string => /^"(.*)"$/.exec(value.trim())?.[1] ?? value.trim();

/** `* a.example::587:b.example::587 randomize byname`: hosts with one colon between them, two before a port. */
function hostsOf(route: string): { readonly hosts: readonly string[]; readonly port: number | undefined } {
	const words = unquoted(route).replace(/;.*$/, '').trim().split(/\s+/);
	const list = words[0] === '*' || words[0] === '$domain' ? words[1] : words[0];
	const found = (list ?? '').split(/(?<!:):(?!:)/).map((host) => /^([A-Za-z0-9.-]+)(?:::(\d+))?$/.exec(host));
	if (found.some((host) => host === null)) return { hosts: [], port: undefined };
	const hosts = found.map((host) => (host as RegExpExecArray)[1] as string);
	const ports = new Set(found.map((host) => host?.[2]));
	// One port for all is what the agent knows.
	if (ports.size > 1) return { hosts: [], port: undefined };
	const [port] = ports;
	return { hosts, port: port === undefined ? undefined : Number(port) };
}

function portOption(smtp: Options | undefined): number | undefined {
	const port = Number(smtp?.get('port'));
	return Number.isInteger(port) && port > 0 ? port : undefined;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '' && value !== ':';

function tlsOf(smtp: Options | undefined): EximRelay['tls'] {
	if (isSet(smtp?.get('hosts_require_tls'))) return 'required';
	return smtp?.get('hosts_avoid_tls') === '*' ? 'none' : 'opportunistic';
}

/** The login that Exim uses towards the relay; a sentence when there is one that cannot be read; undefined when it uses none. */
function loginFor(
	smtp: Options | undefined,
	lines: readonly string[],
): { readonly user: string; readonly password: string } | string | undefined {
	if (!isSet(smtp?.get('hosts_require_auth')) && !isSet(smtp?.get('hosts_try_auth'))) return undefined;
	const clients = driverNames(lines, 'authenticators')
		.map((name) => ({ name, options: driver(lines, 'authenticators', name) }))
		.filter(({ options }) => options?.has('client_send') || options?.has('client_secret'));
	if (clients.length === 0) return 'it asks for a login, and there is no client authenticator';
	const logins = clients.map(({ name, options }) => readLogin(options) ?? name);
	const unread = logins.find((login) => typeof login === 'string');
	if (typeof unread === 'string') return `its login is computed for each message (authenticator ${unread})`;
	const different = new Set(logins.map((login) => JSON.stringify(login)));
	if (different.size > 1)
		return `there are several logins (authenticators ${clients.map(({ name }) => name).join(', ')})`;
	return logins[0];
}

/** `: user : password` of LOGIN, `^user^password` of PLAIN, or name and secret of CRAM-MD5. Colons in a value are doubled. */
function readLogin(options: Options | undefined): { readonly user: string; readonly password: string } | undefined {
	const send = unquoted(options?.get('client_send') ?? '');
	const parts = send.startsWith('^')
		? send.split('^').slice(1)
		: send === ''
			? [options?.get('client_name') ?? '', options?.get('client_secret') ?? '']
			: send
					.split(/(?<!:):(?!:)/)
					.slice(1)
					.map((part) => part.trim());
	const [user = '', password = ''] = parts.map((part) => unquoted(part).replaceAll('::', ':'));
	if (parts.length !== 2 || user === '' || password === '' || /\$/.test(user + password)) return undefined;
	return { user, password };
}

/** A header that carries the login or the user of each message. */
const identityHeaderOf = (options: Options | undefined): string | undefined =>
	unquoted(options?.get('headers_add') ?? '')
		.split('\\n')
		.map((header) => /^(X-[A-Za-z0-9-]+):.*\$\{?authenticated_id/.exec(unquoted(header))?.[1])
		.find((name) => name !== undefined);
