/**
 * A tenant whose mail can be proved: on cPanel, the owner of a domain with an address of its own, else of any domain.
 *
 * From cPanel's own lists. Elsewhere nobody says which user a domain is of, and nobody is asked.
 */
import type { Machine } from '../facts/machine.ts';
import type { Submitter } from './submission.ts';

export type Tenant = Submitter & { readonly name: string; readonly domain: string };

const userDomains = '/etc/userdomains';
const mailAddresses = '/etc/mailips';
/** Whose shell is a jail may not see what Exim needs: its first attempt is another matter (docs/wiring.md, Jails). */
const isJailed = (shell: string): boolean => /jailshell|noshell|nologin|false/.test(shell);

export async function tenantOf(machine: Machine): Promise<Tenant | undefined> {
	const read = async (path: string): Promise<readonly (readonly string[])[]> =>
		((await machine.read(path))?.content ?? '').split('\n').map((line) => line.split(':').map((part) => part.trim()));
	const owners = (await read(userDomains)).filter(([domain = '', user = '']) => domain.includes('.') && user !== '');
	if (owners.length === 0) return undefined;
	const [users, addressed] = await Promise.all([read('/etc/passwd'), read(mailAddresses)]);
	const own = new Set(addressed.map(([domain]) => domain));
	const byName = new Map(users.map((user) => [user[0], user]));
	const inOrder = [...owners].sort(([one = ''], [other = '']) => Number(own.has(other)) - Number(own.has(one)));
	for (const [domain = '', name = ''] of inOrder) {
		const [, , uid, gid, , , shell = ''] = byName.get(name) ?? [];
		if (uid === undefined || gid === undefined || Number(uid) === 0 || isJailed(shell)) continue;
		return { name, domain, uid: Number(uid), gid: Number(gid) };
	}
	return undefined;
}
