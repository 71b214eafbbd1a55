/**
 * Who sits before a page inside WHM or cPanel: read from what the native code has proved and written into headers.
 *
 * Only root may open the panel's socket, so whoever speaks here is the CGI of WHM or the Admin module of cPanel; both delete what a
 * browser sent under these names and set their own. Still every value is checked: one that is missing, doubled or of another shape
 * makes nobody of the visitor, never somebody with fewer rights.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Role } from '@sluice/shared/contract/actor.ts';
import type { Visitor } from '@sluice/shared/panel/adapter.ts';

const headerNames = {
	panel: 'sluice-panel',
	user: 'sluice-panel-user',
	role: 'sluice-panel-role',
	as: 'sluice-panel-as',
	token: 'sluice-panel-token',
} as const;

/** Which of the two panels a page stands in. */
export type Side = 'whm' | 'cpanel';

const rolesOf: { readonly [S in Side]: readonly Role[] } = { whm: ['admin', 'reseller'], cpanel: ['account'] };
const userShape = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/;
/** SHA-256 of the panel's security token or session. */
const tokenShape = /^[0-9a-f]{64}$/;

const isSide = (text: string | undefined): text is Side => text === 'whm' || text === 'cpanel';

/** Node joins a header that stands twice with a comma, which fits no shape here. */
function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
	const value = headers[name];
	return typeof value === 'string' ? value : undefined;
}

export const sideOf = (headers: IncomingHttpHeaders): Side | undefined => {
	const side = headerOf(headers, headerNames.panel);
	return isSide(side) ? side : undefined;
};

/** Undefined: nobody that native code has named. */
export function visitorFrom(headers: IncomingHttpHeaders): Visitor | undefined {
	const side = sideOf(headers);
	const user = headerOf(headers, headerNames.user) ?? '';
	const token = headerOf(headers, headerNames.token) ?? '';
	const as = headerOf(headers, headerNames.as);
	if (side === undefined || !userShape.test(user) || !tokenShape.test(token)) return undefined;
	const role = rolesOf[side].find((one) => one === headerOf(headers, headerNames.role));
	if (role === undefined || (as !== undefined && !userShape.test(as))) return undefined;
	return {
		actor: { role, id: user, ...(as === undefined ? {} : { as }) },
		name: user,
		// Bound to both: another user's page of the same session, or the same user's of another, has another token.
		session: `${side} ${role} ${user} ${as ?? ''} ${token}`,
	};
}
