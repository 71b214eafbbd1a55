/**
 * On whose behalf a request is made: `Sluice-Actor: admin|reseller|customer|account ID[; as=IMPERSONATOR]`.
 *
 * The socket's file mode says who may speak at all; the header says for whom. No header is 401, never admin.
 */
import { failed, ok, type Result } from '../words/result.ts';

export const roles = ['admin', 'reseller', 'customer', 'account'] as const;
export type Role = (typeof roles)[number];

export type Actor = {
	readonly role: Role;
	readonly id: string;
	/** Who really sits at the keyboard, when somebody acts as another. */
	readonly as?: string;
};

export const actorHeader = 'sluice-actor';

const word = '[A-Za-z0-9._@:+-]{1,128}';
const shape = new RegExp(`^(admin|reseller|customer|account) (${word})(?:; as=(${word}))?$`);

export function parseActor(header: string): Result<Actor, string> {
	const found = shape.exec(header.trim());
	if (found === null) return failed('expected `admin|reseller|customer|account ID[; as=IMPERSONATOR]`');
	const [, role, id, as] = found;
	return ok({
		role: role as Role,
		id: id as string,
		...(as === undefined ? {} : { as }),
	});
}

/** `admin root as alice`: for audit and log. */
export const actorText = (actor: Actor): string =>
	`${actor.role} ${actor.id}${actor.as === undefined ? '' : ` as ${actor.as}`}`;

export const actorHeaderValue = (actor: Actor): string =>
	`${actor.role} ${actor.id}${actor.as === undefined ? '' : `; as=${actor.as}`}`;
