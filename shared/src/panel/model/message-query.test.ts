/** What a search asks the agent for, and what an id pasted into it means. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
	addressTerm,
	agentMessageQuery,
	messageQueryText,
	namedIn,
	noQuery,
	parseMessageQuery,
	withState,
} from './message-query.ts';

const berlin = { zone: 'Europe/Berlin' };
const nowMs = Date.parse('2026-11-24T08:42:10Z');

test('the address of the page and back; what is unknown in it is the default', () => {
	const text = '?to=%40gmx.example&from=a%40b.example&account=rosenca&state=bounced&span=week&cursor=7';
	const query = parseMessageQuery(Object.fromEntries(new URLSearchParams(text)));
	assert.equal(messageQueryText(query), text);
	assert.equal(messageQueryText(parseMessageQuery({ state: 'lost', span: 'year', to: ['x'], first: 'now' })), '');
	assert.equal(messageQueryText(withState(query, 'held')), text.replace('bounced', 'held').replace('&cursor=7', ''));
	const between = parseMessageQuery({ span: 'between', first: '2026-11-20', last: '2026-11-22' });
	assert.equal(messageQueryText(between), '?span=between&first=2026-11-20&last=2026-11-22');
	assert.equal(messageQueryText({ ...between, span: 'day' }), '?span=day', 'days count only where they are asked for');
});

test('an address is searched whole, a domain finds everybody there, a piece of an address is said to be one', () => {
	const asked = (text: string) => ({ kind: 'asked', text });
	assert.deepEqual(addressTerm('K. Sommer <k.sommer@web.example>'), asked('k.sommer@web.example'));
	assert.deepEqual(addressTerm('mailto:k.sommer@web.example '), asked('k.sommer@web.example'));
	assert.deepEqual(addressTerm('web.example'), asked('@web.example'));
	assert.deepEqual(addressTerm('@web.example'), asked('@web.example'));
	assert.deepEqual(addressTerm('root@localhost'), asked('root@localhost'));
	assert.deepEqual(addressTerm('<>'), asked('<>'));
	assert.deepEqual(addressTerm('  '), { kind: 'none' });
	for (const part of ['sommer', 'sommer@', '@web', 'k sommer'])
		assert.deepEqual(addressTerm(part), { kind: 'part' }, part);
});

test('times of the server: a span up to now, whole days by its clock', () => {
	const query = (more: object) => agentMessageQuery({ ...noQuery, ...more }, berlin, nowMs);
	assert.deepEqual(query({}), {});
	assert.deepEqual(query({ span: 'day' }), { since: '2026-11-23T08:42:10.000Z' });
	assert.deepEqual(query({ span: 'between', first: '2026-10-24', last: '2026-10-25' }), {
		since: '2026-10-23T22:00:00.000Z',
		until: '2026-10-25T22:59:59.999Z',
	});
	assert.deepEqual(query({ span: 'between', last: '2026-11-24' }), { until: '2026-11-24T22:59:59.999Z' });
	assert.deepEqual(query({ to: 'gmx.example', from: 'A@b.example', subject: 'x', account: 'y', state: 'held' }), {
		recipient: '@gmx.example',
		sender: 'A@b.example',
		subject: 'x',
		account: 'y',
		state: 'held',
	});
	assert.equal(query({ to: 'sommer' }), undefined);
});

test('ids: ours, of Exim with its time, of Postfix, a Message-ID; a word is none', () => {
	assert.deepEqual(namedIn(' 0000000000ABC '), { kind: 'message', id: '0000000000abc' });
	const exim = namedIn('1vN4kq-00000002fXa-3PQd');
	assert.equal(exim?.kind, 'reference');
	assert.equal(
		new Date(exim?.kind === 'reference' ? (exim.aroundMs ?? 0) : 0).toISOString(),
		'2025-11-23T07:43:28.000Z',
	);
	assert.equal(namedIn('1vN4kq-0002fX-3P')?.kind, 'reference', 'as before Exim 4.97');
	for (const text of ['4bXy1r2345Kz8Qw', '3F2A1B9C0D', '<a81f@agentur-weitblick.example>'])
		assert.deepEqual(namedIn(text), { kind: 'reference', text }, text);
	for (const text of ['', 'adventsbrunch', 'k.sommer@web.example', '<>', 'web.example', 'Rechnung'])
		assert.equal(namedIn(text), undefined, text);
});
