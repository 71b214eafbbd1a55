/**
 * The addresses of submission as the configuration names them, what is wrong with them, and what a firewall must let through.
 *
 * Used at the start and by `sluice config check`. Not here: opening them (submission.ts).
 */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { Config } from '@sluice/shared/contract/config.ts';
import { ownerOfPort, type PortOwner } from '../io/system/port-owner.ts';
import type { TlsPair } from '../ports/smtp-in.ts';
import { ConfigurationError } from './flow-settings.ts';

export type SubmissionPort = {
	/** As configured: `0.0.0.0:2587`. */
	readonly address: string;
	readonly host: string;
	readonly port: number;
	readonly isImplicitTls: boolean;
	readonly key: 'submission.listen' | 'submission.listenTls';
};

/** Throws ConfigurationError for `fd`. */
export function submissionPorts({ submission }: Config): readonly SubmissionPort[] {
	const portOf = (address: string, isImplicitTls: boolean): SubmissionPort => {
		const key = isImplicitTls ? 'submission.listenTls' : 'submission.listen';
		if (address === 'fd')
			throw new ConfigurationError(`${key}: fd is for smtp.listen alone; name an address and a port`);
		const colon = address.lastIndexOf(':');
		const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
		return { address, host, port: Number(address.slice(colon + 1)), isImplicitTls, key };
	};
	return [
		...submission.listen.map((address) => portOf(address, false)),
		...submission.listenTls.map((address) => portOf(address, true)),
	];
}

/** Certificate and key. Throws ConfigurationError when they are missing or cannot be used. */
export function submissionTls({ submission }: Config): TlsPair {
	const { tls } = submission;
	if (tls === undefined)
		throw new ConfigurationError('submission.tls: passwords are taken only over TLS; name certFile and keyFile');
	const read = (file: string, key: string): Buffer => {
		try {
			return readFileSync(file);
		} catch (error) {
			throw new ConfigurationError(`submission.tls.${key}: ${file} cannot be read (${(error as Error).message})`);
		}
	};
	const pair = { cert: read(tls.certFile, 'certFile'), key: read(tls.keyFile, 'keyFile') };
	try {
		createSecureContext(pair);
	} catch (error) {
		throw new ConfigurationError(`submission.tls: certificate and key cannot be used (${(error as Error).message})`);
	}
	return pair;
}

/** Ports that a mail server has on every server; somebody on them at any address is the MTA. */
const mtaPorts: ReadonlySet<number> = new Set([25, 465, 587]);

/** The sentence about a port that somebody else has; undefined when nobody does. `isTaken`: the system has said so already. */
export async function takenBy({ key, address, port }: SubmissionPort, isTaken: boolean): Promise<string | undefined> {
	if (!isTaken && !mtaPorts.has(port)) return undefined;
	const owner = await ownerOfPort(port);
	if (owner === undefined && !isTaken) return undefined;
	return `${key}: port ${port} of ${address} belongs to ${ownerText(owner)}. It stays with it: choose another port, such as ${port === 465 ? 10465 : 2587}.`;
}

function ownerText(owner: PortOwner | undefined): string {
	if (owner === undefined) return 'another program';
	return owner.process ?? `another program (uid ${owner.uid}; \`ss -ltnp\` as root shows which)`;
}

const loopback = /^(127\.|::1$)/;

export type FirewallLines = { readonly nft: string; readonly ufw: string };

/** What lets remote applications in; undefined for a loopback address, where they cannot come from anywhere. */
export function firewallLines(host: string, port: number): FirewallLines | undefined {
	if (loopback.test(host)) return undefined;
	return {
		nft: `nft insert rule inet filter input tcp dport ${port} accept`,
		ufw: `ufw allow ${port}/tcp`,
	};
}

/** Lines for `sluice config check`. */
export const firewallText = (ports: readonly SubmissionPort[]): readonly string[] =>
	ports.flatMap(({ host, port, address }) => {
		const lines = firewallLines(host, port);
		return lines === undefined
			? []
			: [`Submission at ${address} needs a way through the firewall: \`${lines.nft}\` or \`${lines.ufw}\`.`];
	});
