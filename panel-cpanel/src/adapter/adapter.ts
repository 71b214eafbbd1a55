/**
 * The pages inside WHM and cPanel: links in the query of one script, files beside it, no login of our own.
 *
 * WHM (`admin`, `reseller`) and cPanel (`account`) differ in what an account is called in the menu and in who may act in the panel.
 * Not here: reading the socket (server), the live check of who owns an account (checked-client.ts).
 */
import type { HelperClient } from '@sluice/shared/client/helper-client.ts';
import type { PanelActs, PanelAdapter } from '@sluice/shared/panel/adapter.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import type { Owners } from './owners.ts';
import { type Side, visitorFrom } from './visitor.ts';

export type CpanelAdapter = {
	readonly side: Side;
	/** Key of forms and undo notes. */
	readonly secret: string;
	/** Folder of our files beside the script, `assets-HASH`. */
	readonly assetPath: string;
	readonly helper: HelperClient;
	readonly owners: Owners;
};

const menuPlaces: { readonly [S in Side]: string } = {
	whm: 'Plugins › Sluice',
	cpanel: 'Email › Outgoing mail',
};

/** The panel's own hold and suspension, by the root helper. A reseller's is asked for only where the account is the reseller's now. */
function actsBy(helper: HelperClient, owners: Owners): PanelActs {
	return {
		async set(visitor, { what, user, mailbox, on, reason }) {
			const { actor } = visitor;
			if (actor.role !== 'admin' && actor.role !== 'reseller') return failed('Only WHM may do this.');
			if (actor.role === 'reseller') {
				const owned = await owners.isOwner(actor, user);
				if (!owned.ok) return failed(owned.error);
				if (!owned.value) return failed('There is no such account.');
			}
			const args = { user, on, reason, ...(mailbox === undefined ? {} : { mailbox }) };
			const done = await helper.call(what === 'hold' ? 'panel-hold' : 'panel-suspend', actor, args);
			return done.ok ? ok(done.value.text) : failed(done.error.text);
		},
	};
}

export function createCpanelAdapter({ side, secret, assetPath, helper, owners }: CpanelAdapter): PanelAdapter {
	return {
		words: { account: 'account', accounts: 'accounts', panel: 'cPanel', mta: 'Exim' },
		theme: 'light',
		basePath: '?p=',
		assetPath,
		menuPlace: menuPlaces[side],
		frameAncestors: "'self'",
		secret,
		...(side === 'whm' ? { acts: actsBy(helper, owners) } : {}),
		visitorOf: (request) => visitorFrom(request.headers),
		turnAway(_request, response) {
			response.status(403).type('text/plain').send('These pages are shown inside WHM and cPanel only.');
		},
	};
}
