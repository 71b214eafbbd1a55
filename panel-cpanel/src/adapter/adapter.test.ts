/** The panel's own acts: by root's helper, for whom the account is, and from WHM only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelperClient } from '@sluice/shared/client/helper-client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import { createCpanelAdapter } from './adapter.ts';
import { createOwners } from './owners.ts';

function world(isAway = false) {
	const asked: { readonly verb: string; readonly args: unknown }[] = [];
	const helper: HelperClient = {
		async call(verb, _actor, args) {
			if (isAway) return failed({ code: 'unreachable', text: 'The root helper is not there.' });
			if (verb === 'account-owner')
				return ok({ owner: (args as { user: string }).user === 'velofix' ? 'nordweb' : 'root' }) as never;
			asked.push({ verb, args });
			return ok({ text: 'Done.' }) as never;
		},
	};
	const parts = { secret: 'x', assetPath: 'assets-1', helper, owners: createOwners(helper, () => 0) };
	return {
		asked,
		whm: createCpanelAdapter({ side: 'whm', ...parts }),
		cpanel: createCpanelAdapter({ side: 'cpanel', ...parts }),
	};
}

const act = (user: string) => ({ what: 'hold', user, on: true, reason: 'complaints' }) as const;
const visitor = (actor: Actor) => ({ actor, name: actor.id, session: 's' });
const reseller = visitor({ role: 'reseller', id: 'nordweb' });

test('a reseller holds own accounts in the panel; another’s is not there, and the helper is not asked for it', async () => {
	const { asked, whm } = world();
	assert.deepEqual(await whm.acts?.set(reseller, act('velofix')), ok('Done.'));
	assert.deepEqual(await whm.acts?.set(reseller, act('shopmoda')), failed('There is no such account.'));
	assert.deepEqual(await whm.acts?.set(reseller, act('../root')), failed('There is no such account.'));
	assert.deepEqual(asked, [{ verb: 'panel-hold', args: { user: 'velofix', on: true, reason: 'complaints' } }]);
	assert.deepEqual(await whm.acts?.set(visitor({ role: 'admin', id: 'root' }), act('shopmoda')), ok('Done.'));
});

test('cPanel’s side has no acts of the panel, nor has an account in WHM’s', async () => {
	const { asked, whm, cpanel } = world();
	assert.equal(cpanel.acts, undefined);
	assert.equal((await whm.acts?.set(visitor({ role: 'account', id: 'velofix' }), act('velofix')))?.ok, false);
	assert.deepEqual(asked, []);
});

test('with the helper away a reseller is told so', async () => {
	const answer = await world(true).whm.acts?.set(reseller, act('velofix'));
	assert.deepEqual(answer, failed('The root helper is not there.'));
});
