/**
 * What a receiver would see of the MTA without us: the address it sends from and the name it greets with, from the MTA's own settings.
 *
 * Exim's are expansions that may ask for the sender's domain: that is put in, and Exim expands the rest. What also asks for other things of
 * a message (a panel's own functions) cannot be told without one, and is said to be unknown.
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import { isIP } from 'node:net';
import { eximTransportName } from '@sluice/shared/mta/exim.ts';
import { eximProgram } from '../facts/exim.ts';
import type { Machine } from '../facts/machine.ts';
import type { Mta } from './submission.ts';

export type Appearance = {
	/** `system`: the MTA leaves it to the system. */
	readonly source: { readonly kind: 'address'; readonly address: string } | { readonly kind: 'system' | 'unknown' };
	readonly helo: { readonly kind: 'name'; readonly name: string } | { readonly kind: 'unknown' };
	/** Where it is set: `interface of Exim's transport`. */
	readonly sourceBy: string;
	readonly heloBy: string;
};

export function appearanceOf(mta: Mta, senderDomain: string, machine: Machine): Promise<Appearance> {
	return mta.mta === 'exim' ? ofExim(mta, senderDomain, machine) : ofPostfix(machine);
}

async function ofPostfix(machine: Machine): Promise<Appearance> {
	const { output } = await machine.run(['postconf', '-x', 'smtp_bind_address', 'smtp_helo_name']);
	const value = (name: string): string => new RegExp(`^${name} = ?(.*)$`, 'm').exec(output)?.[1]?.trim() ?? '';
	return {
		source: sourceOf(value('smtp_bind_address')),
		helo: heloOf(value('smtp_helo_name')),
		sourceBy: 'smtp_bind_address',
		heloBy: 'smtp_helo_name',
	};
}

async function ofExim({ commands }: Mta, senderDomain: string, machine: Machine): Promise<Appearance> {
	const program = commands.program ?? eximProgram;
	const { output } = await machine.run([program, '-bP', 'transport', eximTransportName]);
	const expanded = async (option: string): Promise<string | undefined> => {
		const value = new RegExp(`^${option} = ?(.*)$`, 'm').exec(output)?.[1]?.trim() ?? '';
		const asked = value.replace(/\$\{sender_address_domain\}|\$sender_address_domain\b/g, senderDomain);
		if (!asked.includes('$')) return asked;
		if (/\$\{(?:perl|run|dlfunc|readsocket)\b/.test(asked) || foreignVariables(asked)) return undefined;
		const told = await machine.run([program, '-be', asked]);
		return told.exitCode === 0 ? told.output.trim() : undefined;
	};
	const [source, helo] = [await expanded('interface'), await expanded('helo_data')];
	return {
		source: source === undefined ? { kind: 'unknown' } : sourceOf(source.replace(/^<\S\s*/, '')),
		helo: helo === undefined ? { kind: 'unknown' } : heloOf(helo),
		sourceBy: 'interface',
		heloBy: 'helo_data',
	};
}

/** What Exim knows without a message. */
const known: ReadonlySet<string> = new Set(['value', 'primary_hostname', 'smtp_active_hostname', 'qualify_domain']);

const foreignVariables = (text: string): boolean =>
	[...text.matchAll(/\$\{?([a-z_][a-z0-9_]*)(?=[^a-z0-9_{:]|$)/g)].some(
		([whole, name = '']) => !known.has(name) && !/^\$\{(?:if|lookup|extract|lc|uc|sg|tr|eval)$/.test(whole),
	);

function sourceOf(value: string): Appearance['source'] {
	if (value === '') return { kind: 'system' };
	return isIP(value) === 0 ? { kind: 'unknown' } : { kind: 'address', address: value };
}

const heloOf = (value: string): Appearance['helo'] =>
	value === '' ? { kind: 'unknown' } : { kind: 'name', name: value };
