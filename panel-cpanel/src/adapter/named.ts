/**
 * What of the panel an operation names: the accounts, domains, mailboxes, messages and so on that stand in its input.
 *
 * One row for each operation of the contract, so that a new one does not compile until somebody has said what it names; a test walks
 * the schemas and fails when a text of the input is neither here nor known to name nothing.
 * A list, a filter and a whole destination name nobody: the agent answers them for the actor's own accounts.
 * Pure. Not here: whose those things are (checked-client.ts).
 */
import type { CallInput } from '@sluice/shared/client/client.ts';
import type { OperationId } from '@sluice/shared/contract/operations.ts';
import type { LevelPath } from '@sluice/shared/words/limits.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';

export type Named =
	| { readonly kind: 'account'; readonly id: string }
	| { readonly kind: 'domain'; readonly domain: string }
	| { readonly kind: 'unix'; readonly uid: string }
	| { readonly kind: 'credential'; readonly id: string }
	| { readonly kind: 'message'; readonly id: string }
	| { readonly kind: 'hold'; readonly id: string };

type Names = readonly Named[];
type NamedBy = { readonly [K in OperationId]: (input: CallInput<K>) => Names };

const none = (): Names => [];
const account = (id: string | undefined): Names => (id === undefined ? [] : [{ kind: 'account', id }]);
const byId = ({ params }: { readonly params?: { readonly id: string } }): Names => account(params?.id);
const message = ({ params }: { readonly params?: { readonly id: string } }): Names =>
	params === undefined ? [] : [{ kind: 'message', id: params.id }];
/** An address names its domain: whoever has the domain has its mailboxes. */
const domain = (text: string): Names => [
	{ kind: 'domain', domain: text.slice(text.lastIndexOf('@') + 1).toLowerCase() },
];

function ofLevel({ params }: { readonly params?: { readonly level: LevelPath; readonly id: string } }): Names {
	if (params === undefined) return [];
	const { level, id } = params;
	switch (level) {
		case 'accounts':
			return account(id);
		case 'domains':
		case 'mailboxes':
			return domain(id);
		case 'scripts':
			return account(id.split(':', 1)[0]);
		case 'credentials':
			return [{ kind: 'credential', id }];
		case 'server':
		case 'resellers':
		case 'plans':
			return [];
	}
}

function ofIdentity(identity: string): Names {
	const colon = identity.indexOf(':');
	const [kind, id] = [identity.slice(0, colon), identity.slice(colon + 1)];
	if (kind === 'unix') return [{ kind: 'unix', uid: id }];
	if (kind === 'credential') return [{ kind: 'credential', id }];
	return domain(id);
}

function ofSelector({ kind, id }: Selector): Names {
	switch (kind) {
		case 'message':
			return [{ kind: 'message', id }];
		case 'account':
			return account(id);
		case 'identity':
			return ofIdentity(id);
		case 'destination':
			return [];
	}
}

const inBody = ({ body }: { readonly body?: { readonly selector: Selector } | undefined }): Names =>
	body === undefined ? [] : ofSelector(body.selector);
const inQuery = ({ query }: { readonly query?: { readonly account?: string | undefined } }): Names =>
	account(query?.account);

export const namedBy: NamedBy = {
	health: none,
	listMessages: inQuery,
	getMessage: message,
	traceMessage: message,
	act: inBody,
	releaseMessage: message,
	discardMessage: message,
	queue: none,
	lanes: none,
	listHolds: none,
	putHold: inBody,
	deleteHold: ({ params }) => (params === undefined ? [] : [{ kind: 'hold', id: params.id }]),
	audit: none,
	recordAct: none,
	self: none,
	volume: inQuery,
	providers: none,
	listGroups: none,
	listOpen: inQuery,
	putAccounts: none,
	listAccounts: none,
	getAccount: byId,
	putAccount: byId,
	deleteAccount: byId,
	renameAccount: byId,
	forgetAccount: byId,
	putMaySendAs: byId,
	listLimits: none,
	getLimits: ofLevel,
	putLimits: ofLevel,
	deleteLimits: ofLevel,
	getUsage: ofLevel,
	simulate: none,
	getSimulation: none,
	changeLimits: ({ body }) =>
		body !== undefined && 'accounts' in body.target ? body.target.accounts.flatMap((id) => account(id)) : [],
	undoLimitChange: none,
	listCredentials: inQuery,
	createCredential: ({ body }) => account(body?.account),
	revokeCredential: ({ params }) => (params === undefined ? [] : [{ kind: 'credential', id: params.id }]),
	listWebhooks: none,
	createWebhook: none,
	deleteWebhook: none,
	testWebhook: none,
	listProbes: none,
	putProbe: none,
	deleteProbe: none,
	getLearned: inQuery,
	putLearned: none,
};
