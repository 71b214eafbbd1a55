/**
 * What receivers see of this server before any mail: the address it comes from, the name it greets with, and whether DNS says that the two belong together.
 *
 * Mail goes out as it did before: from the address that the MTA connects from and with the name that it greets with, on cPanel by domain
 * (/etc/mailips, /etc/mailhelo). Receivers want a name for the address (PTR) that leads back to it, and a full name in EHLO, best the same.
 * RFC 5321 §4.1.1.1, RFC 1912 §2.1; Google's and Microsoft's rules for senders.
 */
import { isIP } from 'node:net';
import type { Machine } from '../facts/machine.ts';
import { type Finding, watch, wrong } from './finding.ts';
import type { Ground, Names } from './ground.ts';

/** An address that mail leaves by, and the name it greets with. */
export type Source = { readonly address: string; readonly name: string };

const sourcesMax = 32;
/** Nobody is asked anything there: only the way to it is looked at. */
const farAddresses = ['192.0.2.1', '2001:db8::1'] as const;

export async function greetingFindings(ground: Ground): Promise<readonly Finding[]> {
	const { site, names } = ground;
	const relay = site.ok ? site.value.config?.delivery.smarthost : undefined;
	// The relay's own name and address are what receivers see then.
	if (relay !== undefined || !site.ok || !site.value.wiring.ok) return [];
	const hostName = site.value.wiring.value.hostName;
	const sources = await sourcesOn(ground.machine, hostName, ground.isCpanel);
	if (sources.length === 0)
		return [
			watch(
				'source.unknown',
				'The address that mail leaves by could not be told.',
				'`ip route get 192.0.2.1` should show a src.',
			),
		];
	const found = await Promise.all(sources.slice(0, sourcesMax).map((source) => sourceFindings(source, names)));
	const helo = [...new Set(sources.map(({ name }) => name))].flatMap(nameFindings);
	const more = sources.length - sourcesMax;
	return [
		...helo,
		...found.flat(),
		...(more > 0 ? [watch('source.more', `${more} more addresses were not looked at.`, 'Look at them by hand.')] : []),
	];
}

/** The system's own choice, and what cPanel chooses by domain. */
export async function sourcesOn(machine: Machine, hostName: string, isCpanel: boolean): Promise<readonly Source[]> {
	const main = (await Promise.all(farAddresses.map((far) => addressTowards(machine, far)))).filter(
		(each) => each !== undefined,
	);
	const [first] = main;
	if (!isCpanel || first === undefined) return main.map((address) => ({ address, name: hostName }));
	const [ips, helos, reverse] = await Promise.all(
		['/etc/mailips', '/etc/mailhelo', '/etc/mail_reverse_dns'].map(async (path) =>
			pairsIn((await machine.read(path))?.content ?? ''),
		),
	);
	const domains = [...new Set([...(ips?.keys() ?? []), ...(helos?.keys() ?? [])])].filter((name) => name !== '*');
	const sourceOf = (domain: string): Source => {
		const address = ips?.get(domain) ?? ips?.get('*') ?? first;
		return { address, name: helos?.get(domain) ?? helos?.get('*') ?? reverse?.get(address) ?? hostName };
	};
	const all = [
		sourceOf('*'),
		...main.slice(1).map((address) => ({ address, name: hostName })),
		...domains.map(sourceOf),
	];
	return [...new Map(all.map((source) => [`${source.address} ${source.name}`, source])).values()];
}

/** Undefined: there is no way to there. */
async function addressTowards(machine: Machine, far: string): Promise<string | undefined> {
	const { exitCode, output } = await machine.run(['ip', 'route', 'get', far]);
	const address = / src (\S+)/.exec(output)?.[1];
	return exitCode === 0 && address !== undefined && isIP(address) !== 0 ? address : undefined;
}

const pairsIn = (text: string): ReadonlyMap<string, string> =>
	new Map(
		text
			.split('\n')
			.map((line) => /^\s*([^#\s]\S*?)\s*:\s+(\S+)\s*$|^\s*(\*)\s*:\s*(\S+)\s*$/.exec(line))
			.filter((match) => match !== null)
			.map((match) => [match[1] ?? match[3] ?? '', match[2] ?? match[4] ?? ''] as const),
	);

const fullName = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]$/i;

function nameFindings(name: string): readonly Finding[] {
	if (fullName.test(name) && !/(?:^|\.)(?:localhost|localdomain|local|lan|internal)$/i.test(name)) return [];
	return [
		wrong(
			'source.name',
			`The mail server greets others with ${name === '' ? 'no name' : name}, which is no full name in the internet: many refuse that.`,
			"Set the server's name (`hostnamectl hostname mail.example.net`), or the mail server's own (Exim primary_hostname, Postfix myhostname).",
		),
	];
}

const isPrivate = (address: string): boolean =>
	/^(?:10\.|127\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|169\.254\.|f[cd]|fe80:|::1$)/i.test(
		address,
	);

async function sourceFindings({ address, name }: Source, names: Names): Promise<readonly Finding[]> {
	if (isPrivate(address))
		return [
			watch(
				'source.private',
				`Mail leaves by ${address}, an address that is not of the internet: what others see cannot be told from here.`,
				'Look up the PTR of the public address by hand: its name should lead back to it.',
			),
		];
	try {
		const [pointers, forward] = await Promise.all([
			names.names(address),
			fullName.test(name) ? names.addresses(name) : [],
		]);
		const confirmed = (
			await Promise.all(
				pointers.map(async (pointer) => ((await names.addresses(pointer)).includes(address) ? pointer : undefined)),
			)
		).filter((pointer) => pointer !== undefined);
		return [...pointerFindings({ address, name }, pointers, confirmed), ...forwardFindings({ address, name }, forward)];
	} catch (error) {
		const why = error instanceof Error ? error.message : String(error);
		return [
			watch(
				'source.dns',
				`The names of ${address} could not be looked up (${why}).`,
				'See that DNS answers, then try again.',
			),
		];
	}
}

function pointerFindings(
	{ address, name }: Source,
	pointers: readonly string[],
	confirmed: readonly string[],
): readonly Finding[] {
	if (pointers.length === 0)
		return [
			wrong(
				'source.no-ptr',
				`${address}, by which mail leaves, has no name in DNS (no PTR record): large providers refuse mail from it.`,
				`Have the owner of the address (your provider) set PTR ${address} to ${name}.`,
			),
		];
	if (confirmed.length === 0)
		return [
			wrong(
				'source.ptr-unconfirmed',
				`${address} is called ${pointers.join(', ')} in DNS, and that name does not lead back to it.`,
				`Add an address record: ${pointers[0]} → ${address}.`,
			),
		];
	if (confirmed.some((pointer) => pointer.toLowerCase() === name.toLowerCase())) return [];
	return [
		watch(
			'source.ptr-other',
			`Mail from ${address} greets as ${name}, and DNS calls that address ${confirmed.join(', ')}.`,
			`Best the same: have PTR ${address} set to ${name}.`,
		),
	];
}

function forwardFindings({ address, name }: Source, forward: readonly string[]): readonly Finding[] {
	if (!fullName.test(name) || forward.includes(address)) return [];
	const family = isIP(address);
	const same = forward.filter((other) => isIP(other) === family);
	return [
		wrong(
			'source.name-elsewhere',
			same.length === 0
				? `${name}, with which mail from ${address} greets, has no such address in DNS.`
				: `${name}, with which mail from ${address} greets, leads to ${same.join(', ')} and not there.`,
			`Add an ${family === 4 ? 'A' : 'AAAA'} record: ${name} → ${address}.`,
		),
	];
}
