/**
 * The users and groups that the parts run as: who is there already, whether they are ours, and the steps that make them.
 *
 * `sluice` runs the agent, `sluice-panel` draws the pages; neither can log in or owns a home. Somebody of that name who is not like ours
 * (a hosting account may be called `sluice`) stands in the way: root's parts would trust a stranger. Only those that we made are
 * taken away again. Commands with fixed words; nothing is ever put together from what a server says.
 */
import { groupRows, type Row, userRows } from '../facts/accounts.ts';
import type { Machine } from '../facts/machine.ts';
import { agentUser, panelUser } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import { never, run, type Step, tried } from '../plan/step.ts';
import type { PanelKind } from './names.ts';

export type UserFact = { readonly uid: number; readonly gid: number; readonly home: string; readonly shell: string };
export type UserFacts = {
	readonly users: ReadonlyMap<string, UserFact>;
	readonly groups: ReadonlyMap<string, { readonly gid: number; readonly members: readonly string[] }>;
};

export const ourNames = [agentUser, panelUser] as const;

const ours = (rows: readonly Row[]): readonly Row[] =>
	rows.filter(([name = '']) => ourNames.some((each) => each === name));

export async function userFacts(machine: Machine): Promise<UserFacts> {
	const [users, groups] = await Promise.all([userRows(machine), groupRows(machine)]);
	return {
		users: new Map(
			ours(users).map(([name = '', , uid, gid, , home = '', shell = '']) => [
				name,
				{ uid: Number(uid), gid: Number(gid), home, shell },
			]),
		),
		groups: new Map(
			ours(groups).map(([name = '', , gid, members = '']) => [
				name,
				{ gid: Number(gid), members: members.split(',').filter((member) => member !== '') },
			]),
		),
	};
}

/** SYS_UID_MAX and SYS_GID_MAX of login.defs on every system that is supported. */
const systemIdMax = 999;
const homes: readonly string[] = ['/', '/nonexistent', '/var/lib/sluice'];

const wantedNames = (panel: PanelKind): readonly string[] => (panel === 'none' ? [agentUser] : ourNames);

/** Somebody of our names who is not like ours. */
export function usersRefusal({ users, groups }: UserFacts, panel: PanelKind): Refusal | undefined {
	for (const name of wantedNames(panel)) {
		const [user, group] = [users.get(name), groups.get(name)];
		const isLikeOurs =
			user === undefined ||
			(user.uid > 0 &&
				user.uid <= systemIdMax &&
				homes.includes(user.home) &&
				/\/(?:nologin|false)$/.test(user.shell) &&
				user.gid === group?.gid);
		const members = group?.members.filter((member) => member !== name) ?? [];
		if (isLikeOurs && members.length === 0 && (group === undefined || (group.gid > 0 && group.gid <= systemIdMax)))
			continue;
		return {
			code: 'user-taken',
			text: isLikeOurs
				? `The group ${name} is here already and is not of Sluice's making${members.length > 0 ? ` (members: ${members.join(', ')})` : ''}.`
				: `A user ${name} is here already and is not of Sluice's making (number ${user.uid}, home ${user.home}, shell ${user.shell}).`,
			hint: `Rename or remove it (\`getent passwd ${name}\`, \`getent group ${name}\`): Sluice gives this name rights.`,
		};
	}
	return undefined;
}

const withoutLogin = ['--home-dir', '/', '--no-create-home', '--shell', '/usr/sbin/nologin'] as const;

/** One step a user. Those who are there stay when it is undone. */
export function userSteps({ users, groups }: UserFacts, panel: PanelKind): readonly Step[] {
	return wantedNames(panel).map((name): Step => {
		const [hasUser, hasGroup] = [users.has(name), groups.has(name)];
		const does = name === agentUser ? 'the agent' : 'the pages';
		return {
			id: `user ${name}`,
			what: `Make the user and group ${name}, as whom ${does} ${name === agentUser ? 'runs' : 'are drawn'}; nobody can log in as it.`,
			doneWhen: hasUser && hasGroup ? { kind: 'is-so' } : never,
			apply: [
				...(hasGroup ? [] : [run('groupadd', '--system', name)]),
				...(hasUser ? [] : [run('useradd', '--system', '--gid', name, ...withoutLogin, name)]),
			],
			undo: [
				...(hasUser ? [] : [tried('userdel', name)]),
				// Some systems take it away with the user already.
				...(hasGroup ? [] : [tried('groupdel', name)]),
			],
		};
	});
}
