/** `sluice webhook …`: where events are posted to. */
import { eventNames } from '@sluice/shared/words/events.ts';
import type { Command } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, noun, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

type AddOptions = CommonOptions & { readonly event: readonly string[] };

/** `limit` stands for all of `limit.*`; what matches nothing stays as it is and is refused. */
const widened = (names: readonly string[]): string[] => [
	...new Set(
		names.flatMap((name) => {
			const under = eventNames.filter((event) => event.startsWith(`${name}.`));
			return under.length > 0 ? under : [name];
		}),
	),
];

export function addWebhook(program: Command, terminal: Terminal): void {
	const webhook = noun(program, 'webhook', 'Webhooks: URLs to which events are posted, signed.');
	withCommon(webhook.command('list'))
		.description('Webhooks, whether they take events, and what is still to be posted.')
		.action(async (options: CommonOptions) => {
			const { webhookListLines } = await import('./render/webhooks.ts');
			await answer(terminal, options, { id: 'listWebhooks', render: webhookListLines });
		});
	withCommon(webhook.command('add'))
		.description('Post events to a URL. The secret that signs them is shown once.')
		.argument('<url>', 'https URL; never loopback or a private address')
		.requiredOption('--event <name...>', 'events such as limit.reached, or limit for all of limit.*')
		.action(async (url: string, { event, ...options }: AddOptions, command: Command) => {
			const events = widened(event);
			const unknown = events.find((name) => !(eventNames as readonly string[]).includes(name));
			if (unknown !== undefined)
				return command.error(`unknown event '${unknown}'; docs/reference/events.md lists them`, { exitCode: 2 });
			const { webhookMadeLines } = await import('./render/webhooks.ts');
			await answer(terminal, options, {
				id: 'createWebhook',
				input: { body: { url, events } },
				render: webhookMadeLines,
			});
		});
	withCommon(webhook.command('remove'))
		.description('End a webhook; what it has not taken yet is dropped.')
		.argument('<id>', 'id of the webhook, as `sluice webhook list` shows it')
		.action(async (id: string, options: CommonOptions) => {
			const { webhookRemovedLines } = await import('./render/webhooks.ts');
			await answer(terminal, options, { id: 'deleteWebhook', input: { params: { id } }, render: webhookRemovedLines });
		});
	withCommon(webhook.command('test'))
		.description('Post one event now and tell what came back.')
		.argument('<id>', 'id of the webhook')
		.action(async (id: string, options: CommonOptions) => {
			const { webhookTestedLines } = await import('./render/webhooks.ts');
			await answer(terminal, options, {
				id: 'testWebhook',
				input: { params: { id }, body: {} },
				render: webhookTestedLines,
				code: ({ ok }) => (ok ? 0 : 1),
			});
		});
}
