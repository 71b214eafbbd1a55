/**
 * Whose mail a canary is: accounts and domains as people name them, as keys of its list.
 *
 * An account stands for its unix users and for all domains it has now, as the agent knows them from the panel, else as cPanel lists them.
 * What it gets later is not in the list: `sluice stage` is asked again.
 */
import type { Client } from '@sluice/shared/client/client.ts';
import { type CanaryKey, isCanaryKey } from '@sluice/shared/mta/canary.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { rowNamed, userRows } from '../facts/accounts.ts';
import type { Machine } from '../facts/machine.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { Stage } from './stage.ts';

const userDomains = '/etc/userdomains';
export const canaryNamesMax = 100;

/** `client`: asked for accounts where it is given; an agent that does not answer is none. */
export async function canaryKeys(
	names: readonly string[],
	{ machine, client }: { readonly machine: Machine; readonly client?: Client | undefined },
): Promise<Result<readonly CanaryKey[], Refusal>> {
	if (names.length === 0) return failed(refused('A canary needs somebody.', 'Name accounts or domains: --only NAME…'));
	if (names.length > canaryNamesMax)
		return failed(refused(`A canary of more than ${canaryNamesMax} is none.`, 'Take another stage.'));
	const keys = new Set<CanaryKey>();
	for (const name of names) {
		const found =
			name.includes('.') && !name.includes('@') ? ok([`domain=${name}`]) : await ofAccount(name, { machine, client });
		if (!found.ok) return found;
		for (const key of found.value.map((each) => each.toLowerCase())) {
			if (!isCanaryKey(key)) return failed(refused(`"${name}" is no name of an account or a domain.`));
			keys.add(key);
		}
	}
	return ok([...keys].toSorted());
}

/** What an installation was told; undefined: nothing, so that it stays as it is. */
export async function wishedOnly(
	{ stage, only = [] }: { readonly stage?: Stage | undefined; readonly only?: readonly string[] | undefined },
	ports: { readonly machine: Machine; readonly client?: Client | undefined },
): Promise<Result<readonly CanaryKey[] | 'everybody' | undefined, Refusal>> {
	if (stage === 'canary') return canaryKeys(only, ports);
	if (only.length > 0) return failed(refused('Only a canary is of some.', '--stage canary --only NAME…'));
	return ok(stage === undefined ? undefined : 'everybody');
}

const refused = (text: string, hint = 'Name accounts, such as alice, or domains, such as alice.example.'): Refusal => ({
	code: 'canary-name',
	text,
	hint,
});

async function ofAccount(
	name: string,
	{ machine, client }: { readonly machine: Machine; readonly client?: Client | undefined },
): Promise<Result<readonly string[], Refusal>> {
	const told = name.includes('@') ? undefined : await client?.call('getAccount', { params: { id: name } });
	if (told?.ok === true) {
		const { domains, unixUsers = [] } = told.value as {
			domains?: readonly string[];
			unixUsers?: readonly { name: string }[];
		};
		return ok([
			...(domains ?? []).map((domain) => `domain=${domain}`),
			...unixUsers.map((user) => `user=${user.name}`),
		]);
	}
	if (rowNamed(await userRows(machine), name) === undefined)
		return failed(refused(`There is no account or user "${name}" on this server.`));
	const listed = (await machine.read(userDomains))?.content.split('\n') ?? [];
	const domains = listed.flatMap((line) => {
		const [domain = '', owner] = line.split(':').map((part) => part.trim());
		return owner === name && domain !== '*' ? [`domain=${domain}`] : [];
	});
	return ok([...domains, `user=${name}`]);
}
