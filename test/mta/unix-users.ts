/**
 * Unix users of a box, as text of passwd(5), group(5) and shadow(5).
 *
 * Written directly and not by useradd, which takes 50 ms a user and leaves the numbers to chance. The numbers are fixed, so
 * that a test can say "uid 7001" and the kernel, which knows numbers only, shows the same outside of the box.
 *
 * Pure. Not here: homes and files (box.ts).
 */

export type UnixUser = {
	readonly name: string;
	readonly uid: number;
	/** The uid where left out. */
	readonly gid?: number;
	/** Name of the group, the user's where left out. */
	readonly group?: string;
	/** A daemon's user: no home of its own, no shell. */
	readonly system?: boolean;
};

/** The tenants of every MTA box: account users, a mailing list's user, and one that has cron jobs. */
export const tenants = [
	{ name: 'alice', uid: 7001 },
	{ name: 'bob', uid: 7002 },
	{ name: 'webuser', uid: 7003 },
	{ name: 'nobodyphp', uid: 7004 },
	{ name: 'mailman', uid: 7010 },
	{ name: 'cpuser', uid: 7011 },
] as const satisfies readonly UnixUser[];

export type AccountFiles = {
	readonly passwd: string;
	readonly group: string;
	readonly shadow: string;
};

export function homeOf(user: UnixUser): string {
	return user.system ? '/' : `/home/${user.name}`;
}

/** The host's account files with these users added; what has their name or number already is left out. */
export function accountFiles(host: AccountFiles, users: readonly UnixUser[]): AccountFiles {
	const names = new Set(users.flatMap((user) => [user.name, user.group ?? user.name]));
	const uids = new Set(users.map((user) => String(user.uid)));
	const gids = new Set(users.map((user) => String(user.gid ?? user.uid)));
	const without = (text: string, numbers: ReadonlySet<string>) =>
		text.split('\n').filter((line) => {
			const fields = line.split(':');
			return line !== '' && !names.has(fields[0]!) && !numbers.has(fields[2]!);
		});
	const passwd = users.map(
		(user) =>
			`${user.name}:x:${user.uid}:${user.gid ?? user.uid}:${user.name}:${homeOf(user)}:${user.system ? '/usr/sbin/nologin' : '/bin/bash'}`,
	);
	const groups = new Map(users.map((user) => [user.group ?? user.name, user.gid ?? user.uid]));
	const shadow = users.map((user) => `${user.name}:!:19000:0:99999:7:::`);
	return {
		passwd: [...without(host.passwd, uids), ...passwd, ''].join('\n'),
		group: [...without(host.group, gids), ...[...groups].map(([name, gid]) => `${name}:x:${gid}:`), ''].join('\n'),
		shadow: [...without(host.shadow, new Set()), ...shadow, ''].join('\n'),
	};
}
