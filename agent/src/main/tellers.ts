/**
 * Who hears events and tells others of them: letters to administrators and customers, posts to webhooks.
 */
import { checkAddress } from '../core/routing/address-check.ts';
import type { Flow } from '../flow/context.ts';
import { createNotices } from '../flow/notices.ts';
import { createWebhooks, type Webhooks } from '../flow/webhooks.ts';
import { createComposer } from '../io/composer/composer.ts';
import { createPoster } from '../io/webhook/poster.ts';
import type { Closers } from './closers.ts';
import type { Events } from './events.ts';

/** `webhookNetworks`: networks that webhooks may be in although the world does not reach them; for tests alone. */
export function openTellers(
	flow: Flow,
	events: Events,
	closers: Closers,
	webhookNetworks: readonly string[] = [],
): { readonly webhooks: Webhooks } {
	const isAllowed = (address: string): boolean =>
		checkAddress(address, { allow: webhookNetworks, own: flow.settings().addressRules.own }).ok;
	const webhooks = createWebhooks(flow, createPoster({ isAllowed }));
	const notices = createNotices(flow, createComposer());
	events.listen((event) => webhooks.hear(event));
	events.listen((event) => notices.hear(event));
	closers.add(async () => {
		webhooks.stop();
		notices.stop();
		await notices.settled();
	});
	return { webhooks };
}
