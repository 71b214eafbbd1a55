/** Asks DNS, with an end in sight: whatever happens, an answer or an error within seconds. */
import { Resolver } from 'node:dns/promises';
import type { Names } from './ground.ts';

const tryMs = 2_000;
const triesMax = 2;

const none: readonly string[] = ['ENOTFOUND', 'ENODATA'];

/** Not there is an answer: none. */
async function orNone<T>(asked: Promise<readonly T[]>): Promise<readonly T[]> {
	try {
		return await asked;
	} catch (error) {
		if (none.includes((error as NodeJS.ErrnoException).code ?? '')) return [];
		throw error;
	}
}

/** `servers`: as the agent's configuration names them; empty: the system's. */
export function systemNames(servers: readonly string[] = []): Names {
	const resolver = new Resolver({ timeout: tryMs, tries: triesMax });
	if (servers.length > 0) resolver.setServers(servers);
	return {
		async addresses(name) {
			const both = await Promise.all([orNone(resolver.resolve4(name)), orNone(resolver.resolve6(name))]);
			return both.flat();
		},
		names: (address) => orNone(resolver.reverse(address)),
		async exchanges(domain) {
			const found = await orNone(resolver.resolveMx(domain));
			return found.toSorted((one, other) => one.priority - other.priority).map(({ exchange }) => exchange);
		},
	};
}
