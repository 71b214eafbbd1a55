/**
 * Webhooks: events posted to the URLs that administrators have named, signed, one after the other, again when they are not taken.
 *
 * `Sluice-Signature: t=SECONDS,v1=HEX` is the HMAC-SHA256 of `t.body` under the hook's secret: who gets the post knows that we sent it,
 * and when. Each hook has a queue of its own in memory, bounded; what does not fit or is not taken in 36 minutes is dropped, counted and
 * said. Whoever must not miss anything follows /v1/events, which can be resumed. Not here: connections and addresses (io/webhook).
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import type { EventName, SluiceEvent } from '@sluice/shared/words/events.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Timer } from '../ports/clock.ts';
import type { WebhookAnswer, WebhookPoster } from '../ports/webhook.ts';
import { audit } from './audit.ts';
import type { Flow } from './context.ts';

export type Webhook = {
	readonly id: string;
	readonly url: string;
	readonly secret: string;
	readonly events: readonly EventName[];
	readonly createdMs: number;
	readonly author: string;
};

export type WebhookStanding = Webhook & {
	readonly isFailing: boolean;
	readonly lastDeliveryMs?: number;
	readonly lastFailure?: string;
	readonly pending: number;
	readonly dropped: number;
};

export type Webhooks = {
	list(): readonly WebhookStanding[];
	add(url: string, events: readonly EventName[], actor: Actor): Promise<Result<WebhookStanding, string>>;
	remove(id: string, actor: Actor): WebhookStanding | undefined;
	/** One event now, whatever the queue. */
	test(id: string): Promise<WebhookAnswer | undefined>;
	hear(event: SluiceEvent): void;
	stop(): void;
};

export const webhooksMax = 50;
const pendingMax = 1_000;
/** Between attempts; after the last the event is dropped. The intervals that Postal uses. */
export const retryMinutes: readonly number[] = [2, 3, 6, 10, 15];

type Pending = { readonly delivery: string; readonly event: EventName; readonly body: string; attempts: number };

type Hook = {
	readonly webhook: Webhook;
	readonly queue: Pending[];
	isBusy: boolean;
	isRemoved: boolean;
	timer?: Timer | undefined;
	isFailing: boolean;
	lastDeliveryMs?: number;
	lastFailure?: string;
	dropped: number;
};

