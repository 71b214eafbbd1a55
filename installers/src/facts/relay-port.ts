/**
 * Which port the agent can have: the one that is wished, or the next that is free below 1024, where no tenant can ever listen.
 *
 * Read from the kernel's own lists. Ports that have a name in /etc/services are somebody's, whether he is here now or not.
 */
import { smtpSocketUnit } from '../units/names.ts';
import type { Machine } from './machine.ts';
import { unitFolder } from './places.ts';

export const relayPortDefault = 926;
const privilegedMax = 1023;
const listening = '0A';

export type RelayPort =
	| { readonly kind: 'free' | 'ours'; readonly port: number }
	/** `holder`: as far as it can be told who has the one that was wished. */
	| { readonly kind: 'moved'; readonly port: number; readonly wished: number; readonly holder: string }
	| { readonly kind: 'taken'; readonly port: number; readonly holder: string };

/** `isFixed`: no other one will do, since a configuration or a person names it. */
export async function relayPort(machine: Machine, wished: number, isFixed: boolean): Promise<RelayPort> {
	const taken = await listeningPorts(machine);
	if (!taken.has(wished)) return { kind: 'free', port: wished };
	if (await isOurs(machine, wished)) return { kind: 'ours', port: wished };
	const holder = await holderOf(machine, wished);
	const named = await namedPorts(machine);
	for (let port = wished + 1; !isFixed && port <= privilegedMax; port++)
		if (!taken.has(port) && !named.has(port)) return { kind: 'moved', port, wished, holder };
	return { kind: 'taken', port: wished, holder };
}

async function listeningPorts(machine: Machine): Promise<ReadonlySet<number>> {
	const tables = await Promise.all(['/proc/net/tcp', '/proc/net/tcp6'].map((path) => machine.read(path)));
	const rows = tables.flatMap((table) => (table?.content ?? '').split('\n').map((line) => line.trim().split(/\s+/)));
	return new Set(
		rows
			.filter((columns) => columns[3] === listening)
			.map((columns) => Number.parseInt(columns[1]?.split(':').at(-1) ?? '', 16)),
	);
}

async function namedPorts(machine: Machine): Promise<ReadonlySet<number>> {
	const text = (await machine.read('/etc/services'))?.content ?? '';
	return new Set([...text.matchAll(/^\S+\s+(\d+)\/tcp/gm)].map(([, port]) => Number(port)));
}

/** Our socket unit names it, and systemd holds it. */
async function isOurs(machine: Machine, port: number): Promise<boolean> {
	const unit = (await machine.read(`${unitFolder}/${smtpSocketUnit}`))?.content ?? '';
	if (!unit.includes(`ListenStream=127.0.0.1:${port}\n`)) return false;
	return (await machine.run(['systemctl', 'is-active', '--quiet', smtpSocketUnit])).exitCode === 0;
}

async function holderOf(machine: Machine, port: number): Promise<string> {
	const { output } = await machine.run(['ss', '-Hltnp', `sport = :${port}`]);
	return /users:\(\("([^"]+)"/.exec(output)?.[1] ?? 'another program';
}
