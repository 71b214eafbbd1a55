/**
 * What every look of doctor's stands on: the machine, the MTA's site, the agent's own word, DNS. Asked once, shared by all.
 *
 * A look has its own deadline: what hangs is said to have hung and keeps nobody else waiting. Not here: the looks.
 */

import type { Client } from '@sluice/shared/client/client.ts';
import type { HealthDto } from '@sluice/shared/contract/shapes.ts';
import type { Result } from '@sluice/shared/words/result.ts';
import { isCpanel } from '../facts/cpanel.ts';
import type { Machine } from '../facts/machine.ts';
import { currentRelease } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { Call } from '../mta/perform.ts';
import { openSite, type Site } from '../mta/site.ts';
import { type Finding, notLooked } from './finding.ts';

/** Answers of the domain name system; tests bring their own. Empty: there are none. Throws: it could not be asked. */
export type Names = {
	/** IPv4 and IPv6 addresses of a name. */
	addresses(name: string): Promise<readonly string[]>;
	/** Names of an address. */
	names(address: string): Promise<readonly string[]>;
	/** Mail servers of a domain, best first. */
	exchanges(domain: string): Promise<readonly string[]>;
};

export type Ground = {
	readonly call: Call;
	readonly machine: Machine;
	readonly client: Client;
	/** Undefined: the agent does not answer. */
	readonly health: HealthDto | undefined;
	readonly site: Result<Site, Refusal>;
	readonly isCpanel: boolean;
	/** There is a release in use here: units, users and folders of ours should be as the installer left them. */
	readonly isInstalled: boolean;
	readonly names: Names;
	/** `--target`: where to try to connect to. */
	readonly target: string | undefined;
	readonly now: number;
};

export async function lookAround(call: Call, names: Names, target: string | undefined): Promise<Ground> {
	const { terminal, options, ports } = call;
	const machine = ports.machine(options.root);
	const client = await ports.client(terminal, options);
	const [health, site, hasPanel, isInstalled] = await Promise.all([
		client.call('health'),
		openSite(terminal, options, ports),
		isCpanel(machine),
		machine.exists(currentRelease),
	]);
	return {
		call,
		machine,
		client,
		health: health.ok ? health.value : undefined,
		site,
		isCpanel: hasPanel,
		isInstalled,
		names,
		target,
		now: terminal.now(),
	};
}

export type Look = {
	/** `outbound`: for what could not be looked at. */
	readonly name: string;
	/** `installed`: only where the installer was. `live`: besides, only where daemons run. */
	readonly where: 'everywhere' | 'installed' | 'live';
	readonly look: (ground: Ground) => Promise<readonly Finding[]>;
};

const lookMs = 20_000;

/** All at once. Broken I/O of one is a finding of that one. */
export async function lookAll(looks: readonly Look[], ground: Ground, withinMs = lookMs): Promise<readonly Finding[]> {
	const { isInstalled, machine } = ground;
	const due = looks.filter(
		({ where }) => where === 'everywhere' || (isInstalled && (where === 'installed' || machine.isLive)),
	);
	const found = await Promise.all(due.map((each) => within(each, ground, withinMs)));
	return found.flat();
}

async function within({ name, look }: Look, ground: Ground, ms: number): Promise<readonly Finding[]> {
	const { promise, resolve } = Promise.withResolvers<readonly Finding[]>();
	const timer = setTimeout(() => resolve([notLooked(name, `no answer within ${ms / 1000} s`)]), ms);
	try {
		return await Promise.race([look(ground), promise]);
	} catch (error) {
		return [notLooked(name, error instanceof Error ? error.message : String(error))];
	} finally {
		clearTimeout(timer);
	}
}
