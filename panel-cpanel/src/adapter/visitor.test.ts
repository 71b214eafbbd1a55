/** Who is believed to sit before a page: only what native code writes, whole and in the right shape. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { visitorFrom } from './visitor.ts';

const token = 'a'.repeat(64);
const headers = {
	'sluice-panel': 'whm',
	'sluice-panel-user': 'nordweb',
	'sluice-panel-role': 'reseller',
	'sluice-panel-token': token,
};

test('an administrator, a reseller and an account are known by their headers', () => {
	assert.deepEqual(visitorFrom(headers)?.actor, { role: 'reseller', id: 'nordweb' });
	assert.deepEqual(visitorFrom({ ...headers, 'sluice-panel-role': 'admin', 'sluice-panel-user': 'root' })?.actor, {
		role: 'admin',
		id: 'root',
	});
	const cpanel = { ...headers, 'sluice-panel': 'cpanel', 'sluice-panel-role': 'account', 'sluice-panel-as': 'root' };
	assert.deepEqual(visitorFrom(cpanel)?.actor, { role: 'account', id: 'nordweb', as: 'root' });
});

test('nobody comes of headers that are missing, doubled, of another shape or do not go together', () => {
	const cases: readonly { readonly [name: string]: string | undefined }[] = [
		{ 'sluice-panel': undefined },
		{ 'sluice-panel': 'plesk' },
		{ 'sluice-panel-user': undefined },
		{ 'sluice-panel-user': 'nordweb, root' },
		{ 'sluice-panel-user': 'nordweb; as=root' },
		{ 'sluice-panel-user': '' },
		{ 'sluice-panel-role': 'root' },
		{ 'sluice-panel-role': 'account' },
		{ 'sluice-panel-role': 'admin, reseller' },
		{ 'sluice-panel-token': undefined },
		{ 'sluice-panel-token': 'short' },
		{ 'sluice-panel-token': `${token}, ${token}` },
		{ 'sluice-panel-as': 'root x' },
		{ 'sluice-panel': 'cpanel' },
		{ 'sluice-panel': 'cpanel', 'sluice-panel-role': 'admin' },
	];
	for (const change of cases) assert.equal(visitorFrom({ ...headers, ...change }), undefined, JSON.stringify(change));
});

test('sessions differ by panel, role, user and token', () => {
	const other = (change: object) => visitorFrom({ ...headers, ...change })?.session;
	const sessions = [
		other({}),
		other({ 'sluice-panel-user': 'bergdigital' }),
		other({ 'sluice-panel-role': 'admin' }),
		other({ 'sluice-panel-token': 'b'.repeat(64) }),
		other({ 'sluice-panel': 'cpanel', 'sluice-panel-role': 'account' }),
	];
	assert.equal(new Set(sessions).size, sessions.length);
});
