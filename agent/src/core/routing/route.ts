/**
 * Where mail for a destination goes: to hosts that the administrator named, or to what the DNS says.
 *
 * Routes are asked in order and the first whose pattern fits decides: `example.net`, `*.example.net` (names below it), `*`. A route
 * without hosts means MX, so that an exception can stand above a general smarthost. Our own reports have a route of their own,
 * back through the MTA. Not here: resolving (io/dns), the order of MX hosts (hosts.ts), pools and sources.
 */
import { dsnDestination } from '../scheduling/queued.ts';
import { addressLiteral, type DomainToAscii, toAscii } from './domain.ts';

export type Smarthost = {
	readonly host: string;
	readonly port: number;
	/** As in ports/smtp-out.ts. */
	readonly tls: 'none' | 'opportunistic' | 'required';
	readonly implicitTls?: boolean;
	readonly auth?: { readonly user: string; readonly password: string };
	readonly identityHeader?: string;
};

export type RoutingSettings = {
	readonly routes: readonly {
		readonly domains: readonly string[];
		readonly smarthosts: readonly Smarthost[];
	}[];
	/** For all that no route names; none: MX. */
	readonly smarthosts: readonly Smarthost[];
	/** For our own DSNs; none: as other mail. */
	readonly reports: readonly Smarthost[];
};

export type Route =
	/** In the order to be tried; addresses of smarthosts are the administrator's choice and are not checked. */
	| { readonly kind: 'smarthosts'; readonly hosts: readonly Smarthost[] }
	/** `domain` in A-label form. */
	| { readonly kind: 'mx'; readonly domain: string }
	/** An address literal: one address, no DNS. */
	| { readonly kind: 'address'; readonly address: string }
	| { readonly kind: 'invalid' };

/** The route for a domain as written in the address, or for `dsnDestination`. */
export function route(asked: {
	readonly domain: string;
	readonly settings: RoutingSettings;
	readonly domainToAscii: DomainToAscii;
}): Route {
	const { settings } = asked;
	if (asked.domain === dsnDestination)
		return settings.reports.length > 0
			? { kind: 'smarthosts', hosts: settings.reports }
			: settings.smarthosts.length > 0
				? { kind: 'smarthosts', hosts: settings.smarthosts }
				: { kind: 'invalid' };
	const literal = addressLiteral(asked.domain);
	const name = literal === undefined ? toAscii(asked.domain, asked.domainToAscii) : undefined;
	const written = name?.ok === true ? name.value : asked.domain.toLowerCase();
	const hosts = settings.routes.find((rule) => rule.domains.some((pattern) => fits(pattern, written)))?.smarthosts;
	const chosen = hosts ?? settings.smarthosts;
	// A smarthost judges names itself: what is invalid to us may be a name in its own house.
	if (chosen.length > 0) return { kind: 'smarthosts', hosts: chosen };
	if (literal !== undefined) return literal.ok ? { kind: 'address', address: literal.value } : { kind: 'invalid' };
	return name?.ok === true ? { kind: 'mx', domain: name.value } : { kind: 'invalid' };
}

function fits(pattern: string, domain: string): boolean {
	const wanted = pattern.toLowerCase();
	if (wanted === '*' || wanted === domain) return true;
	return wanted.startsWith('*.') && domain.endsWith(wanted.slice(1)) && domain.length > wanted.length - 1;
}
