/**
 * What no schema of one key can see: keys that need each other, and texts that must mean something (an address of loopback, a
 * network). Told with the others by `sluice config check`, before an agent meets them.
 *
 * Not here: what only looking at the machine shows (main/flow-settings.ts: files, users).
 */
import type { Config } from '@sluice/shared/contract/config.ts';
import ipaddr from 'ipaddr.js';

export type Disagreement = { readonly key: string; readonly text: string };

const isAddress = (text: string): boolean =>
	ipaddr.IPv4.isValidFourPartDecimal(text) || (text.includes(':') && ipaddr.IPv6.isValid(text));

/** `127.0.0.1:2526` or `[::1]:2526` in its parts; undefined when it is neither. */
function addressAndPort(text: string): { readonly address: string; readonly port: number } | undefined {
	const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d+)$/.exec(text) ?? [];
	const address = bracketed ?? plain ?? '';
	const port = Number(digits);
	return isAddress(address) && port <= 65_535 ? { address, port } : undefined;
}

/** Whoever reaches the relay port may send mail to anywhere: it must not be seen from outside. */
function listening({ listen }: Config['smtp']): readonly Disagreement[] {
	if (listen === 'fd') return [];
	const where = addressAndPort(listen);
	const isLoopback = where !== undefined && ipaddr.process(where.address).range() === 'loopback';
	if (isLoopback) return [];
	const allowed = 'an address of loopback and a port, such as 127.0.0.1:2526, or fd';
	return [{ key: 'smtp.listen', text: `found ${JSON.stringify(listen)}, allowed: ${allowed}` }];
}

function wiring({ wiring, smtp }: Config): readonly Disagreement[] {
	const found: Disagreement[] = [];
	if (wiring.mta === 'exim' && wiring.secretFile === undefined)
		found.push({
			key: 'wiring.secretFile',
			text: 'missing; wiring.mta: exim needs the file with the secret of the wiring header',
		});
	if (smtp.peers === 'mta' && smtp.mtaUsers.length === 0)
		found.push({ key: 'smtp.mtaUsers', text: 'missing; smtp.peers: mta needs the name or uid of the MTA user' });
	return found;
}

function sending({ smarthost, dnsServers, allowAddresses, lane }: Config['delivery']): readonly Disagreement[] {
	const found: Disagreement[] = [];
	if (smarthost?.user !== undefined && smarthost.password === undefined && smarthost.passwordFile === undefined)
		found.push({
			key: 'delivery.smarthost.passwordFile',
			text: 'missing; delivery.smarthost.user needs a password',
		});
	for (const server of dnsServers)
		if (!isAddress(server) && addressAndPort(server) === undefined)
			found.push({
				key: 'delivery.dnsServers',
				text: `found ${JSON.stringify(server)}, allowed: an IP address, or address:port ([address]:port for IPv6)`,
			});
	for (const network of allowAddresses)
		if (!ipaddr.isValidCIDR(network))
			found.push({
				key: 'delivery.allowAddresses',
				text: `found ${JSON.stringify(network)}, allowed: networks such as 10.0.0.0/8 or fd00::/8`,
			});
	if (lane.windowInitial > lane.windowMax)
		found.push({
			key: 'delivery.lane.windowInitial',
			text: `found ${lane.windowInitial}, allowed: at most delivery.lane.windowMax (${lane.windowMax})`,
		});
	return found;
}

function sizes({ headerBytesMax, messageBytesMax }: Config['smtp']): readonly Disagreement[] {
	if (headerBytesMax <= messageBytesMax) return [];
	return [
		{
			key: 'smtp.headerBytesMax',
			text: `found ${headerBytesMax}, allowed: at most smtp.messageBytesMax (${messageBytesMax})`,
		},
	];
}

/** Every one there is, in no order that matters. */
export function disagreements(config: Config): readonly Disagreement[] {
	return [...listening(config.smtp), ...wiring(config), ...sending(config.delivery), ...sizes(config.smtp)];
}
