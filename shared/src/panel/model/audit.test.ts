import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentAuditQuery, auditPageOf, auditQueryText, parseAuditQuery } from './audit.ts';
import { words as utc } from './words.fixture.ts';

const words = { ...utc, base: '?p=', zoned: { zone: 'Europe/Berlin' } };

test('filters live in the address and come back from it; nothing else does', () => {
	const query = parseAuditQuery({ actor: ' root ', subject: 'a&b', act: ['x'], cursor: '7', other: 'y' });
	assert.deepEqual(query, { actor: 'root', subject: 'a&b', act: '', cursor: '7' });
	assert.equal(auditQueryText(query), '?actor=root&subject=a%26b&cursor=7');
	assert.deepEqual(agentAuditQuery(query), { actor: 'root', subject: 'a&b', cursor: '7', limit: 50 });
	assert.equal(auditQueryText(parseAuditQuery({})), '');
});

test('the next page keeps the filter, the first loses the cursor, times are the server’s', () => {
	const entry = { id: 9, at: '2026-11-24T08:00:00Z', actor: 'admin root', act: 'hold.put', subject: 's', detail: 'd' };
	const page = auditPageOf({ items: [entry], next: '9' }, { actor: 'root', subject: '', act: '', cursor: '20' }, words);
	assert.equal(page.rows[0]?.at, 'Tue 24 Nov 2026, 09:00:00');
	assert.equal(page.first, '?p=/audit?actor=root');
	assert.equal(page.next, '?p=/audit?actor=root&cursor=9');
	assert.equal(page.isFiltered, true);
	assert.equal(auditPageOf({ items: [] }, parseAuditQuery({ cursor: '3' }), words).isFiltered, false);
});
