/**
 * The kernel's rule on who may speak to the relay port: root and the MTA's user; everybody else on this server gets a reset.
 *
 * A table of our own, so that no firewall of the server's is touched, and one transaction, so that loading it again has no moment without
 * it. Users are numbers: names are looked up when nft reads the file, and a user who cannot be looked up would cost the whole rule.
 * Somebody else may flush all tables (`nft flush ruleset`, a restart of nftables.service): `ensureGuard` puts it back.
 * Where there is no nft, the agent asks the kernel at each connection who the peer is (agent/io/system/peers.ts); it does so in any case.
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Machine } from '../facts/machine.ts';
import { relayGuardFile, unitFolder } from '../facts/places.ts';
import { type Guard, guardUnit } from './names.ts';

export const guardTable = 'sluice_guard';
const nftPlaces = ['/usr/sbin/nft', '/sbin/nft'] as const;

/** The file as nft reads it. IPv6 is in it: the family `inet` has both. */
export function guardText(port: number, uids: readonly number[]): string {
	const allowed = [...new Set([0, ...uids])].toSorted((one, other) => one - other);
	return `# Who may speak to Sluice's relay port. Written by sluice; loaded by sluice-relay-guard.service.
add table inet ${guardTable}
delete table inet ${guardTable}
table inet ${guardTable} {
	chain output {
		type filter hook output priority 0; policy accept;
		oifname "lo" tcp dport ${port} meta skuid != { ${allowed.join(', ')} } reject with tcp reset
	}
}
`;
}

/** Where nft is, if it is there and the kernel answers it. */
export async function workingNft(machine: Machine): Promise<string | undefined> {
	for (const path of nftPlaces)
		if (await machine.exists(path)) {
			const asked = await machine.run([path, 'list', 'tables']);
			return asked.exitCode === 0 ? path : undefined;
		}
	return undefined;
}

/** The rule of this file is in force now. */
export async function isGuarded(machine: Machine, { nft, uids }: Guard, port: number): Promise<boolean> {
	const { exitCode, output } = await machine.run([nft, '-n', 'list', 'table', 'inet', guardTable]);
	if (exitCode !== 0) return false;
	const allowed = new Set([0, ...uids]);
	const rule = /oifname "lo" tcp dport (\d+) meta skuid != (?:\{ ([\d, ]+) \}|(\d+)) reject with tcp reset/.exec(
		output,
	);
	const found = (rule?.[2] ?? rule?.[3] ?? '').split(',').map(Number);
	return Number(rule?.[1]) === port && found.length === allowed.size && found.every((uid) => allowed.has(uid));
}

/** What the file on this server says; undefined: there is none, or somebody else's text. */
export async function guardOnDisk(
	machine: Machine,
): Promise<{ readonly port: number; readonly uids: readonly number[] } | undefined> {
	const text = (await machine.read(relayGuardFile))?.content ?? '';
	const [, port, uids] = /tcp dport (\d+) meta skuid != \{ ([\d, ]+) \}/.exec(text) ?? [];
	return port === undefined || uids === undefined
		? undefined
		: { port: Number(port), uids: uids.split(',').map(Number) };
}

type Disk = NonNullable<Awaited<ReturnType<typeof guardOnDisk>>>;

/** `none`: this server was never to have one. `no-nft`: nft is not here, or the kernel does not answer it. */
type GuardFound =
	| { readonly kind: 'none' }
	| { readonly kind: 'no-nft' }
	| { readonly kind: 'in-force' | 'gone'; readonly nft: string; readonly disk: Disk };

/** Whether the kernel has the rule of the file. */
export async function guardHere(machine: Machine): Promise<GuardFound> {
	const disk = await guardOnDisk(machine);
	if (disk === undefined) return { kind: 'none' };
	const nft = await workingNft(machine);
	if (nft === undefined) return { kind: 'no-nft' };
	const isInForce = await isGuarded(machine, { nft, uids: disk.uids }, disk.port);
	return { kind: isInForce ? 'in-force' : 'gone', nft, disk };
}

/** Loads the rule of the file where it is not in force. True: it had to. An error is why it is not in force now. */
export async function ensureGuard(machine: Machine): Promise<Result<boolean, string>> {
	const found = await guardHere(machine);
	if (found.kind === 'none' || found.kind === 'in-force') return ok(false);
	if (found.kind === 'no-nft')
		return failed('nft is not here, or the kernel does not answer it: the relay port has no guard');
	const { nft, disk } = found;
	// By its unit, so that systemd knows too: a guard that it takes for stopped is not started with what it is part of.
	if (await machine.exists(`${unitFolder}/${guardUnit}`)) {
		await machine.run(['systemctl', 'restart', guardUnit]);
		if (await isGuarded(machine, { nft, uids: disk.uids }, disk.port)) return ok(true);
	}
	const { exitCode, output } = await machine.run([nft, '-f', relayGuardFile]);
	return exitCode === 0 ? ok(true) : failed(`${relayGuardFile} is not taken by nft: ${output.trim()}`);
}
