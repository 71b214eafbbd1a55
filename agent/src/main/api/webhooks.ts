/**
 * What each operation about webhooks does.
 */
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { WebhookDto } from '@sluice/shared/contract/sender-operations.ts';
import type { EventName } from '@sluice/shared/words/events.ts';
import { ok } from '@sluice/shared/words/result.ts';
import type { WebhookStanding } from '../../flow/webhooks.ts';
import { time } from './answers.ts';
import { type ApiContext, problem } from './context.ts';

type Handlers = Pick<OperationHandlers, 'listWebhooks' | 'createWebhook' | 'deleteWebhook' | 'testWebhook'>;

/** Never with the secret: that was shown once. */
function webhookDto(hook: WebhookStanding): WebhookDto {
	const { id, url, events, createdMs, author, isFailing, lastDeliveryMs, lastFailure, pending, dropped } = hook;
	return {
		id,
		url,
		events: [...events],
		created: time(createdMs),
		author,
		state: isFailing ? 'failing' : 'active',
		pending,
		dropped,
		...(lastDeliveryMs === undefined ? {} : { lastDelivery: time(lastDeliveryMs) }),
		...(lastFailure === undefined ? {} : { lastFailure }),
	};
}

export function createWebhookHandlers({ webhooks }: ApiContext): Handlers {
	const unknown = () => problem('not-found', 'No webhook with this id.');
	return {
		listWebhooks: async () => ok({ items: webhooks.list().map(webhookDto) }),
		createWebhook: async ({ body }, actor) => {
			const made = await webhooks.add(body.url, body.events as readonly EventName[], actor as Actor);
			if (!made.ok) return problem('invalid', made.error);
			return ok({ webhook: webhookDto(made.value), secret: made.value.secret });
		},
		deleteWebhook: async ({ params }, actor) => {
			const removed = webhooks.remove(params.id, actor as Actor);
			return removed === undefined ? unknown() : ok(webhookDto(removed));
		},
		testWebhook: async ({ params }) => {
			const answer = await webhooks.test(params.id);
			if (answer === undefined) return unknown();
			if (answer.ok) return ok({ ok: true, status: answer.status, text: `answered ${answer.status}` });
			const { status, text } = answer;
			return ok({ ok: false, text, ...(status === undefined ? {} : { status }) });
		},
	};
}
