/**
 * What each operation about credentials for submission does.
 *
 * Everybody for what is its own: a reseller for its accounts, a customer for its, an account for itself. What may not be seen is answered in
 * the same words as what is not there. Not here: what a credential may be (flow/credentials.ts).
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { CredentialDto } from '@sluice/shared/contract/sender-operations.ts';
import { accountIdShape, isProvisional } from '@sluice/shared/words/account.ts';
import { ok } from '@sluice/shared/words/result.ts';
import type { Credential } from '../../core/identity/credential.ts';
import { time } from './answers.ts';
import { type ApiContext, problem } from './context.ts';
import { authorFor, keyOf, maySee } from './visibility.ts';

type Handlers = Pick<OperationHandlers, 'listCredentials' | 'createCredential' | 'revokeCredential'>;

const dto = (
	{ id, account, name, senderDomains, createdMs, author, lastUsedMs }: Credential,
	viewer: Actor | undefined,
): CredentialDto => ({
	id,
	account,
	name,
	senderDomains: [...senderDomains],
	created: time(createdMs),
	author: authorFor(viewer, author),
	...(lastUsedMs === undefined ? {} : { lastUsed: time(lastUsedMs) }),
});

export function createCredentialHandlers({ flow, credentials }: ApiContext): Handlers {
	const { accounts } = flow;
	return {
		listCredentials: async ({ query }, actor) => {
			const wanted = query.account === undefined ? undefined : keyOf(accounts, query.account);
			const items = [...credentials.all()]
				.filter(({ account }) => (wanted === undefined || account === wanted) && maySee(accounts, actor, account))
				.toSorted((one, other) => one.createdMs - other.createdMs)
				.map((credential) => dto(credential, actor));
			return ok({ items });
		},
		createCredential: async ({ body }, actor) => {
			const account = keyOf(accounts, body.account);
			// Only an administrator may name one that no panel has told of: a server without a panel has no others.
			const isKnown = accounts.find(account) !== undefined;
			if (!maySee(accounts, actor, account) || (!isKnown && actor?.role !== 'admin'))
				return problem('not-found', 'No account with this id.');
			if (!isKnown && (!accountIdShape.test(account) || isProvisional(account)))
				return problem('invalid', 'account: not an id that an account can have.');
			const made = await credentials.make({ ...body, account }, actor as Actor);
			if (!made.ok) return problem(made.error.code, made.error.text);
			return ok({ credential: dto(made.value.credential, actor), password: made.value.password });
		},
		revokeCredential: async ({ params }, actor) => {
			const credential = credentials.find(params.id);
			const isSeen = credential !== undefined && maySee(accounts, actor, credential.account);
			const revoked = isSeen ? credentials.revoke(params.id, actor as Actor) : undefined;
			return revoked === undefined ? problem('not-found', 'No credential with this id.') : ok(dto(revoked, actor));
		},
	};
}
