/**
 * Whether mail may be sent to an address that the DNS named.
 *
 * A stranger's zone may point anywhere: at the metadata service of the cloud, at a printer, at ourselves. Only addresses that are
 * reachable by the world are dialled; what an administrator names is the exception. Forms that carry an IPv4 address inside IPv6
 * (mapped, NAT64, 6to4, Teredo) are refused as such: through them every refused address could be written anew.
 * Smarthosts are not asked about: they come from the configuration.
 */
import ipaddr from 'ipaddr.js';

export type RefusedAddress =
	| 'not-an-address'
	| 'own'
	| 'private'
	| 'local'
	| 'multicast'
	| 'reserved'
	| 'embedded-ipv4';

export type AddressCheck = { readonly ok: true } | { readonly ok: false; readonly reason: RefusedAddress };

export type AddressRules = {
	/** CIDR blocks that are dialled whatever they are: `127.0.0.0/8` in a checkout. Valid by configuration; others are passed over. */
	readonly allow: readonly string[];
	/** Addresses of this server. Mail sent there would come back. */
	readonly own: readonly string[];
};

type Ip = ReturnType<typeof ipaddr.parse>;

/** Checks one address in text form. */
export function checkAddress(address: string, rules: AddressRules): AddressCheck {
	const ip = parseAddress(address);
	if (ip === undefined) return { ok: false, reason: 'not-an-address' };
	if (rules.allow.some((block) => inBlock(ip, block))) return { ok: true };
	const canonical = ip.toString();
	if (rules.own.some((mine) => parseAddress(mine)?.toString() === canonical)) return { ok: false, reason: 'own' };
	const reason = refusalOf(ip);
	return reason === undefined ? { ok: true } : { ok: false, reason };
}

/** Strict: no octal, hexadecimal or short IPv4, no zone. */
function parseAddress(address: string): Ip | undefined {
	if (ipaddr.IPv4.isValidFourPartDecimal(address)) return ipaddr.IPv4.parse(address);
	if (!address.includes('%') && address.includes(':') && ipaddr.IPv6.isValid(address))
		return ipaddr.IPv6.parse(address);
	return undefined;
}

function inBlock(ip: Ip, block: string): boolean {
	if (!ipaddr.isValidCIDR(block)) return false;
	const [network, bits] = ipaddr.parseCIDR(block);
	return network.kind() === ip.kind() && ip.match(network, bits);
}

function refusalOf(ip: Ip): RefusedAddress | undefined {
	const range: string = ip.range();
	switch (range) {
		case 'unicast':
			// IPv6 beyond 2000::/3 is not handed out (RFC 4291 §2.4); `::1.2.3.4` in other spellings hides there.
			if (ip instanceof ipaddr.IPv6) return ((ip.parts[0] ?? 0) & 0xe000) === 0x2000 ? undefined : 'reserved';
			return undefined;
		case 'private':
		case 'uniqueLocal':
		case 'carrierGradeNat':
		case 'deprecatedSiteLocal':
			return 'private';
		case 'loopback':
		case 'linkLocal':
		case 'unspecified':
			return 'local';
		case 'multicast':
		case 'broadcast':
			return 'multicast';
		case 'ipv4Mapped':
		case 'rfc6052':
		case 'rfc6145':
		case '6to4':
		case 'teredo':
			return 'embedded-ipv4';
		default:
			return 'reserved';
	}
}
