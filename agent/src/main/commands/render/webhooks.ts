/** `sluice webhook …`. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { WebhookDto } from '@sluice/shared/contract/sender-operations.ts';
import { type Column, table } from './table.ts';
import { clean, countText, hanging, numberText } from './text.ts';
import { relativeText } from './time.ts';
import { proseWidth, type View } from './view.ts';

export function webhookListLines({ items }: OperationOutput<'listWebhooks'>, view: View): readonly string[] {
	if (items.length === 0) return ['No webhook. `sluice webhook add https://… --event limit` posts events, signed.'];
	const columns: readonly Column<WebhookDto>[] = [
		{ title: 'ID', text: ({ id }) => id },
		{
			title: 'STATE',
			text: ({ state }) => state,
			paint: ({ state }) => (state === 'active' ? view.paint.good : view.paint.bad),
		},
		{ title: 'PENDING', align: 'right', text: ({ pending }) => (pending === 0 ? '-' : numberText(pending)) },
		{ title: 'GIVEN UP', align: 'right', text: ({ dropped }) => (dropped === 0 ? '-' : numberText(dropped)) },
		{
			title: 'LAST TAKEN',
			text: ({ lastDelivery }) => (lastDelivery === undefined ? 'never' : relativeText(view, Date.parse(lastDelivery))),
		},
		{ title: 'URL', text: ({ url }) => url, columnsMin: 16 },
		{ title: 'EVENTS', text: ({ events }) => events.join(' '), columnsMin: 10 },
	];
	const failures = items.flatMap(({ id, lastFailure }) =>
		lastFailure === undefined ? [] : hanging(`${clean(id)}: `, clean(lastFailure), proseWidth(view)),
	);
	return [
		...table(columns, items, view),
		...(failures.length === 0 ? [] : ['', view.paint.strong('Last failures'), ...failures]),
	];
}

export function webhookMadeLines({ webhook, secret }: OperationOutput<'createWebhook'>, view: View): readonly string[] {
	return [
		`Id      ${clean(webhook.id)}`,
		`Secret  ${view.paint.strong(clean(secret))}`,
		'',
		...hanging(
			'',
			`${countText(webhook.events.length, 'event')} to ${clean(webhook.url)}. The secret signs each post (Sluice-Signature) and is not shown again.`,
			proseWidth(view),
		),
		`Try it: \`sluice webhook test ${clean(webhook.id)}\`. Undo: \`sluice webhook remove ${clean(webhook.id)}\`.`,
	];
}

export const webhookRemovedLines = ({ id, url, pending }: WebhookDto, view: View): readonly string[] => {
	const dropped = pending === 0 ? '' : `; ${countText(pending, 'event')} dropped`;
	return hanging('', `Removed: ${clean(id)} (${clean(url)})${dropped}.`, proseWidth(view));
};

export const webhookTestedLines = (
	{ ok, status, text }: OperationOutput<'testWebhook'>,
	view: View,
): readonly string[] => {
	const paint = ok ? view.paint.good : view.paint.bad;
	const answered = status === undefined ? '' : ` (HTTP ${status})`;
	return hanging('', paint(`${ok ? 'Taken' : 'Not taken'}${answered}: ${clean(text)}`), proseWidth(view));
};