export function createWebhooks(flow: Flow, poster: WebhookPoster): Webhooks {
	const hooks = new Map<string, Hook>();
	let deliveries = 0;
	let isStopped = false;

	const enter = (webhook: Webhook): Hook => {
		const hook: Hook = { webhook, queue: [], isBusy: false, isRemoved: false, isFailing: false, dropped: 0 };
		hooks.set(webhook.id, hook);
		return hook;
	};

	function post({ webhook }: Hook, { delivery, event, body }: Pick<Pending, 'delivery' | 'event' | 'body'>) {
		const seconds = Math.floor(flow.clock.now() / 1000);
		return poster.post({
			url: webhook.url,
			body,
			headers: {
				'Content-Type': 'application/json',
				'User-Agent': 'Sluice',
				'Sluice-Event': event,
				'Sluice-Delivery': delivery,
				'Sluice-Signature': `t=${seconds},v1=${poster.sign(webhook.secret, `${seconds}.${body}`)}`,
			},
		});
	}

	function bodyOf({ event, atMs, ...fields }: SluiceEvent): Pick<Pending, 'delivery' | 'event' | 'body'> {
		deliveries += 1;
		const delivery = `${Math.floor(atMs).toString(36)}-${deliveries.toString(36)}`;
		const at = new Date(atMs).toISOString();
		return {
			delivery,
			event,
			body: JSON.stringify({ id: delivery, event, at, server: flow.settings().hostName, ...fields }),
		};
	}

	function drop(hook: Hook, why: string): void {
		hook.dropped += 1;
		// Said for the first and then now and then: a hook that is down must not fill the log.
		if (hook.dropped === 1 || hook.dropped % 100 === 0) tell(hook, why, true);
	}

	function tell({ webhook, dropped }: Hook, why: string, isGivenUp: boolean): void {
		const { id, url } = webhook;
		flow.events.emit({
			event: 'webhook.failed',
			atMs: flow.clock.now(),
			webhook: id,
			url,
			error: why,
			isGivenUp,
			dropped,
		});
	}

	async function deliver(hook: Hook): Promise<void> {
		if (hook.isBusy || hook.timer !== undefined) return;
		hook.isBusy = true;
		for (let pending = hook.queue[0]; pending !== undefined && !isStopped && !hook.isRemoved; pending = hook.queue[0]) {
			const answer = await post(hook, pending);
			if (answer.ok) {
				hook.queue.shift();
				hook.isFailing = false;
				hook.lastDeliveryMs = flow.clock.now();
				continue;
			}
			if (!hook.isFailing) tell(hook, answer.text, false);
			hook.isFailing = true;
			hook.lastFailure = answer.text;
			const minutes = retryMinutes[pending.attempts++];
			if (minutes === undefined) {
				hook.queue.shift();
				drop(hook, answer.text);
				continue;
			}
			if (isStopped || hook.isRemoved) break;
			hook.timer = flow.clock.after(minutes * 60_000, () => {
				hook.timer = undefined;
				void deliver(hook);
			});
			break;
		}
		hook.isBusy = false;
	}

	const standing = ({ webhook, queue, isFailing, lastDeliveryMs, lastFailure, dropped }: Hook): WebhookStanding => ({
		...webhook,
		isFailing,
		pending: queue.length,
		dropped,
		...(lastDeliveryMs === undefined ? {} : { lastDeliveryMs }),
		...(lastFailure === undefined ? {} : { lastFailure }),
	});

	for (const { value } of flow.state.documents('webhook')) enter(value as Webhook);

	return {
		list: () => [...hooks.values()].map(standing),
		async add(url, events, actor) {
			if (hooks.size >= webhooksMax) return failed(`There are ${webhooksMax} webhooks already.`);
			const refusal = await poster.refusal(url);
			if (refusal !== undefined) return failed(`url: ${refusal}`);
			const createdMs = flow.clock.now();
			const webhook: Webhook = {
				id: `w${createdMs.toString(36)}${token(4)}`,
				url,
				secret: `whsec_${token(40)}`,
				events,
				createdMs,
				author: actorText(actor),
			};
			flow.state.putDocuments('webhook', [{ id: webhook.id, value: webhook }]);
			audit(flow, actor, 'webhook.add', url, `${webhook.id}: ${events.join(', ')}`);
			return ok(standing(enter(webhook)));
		},
		remove(id, actor) {
			const hook = hooks.get(id);
			if (hook === undefined) return undefined;
			flow.state.putDocuments('webhook', [{ id, value: undefined }]);
			hook.isRemoved = true;
			hook.timer?.cancel();
			hooks.delete(id);
			audit(flow, actor, 'webhook.remove', hook.webhook.url, id);
			return standing(hook);
		},
		async test(id) {
			const hook = hooks.get(id);
			if (hook === undefined) return undefined;
			const event = hook.webhook.events[0] as EventName;
			return post(hook, bodyOf({ event, atMs: flow.clock.now(), isTest: true }));
		},
		hear(event) {
			// What a hook does is no event for hooks: it would go round.
			if (hooks.size === 0 || event.event === 'webhook.failed') return;
			let made: Pick<Pending, 'delivery' | 'event' | 'body'> | undefined;
			for (const hook of hooks.values()) {
				if (!hook.webhook.events.includes(event.event)) continue;
				if (hook.queue.length >= pendingMax) {
					drop(hook, `more than ${pendingMax} events wait`);
					continue;
				}
				made ??= bodyOf(event);
				hook.queue.push({ ...made, attempts: 0 });
				void deliver(hook);
			}
		},
		stop() {
			isStopped = true;
			for (const hook of hooks.values()) hook.timer?.cancel();
			poster.stop();
		},
	};
}

const letters = '0123456789abcdefghjkmnpqrstvwxyz';

/** From the system's own source of chance: 5 bits a character. */
const token = (chars: number): string =>
	Array.from(crypto.getRandomValues(new Uint8Array(chars)), (byte) => letters[byte & 31]).join('');
