/**
 * Open mail of an account that moved to another reseller: who pays for it when it leaves, and whose limits it waits for.
 *
 * Read from accounts and mail alone: when an account moves, at each start (log and index name who was to pay when the mail came) and
 * in each sweep. The sender is not told again that its mail waits.
 */
import type { AccountKey } from '@sluice/shared/words/account.ts';
import { scopesUnder } from '../core/metering/moved.ts';
import type { QueuedMessage } from '../core/scheduling/queued.ts';
import { scopesOfText, scopesText } from '../core/scheduling/queued-message.ts';
import type { Flow } from './context.ts';
import { moveEpisode } from './episodes.ts';
import { chainOfQueued, waitingOf } from './waiting-mail.ts';

/** For open mail of these accounts, or of all. What is on its way to the log is left to the next time. */
export function followResellers(flow: Flow, only?: ReadonlySet<AccountKey>): void {
	if (flow.acts.underWay > 0) return;
	for (const message of flow.scheduler.all()) {
		if (only === undefined || only.has(message.account)) followReseller(flow, message);
	}
}

/** The same for one message that joins the queue again. */
export function followReseller(flow: Flow, message: QueuedMessage): void {
	const account = flow.accounts.find(message.account);
	if (account === undefined || message.scopes.length === 0) return;
	const scopes = scopesUnder(message.scopes, account.reseller);
	if (scopes !== message.scopes) move(flow, message, scopesOfText(scopesText(scopes)));
}

function move(flow: Flow, message: QueuedMessage, scopes: QueuedMessage['scopes']): void {
	const before = chainOfQueued(message);
	message.scopes = scopes;
	const waiting = waitingOf(message);
	if (waiting === undefined) return;
	flow.waiting.remove(message.id);
	flow.waiting.add(waiting);
	moveEpisode(flow, before, waiting.chain);
}
