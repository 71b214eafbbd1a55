/**
 * Addresses that are one client: an IPv4 address, or the /64 of an IPv6 one, since whoever has one address there has all (RFC 4291 §2.5.4,
 * RFC 6177). For counting strangers, never for blame.
 */
import ipaddr from 'ipaddr.js';

const groupedBits = 64;

export function addressGroupOf(address: string): string {
	// The common case without a parser.
	if (!address.includes(':')) return address;
	if (!ipaddr.isValid(address)) return address;
	const parsed = ipaddr.process(address);
	if (parsed.kind() === 'ipv4') return parsed.toString();
	const parts = (parsed as ipaddr.IPv6).parts.slice(0, groupedBits / 16);
	return `${parts.map((part) => part.toString(16)).join(':')}::/${groupedBits}`;
}
