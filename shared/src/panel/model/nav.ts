/**
 * Which pages there are for whom: those that the agent offers to that actor, in the order of use.
 *
 * A page whose capability is missing is not there at all; its address says so. Incidents, responses and sources have their place here
 * and no page yet.
 */
import type { Actor } from '../../contract/actor.ts';
import type { Capability, SelfDto } from '../../contract/view-operations.ts';
import type { Strings } from '../strings.ts';
import { isStaff } from './may.ts';

/** A page of the menu. `home` is the overview, for a customer "Outgoing mail". */
export const navIds = [
	'home',
	'accounts',
	'messages',
	'open',
	'incidents',
	'responses',
	'sources',
	'plans',
	'resellers',
	'rules',
	'health',
	'audit',
] as const;
export type NavId = (typeof navIds)[number];

export type NavItem = { readonly id: NavId; readonly path: string; readonly text: string; readonly isHere: boolean };

/** What the agent must offer for it. */
const needs: { readonly [N in NavId]: Capability | undefined } = {
	home: undefined,
	accounts: 'accounts',
	messages: 'messages',
	open: 'open',
	incidents: 'incidents',
	responses: 'responses',
	sources: 'sources',
	plans: 'groups',
	resellers: 'groups',
	rules: 'limits',
	health: 'health',
	audit: 'audit',
};

/** Pages that are drawn; the others wait for what they show. */
const drawn: ReadonlySet<NavId> = new Set<NavId>(
	navIds.filter((id) => id !== 'incidents' && id !== 'responses' && id !== 'sources'),
);

const forRole: { readonly [R in Actor['role']]: readonly NavId[] } = {
	admin: navIds,
	reseller: ['home', 'accounts', 'messages', 'open', 'plans', 'rules'],
	customer: ['home', 'messages'],
	account: ['home', 'messages'],
};

const isOffered = (id: NavId, self: SelfDto): boolean => {
	const capability = needs[id];
	return drawn.has(id) && (capability === undefined || self.offers.includes(capability));
};

const isInMenu = (id: NavId, actor: Actor, self: SelfDto): boolean =>
	isOffered(id, self) && forRole[actor.role].includes(id);

/** Whether the addresses of that page are there. A customer has no list of accounts in the menu, and one account of its own. */
export const mayVisit = (id: NavId, actor: Actor, self: SelfDto): boolean =>
	isInMenu(id, actor, self) || (id === 'accounts' && isOffered(id, self));

export const pathOfNav = (base: string, id: NavId): string => `${base}/${id === 'home' ? '' : id}`;

type At = { readonly actor: Actor; readonly here?: NavId; readonly base: string; readonly t: Strings };

/** While the agent cannot be asked what there is. */
export const homeOnly = ({ actor, base, here, t }: At): readonly NavItem[] => [
	{
		id: 'home',
		path: pathOfNav(base, 'home'),
		text: isStaff(actor) ? t.nav.home : t.nav.outgoing,
		isHere: here === 'home',
	},
];

export function navOf(self: SelfDto, { actor, here, base, t }: At): readonly NavItem[] {
	return navIds
		.filter((id) => isInMenu(id, actor, self))
		.map((id) => ({
			id,
			path: pathOfNav(base, id),
			text: id === 'home' && !isStaff(actor) ? t.nav.outgoing : t.nav[id],
			isHere: id === here,
		}));
}
