/**
 * The two things that the watch has to do with a healthy agent, over its socket: which senders it holds, and writing into its audit.
 *
 * Not by the typed client, whose schemas take longer to load than a whole tick does: what is read is checked by hand, and what cannot be
 * read is as if the agent had not answered. Failures are values; the watch goes on without.
 */
import { request } from 'node:http';
import { bounds, type HeldSender, type Unrecorded } from './state.ts';

const timeoutMs = 5_000;
const answerBytesMax = 8 << 20;
const actor = 'admin sluice-watch';

/** Undefined: no answer, or another than 200. */
function ask(socketPath: string, method: 'GET' | 'POST', path: string, body?: string): Promise<string | undefined> {
	return new Promise((resolve) => {
		const headers = {
			'sluice-actor': actor,
			...(body === undefined
				? {}
				: { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }),
		};
		const call = request({ socketPath, method, path, headers, timeout: timeoutMs }, (response) => {
			const parts: Buffer[] = [];
			let bytes = 0;
			response.on('data', (part: Buffer) => {
				bytes += part.length;
				if (bytes > answerBytesMax) call.destroy();
				else parts.push(part);
			});
			response.on('end', () =>
				resolve(response.statusCode === 200 ? Buffer.concat(parts).toString('utf8') : undefined),
			);
			response.on('error', () => resolve(undefined));
			response.on('close', () => resolve(undefined));
		});
		// Of the whole call: an agent that hangs must not hold up the watch.
		const timer = setTimeout(() => call.destroy(), timeoutMs);
		call.on('timeout', () => call.destroy());
		call.on('error', () => resolve(undefined));
		call.on('close', () => {
			clearTimeout(timer);
			resolve(undefined);
		});
		call.end(body);
	});
}

/** Beyond, accounts are not looked up: each is a question of its own. */
const lookUpsMax = 300;

/** Accounts and identities with a standing hold. Undefined: the agent does not tell. */
export async function heldSenders(socketPath: string): Promise<readonly HeldSender[] | undefined> {
	const answer = await ask(socketPath, 'GET', '/v1/holds');
	if (answer === undefined) return undefined;
	try {
		const { items } = JSON.parse(answer) as { items: unknown };
		if (!Array.isArray(items)) return undefined;
		const senders: HeldSender[] = [];
		for (const sender of items.flatMap(senderOf).slice(0, bounds.held)) {
			const mayAsk = sender.kind === 'account' && senders.length < lookUpsMax;
			const user = mayAsk ? await panelUserOf(socketPath, sender.id) : undefined;
			senders.push(user === undefined ? sender : { ...sender, user });
		}
		return senders;
	} catch {
		return undefined;
	}
}

/** A hold stands under the agent's own key, which is not the panel's name once that was given anew (shared/words/account.ts). */
async function panelUserOf(socketPath: string, key: string): Promise<string | undefined> {
	const id = key.replace(/~\d+$/, '');
	const answer = await ask(socketPath, 'GET', `/v1/accounts/${encodeURIComponent(id)}`);
	if (answer === undefined) return undefined;
	const found = JSON.parse(answer) as { id?: unknown; key?: unknown; panel?: unknown; state?: unknown };
	return found.key === key && found.panel === 'cpanel' && found.state !== 'gone' && found.id === id ? id : undefined;
}

function senderOf(item: unknown): readonly HeldSender[] {
	const { selector, until } = (item ?? {}) as { selector?: { kind?: unknown; id?: unknown }; until?: unknown };
	const untilMs = Date.parse(String(until));
	const kind = selector?.kind;
	if ((kind !== 'account' && kind !== 'identity') || typeof selector?.id !== 'string' || Number.isNaN(untilMs))
		return [];
	return [{ kind, id: selector.id, untilMs }];
}

/** What was done while the agent was away, in order; the rest, which it did not take. */
export async function record(socketPath: string, acts: readonly Unrecorded[]): Promise<readonly Unrecorded[]> {
	for (const [at, { act, detail }] of acts.entries()) {
		const body = JSON.stringify({ actor, act, subject: 'server', detail: detail.slice(0, 1000) });
		if ((await ask(socketPath, 'POST', '/v1/audit', body)) === undefined) return acts.slice(at);
	}
	return [];
}
