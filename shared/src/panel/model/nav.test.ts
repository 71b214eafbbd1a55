import assert from 'node:assert/strict';
import { test } from 'node:test';
import { capabilities, type SelfDto } from '../../contract/view-operations.ts';
import { homeOnly, mayVisit, navOf } from './nav.ts';
import { t } from './words.fixture.ts';

const admin = { role: 'admin', id: 'root' } as const;
const self = (offers: SelfDto['offers']): SelfDto => ({ offers }) as unknown as SelfDto;
const all = self([...capabilities]);
const menu = (actor: Parameters<typeof mayVisit>[1], offered = all): string =>
	navOf(offered, { actor, base: '?p=', t })
		.map(({ id }) => id)
		.join(' ');

test('the menu is what is offered to that role, in the order of use', () => {
	assert.equal(menu(admin), 'home accounts messages open plans resellers rules health audit');
	assert.equal(menu({ role: 'reseller', id: 'nordweb' }), 'home accounts messages open plans rules');
	assert.equal(menu({ role: 'account', id: 'alice' }), 'home messages');
	assert.equal(menu(admin, self(['accounts', 'audit'])), 'home accounts audit');
});

test('a page that has none yet is not there, whatever an agent offers', () => {
	for (const id of ['incidents', 'responses', 'sources'] as const) assert.equal(mayVisit(id, admin, all), false, id);
});

test('a page that is not offered is not there; a customer reaches its own account', () => {
	assert.equal(mayVisit('audit', admin, self(['accounts'])), false);
	assert.equal(mayVisit('health', { role: 'reseller', id: 'nordweb' }, all), false);
	assert.equal(mayVisit('accounts', { role: 'account', id: 'alice' }, all), true);
	assert.equal(mayVisit('accounts', { role: 'account', id: 'alice' }, self([])), false);
});

test('while nobody can be asked, the first page stays', () => {
	const item = { id: 'home', path: '?p=/', isHere: false };
	assert.deepEqual(homeOnly({ actor: admin, base: '?p=', t }), [{ ...item, text: 'Overview' }]);
	assert.deepEqual(homeOnly({ actor: { role: 'account', id: 'a' }, base: '?p=', t }), [
		{ ...item, text: 'Outgoing mail' },
	]);
});
