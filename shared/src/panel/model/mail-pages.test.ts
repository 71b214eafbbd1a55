/** What the pages of mail offer and say: acts by rights and state, the list's honesty, causes that stand open, the customer's page. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Actor } from '../../contract/actor.ts';
import type { MessageSummaryDto, TraceDto } from '../../contract/shapes.ts';
import type { OpenGroupDto, SelfDto } from '../../contract/view-operations.ts';
import { groupActs, groupFields, messageActs } from './mail-act.ts';
import { questionOf } from './mail-question.ts';
import { type May, mayOf } from './may.ts';
import { messagePageOf } from './message.ts';
import { messageListOf } from './message-list.ts';
import { noQuery } from './message-query.ts';
import { openPartOf } from './open.ts';
import { outgoingOf } from './outgoing.ts';
import type { Recipient } from './state-mark.ts';
import { t, words as utc } from './words.fixture.ts';

const words = { ...utc, zoned: { zone: 'Europe/Berlin' } };
const trade = /\bSMTP\b|\bMX\b|quarantine|blacklist|\bIP\b|\b[245]\d\d\b|\buid\b|Exim/i;

const self = (may: Partial<SelfDto['may']>): SelfDto => ({
	version: '0.1.0',
	offers: ['messages', 'open', 'holds', 'restore'],
	may: { hold: true, release: 'all', discard: 'all', requeue: true, limits: true, shared: false, ...may },
	mta: 'exim',
	ownership: 'off',
	panelActs: { hold: false, suspend: false },
	historyDays: 30,
	restoreSeconds: 259_200,
});
const owners = { hold: false, requeue: false, limits: false } as const;
const admin: May = mayOf({ role: 'admin', id: 'root' }, self({ shared: true }));
const reseller: May = mayOf({ role: 'reseller', id: 'nordweb' }, self({}));
const account: Actor = { role: 'account', id: 'rosenca' };
const owner: May = mayOf(account, self({ ...owners, release: 'owner', discard: 'owner' }));
const nobody: May = mayOf(account, self({ ...owners, release: 'none', discard: 'none' }));

const recipient = (state: Recipient['state'], more: Partial<Recipient> = {}): Recipient => ({
	address: 'k.sommer@web.example',
	state,
	attempts: 1,
	at: '2026-11-24T08:40:00Z',
	...more,
});

const message = (...recipients: readonly Recipient[]): MessageSummaryDto => ({
	id: '0000000000001',
	accepted: '2026-11-24T08:39:50Z',
	account: 'rosenca',
	identity: 'mailbox:info@rosencafe.example',
	class: 'mailbox',
	sender: 'info@rosencafe.example',
	subject: 'Gutscheinliste',
	bytes: 2000,
	recipientCount: recipients.length,
	recipients: [...recipients],
});

const trace = (...recipients: readonly Recipient[]): TraceDto => ({
	message: message(...recipients),
	from: {
		account: 'rosenca',
		identity: 'mailbox:info@rosencafe.example',
		class: 'mailbox',
		certainty: 'proved',
		evidence: 'Exim ran as uid 1187',
		client: '198.51.100.7',
		mtaQueueId: '1vN4kq-00000002fXa-3PQd',
	},
	verdict: { action: 'hold', reasons: [{ rule: 'hold.account', text: 'Held: hijacked, 550 from the blacklist.' }] },
	steps: [
		{ at: '2026-11-24T08:39:50Z', event: 'message.held', text: 'Accepted and held: Exim uid 1187.' },
		{
			at: '2026-11-24T08:40:00Z',
			event: 'recipient.deferred',
			text: 'Not taken by mx1.web.example [192.0.2.1].',
			reply: '451 4.7.1 <b>later</b>',
		},
	],
	reports: [],
});

const group = (more: Partial<OpenGroupDto> = {}): OpenGroupDto => ({
	state: 'held',
	account: 'rosenca',
	rule: 'hold.account',
	text: 'Mail is held: complaints.',
	by: 'admin root',
	messages: 3,
	recipients: 5,
	since: '2026-11-24T07:00:00Z',
	until: '2026-11-29T08:42:00Z',
	ownerMayRelease: false,
	ownerMayDiscard: false,
	first: [{ id: '0000000000001', sender: 'info@rosencafe.example', recipient: 'a@b.example', subject: 'Liste' }],
	...more,
});
const left = group({ ownerMayRelease: true, ownerMayDiscard: true });

test('acts on a message: only what its state and the rights allow', () => {
	const acts = (may: May, one: TraceDto, groups: readonly OpenGroupDto[] = []) =>
		messageActs(one, groups, may, words).map(({ act }) => act);
	assert.deepEqual(acts(admin, trace(recipient('held'))), ['release', 'discard']);
	assert.deepEqual(acts(admin, trace(recipient('waiting'))), ['now', 'hold', 'discard']);
	assert.deepEqual(acts(reseller, trace(recipient('waiting'))), ['hold', 'discard'], 'no reseller passes a limit');
	const due = '2026-11-24T09:00:00Z';
	assert.deepEqual(acts(admin, trace(recipient('queued', { due }))), ['requeue', 'hold', 'discard']);
	assert.deepEqual(acts(admin, trace(recipient('queued'))), ['hold', 'discard'], 'due already');
	assert.deepEqual(acts(admin, trace(recipient('discarded'))), ['restore']);
	assert.deepEqual(acts(admin, trace(recipient('discarded', { at: '2026-11-21T08:00:00Z' }))), [], 'too late');
	assert.deepEqual(acts(admin, trace(recipient('delivered'))), []);
	assert.deepEqual(acts(nobody, trace(recipient('held')), [left]), []);
});

test('acts of an owner: only where the hold leaves it, and only its own discard comes back', () => {
	const acts = (one: TraceDto, groups: readonly OpenGroupDto[]) =>
		messageActs(one, groups, owner, words).map(({ act }) => act);
	assert.deepEqual(acts(trace(recipient('held')), [left]), ['release', 'discard']);
	assert.deepEqual(acts(trace(recipient('held')), [group()]), []);
	assert.deepEqual(acts(trace(recipient('held')), []), [], 'what is not known is not offered');
	const other = group({ rule: 'hold.identity', first: [] });
	assert.deepEqual(
		acts(trace(recipient('held')), [left, other]),
		['release', 'discard'],
		'the group with this message',
	);
	assert.deepEqual(acts(trace(recipient('held')), [group(), { ...left, rule: 'hold.identity', first: [] }]), []);
	const ended = (actor: string): TraceDto => {
		const one = trace(recipient('discarded'));
		return {
			...one,
			steps: [...one.steps, { at: '2026-11-24T08:41:00Z', event: 'recipient.discarded', text: '', actor }],
		};
	};
	assert.deepEqual(acts(ended('account rosenca'), []), ['restore']);
	assert.deepEqual(acts(ended('admin root'), []), []);
});

test('groups: release and discard name the cause; nobody but an administrator passes a limit', () => {
	const paths = (may: May, one: OpenGroupDto) => groupActs(one, 'open', may, words).map(({ path }) => path);
	const { cause } = groupFields(group());
	const fields = `account=rosenca&state=held&cause=${cause}&back=open`;
	assert.notEqual(groupFields(group({ text: 'Another reason.' })).cause, cause, 'one rule, two reasons');
	assert.deepEqual(paths(admin, group()), [`/mail/release?${fields}`, `/mail/discard?${fields}`]);
	const waits = group({ state: 'waiting', rule: 'limit.waiting.hour.recipients' });
	assert.deepEqual(
		groupActs(waits, 'open', admin, words).map(({ act }) => act),
		['now', 'discard'],
	);
	assert.deepEqual(
		groupActs(waits, 'open', reseller, words).map(({ act }) => act),
		['discard'],
	);
	assert.deepEqual(paths(owner, group()), []);
	const acts = (one: OpenGroupDto) => groupActs(one, 'open', reseller, words).map(({ act }) => act);
	assert.deepEqual(acts(group({ by: 'admin' })), ['discard'], 'held by an administrator');
	assert.deepEqual(acts(group({ by: 'reseller nordweb' })), ['release', 'discard']);
	assert.deepEqual(acts(group({ rule: 'account.suspended' })), ['discard']);
	assert.deepEqual(
		groupActs(left, 'home', owner, words).map(({ act }) => act),
		['release', 'discard'],
	);
});

test('a question: object, count, effect, way back, verb; who drops mail says why', () => {
	const asking = {
		act: 'discard',
		what: '189 messages of velofix',
		total: 189,
		path: '/x',
		backPath: '/open',
	} as const;
	const question = questionOf(asking, admin, words);
	assert.deepEqual(
		[question.title, question.count, question.wayBack, question.verb, question.isWhyNeeded],
		[
			'Discard “189 messages of velofix”?',
			'189 recipients will not get it.',
			'You can bring it back until Fri 27 Nov, 09:42.',
			'Discard 189',
			true,
		],
	);
	assert.equal(questionOf(asking, { ...admin, restoreMs: 0 }, words).wayBack, 'It cannot be brought back.');
	const own = questionOf({ ...asking, act: 'release', total: 74 }, owner, words);
	assert.deepEqual([own.why, own.isWhyNeeded, own.count], [undefined, false, '74 people get it.']);
	assert.equal(own.wayBack, 'Once it has left, it cannot be called back.');
	const release = questionOf({ ...asking, act: 'release' }, admin, words);
	assert.equal(release.wayBack, 'What has left cannot be called back.');
});

test('a customer’s message: no internals, the remote words as they came and nowhere else', () => {
	const page = messagePageOf(trace(recipient('queued', { cause: 'our-ip', reply: '451 blacklist' })), [], owner, words);
	const { reply, steps, recipients, ...rest } = page;
	assert.equal(reply, '451 blacklist');
	assert.deepEqual(
		steps.map(({ reply: said }) => said),
		[undefined, '451 4.7.1 <b>later</b>'],
	);
	assert.doesNotMatch(
		JSON.stringify([rest, recipients.map(({ why }) => why), steps.map(({ text }) => text)]).replace('198.51.100.7', ''),
		trade,
	);
	assert.deepEqual(
		page.facts.map(({ name }) => name),
		['From', 'To', 'Sent by', 'Handed in from', 'Size', 'Id'],
	);
	const staff = messagePageOf(trace(recipient('queued')), [], admin, words);
	assert.ok(staff.facts.some(({ text }) => text === 'Exim ran as uid 1187'));
});

test('the list claims no total: what is shown, whether there is more, by what, how far back', () => {
	const found = { items: [message(recipient('delivered'))], historyDays: 30 };
	const line = (more: object, query = noQuery) => messageListOf(query, { ...found, ...more }, 30, words, admin);
	assert.equal(line({}).totalLine, '1 message, that is all · all 30 days · newest first');
	assert.equal(
		line({ next: '1' }, { ...noQuery, to: '@gmx.example', state: 'bounced', span: 'week' }).totalLine,
		'The newest 1 message, there are more · to @gmx.example · with a recipient refused · last 7 days · newest first',
	);
	assert.equal(line({ next: '1' }).next, '/messages?cursor=1');
	const fresh = line({ items: [] }).empty;
	assert.deepEqual([fresh?.title, fresh?.clearPath], ['No message yet', undefined]);
	const filtered = line({ items: [] }, { ...noQuery, subject: 'x' }).empty;
	assert.deepEqual([filtered?.title, filtered?.clearPath], ['No message matches', '/messages']);
	assert.match(filtered?.text ?? '', /reaches back 30 days, to 25 Oct 2026/);
	const unfinished = line({ items: [], next: '9' }, { ...noQuery, subject: 'x' }).empty;
	assert.equal(unfinished?.onPath, '/messages?subject=x&cursor=9', 'not found so far is not “none”');
	assert.equal(
		messageListOf({ ...noQuery, to: 'sommer' }, undefined, 30, words, admin).empty?.title,
		t.messagesPartTitle,
	);
});

test('the row tells of the recipient that was asked for, else of the one that needs somebody', () => {
	const several = {
		...message(recipient('delivered', { address: 'a@b.example' }), recipient('held')),
		recipientCount: 3,
	};
	const row = (query: typeof noQuery) =>
		messageListOf(query, { items: [several], historyDays: 30 }, 30, words, admin).rows[0];
	assert.deepEqual([row(noQuery)?.to, row(noQuery)?.mark.text], ['k.sommer@web.example', 'At least 1 of 3 held']);
	const asked = row({ ...noQuery, to: 'a@b.example' });
	assert.deepEqual([asked?.to, asked?.mark.text], ['a@b.example', 'At least 1 of 3 delivered']);
});

test('a message to many says how many of them it is about', () => {
	const many = message(
		...Array.from({ length: 37 }, () => recipient('delivered', { at: '2026-11-24T08:40:02Z' })),
		recipient('queued'),
		recipient('bounced', { cause: 'recipient-gone', address: 'gone@web.example' }),
		recipient('sending'),
	);
	const row = (one: MessageSummaryDto, may: May) =>
		messageListOf(noQuery, { items: [one], historyDays: 30 }, 30, words, may).rows[0];
	const refused = row(many, admin);
	assert.deepEqual(
		[refused?.to, refused?.toMore, refused?.mark.text],
		['gone@web.example', 'and 39 more', '1 of 40 refused'],
	);
	assert.match(refused?.why ?? '', /^1 queued, 1 sending, 37 delivered\. The address does not exist/);
	const own = row(many, owner);
	assert.equal(own?.mark.text, '1 of 40 not delivered');
	assert.match(own?.why ?? '', /^2 on its way, 37 delivered\. This address no longer exists/);
	const all = row(message(recipient('delivered'), recipient('delivered', { at: '2026-11-24T08:40:02Z' })), admin);
	assert.deepEqual([all?.mark.text, all?.why], ['All 2 delivered', 'The last after 12 s.']);
	const page = messagePageOf({ ...trace(), message: many }, [], admin, words);
	assert.equal(page.note.bold, '1 of 40 refused, 1 queued, 1 sending, 37 delivered.');
	assert.deepEqual(
		page.recipients.slice(0, 2).map(({ address }) => address),
		['gone@web.example', 'k.sommer@web.example'],
		'what somebody may have to act on stands first',
	);
});

test('what stands open: why, since when, by whom, what happens if nobody acts', () => {
	const part = openPartOf(
		'held',
		{ items: [group({ hold: 'h1' })], total: 1, messages: 3, recipients: 5 },
		admin,
		words,
	);
	const [one] = part.groups;
	assert.equal(part.total, '3 messages to 5 recipients, 1 cause, most messages first');
	assert.equal(one?.title, '3 messages of rosenca are held');
	assert.equal(one?.since, 'Held since 08:00 by admin root');
	assert.match(
		one?.ifNobody ?? '',
		/expires Sun 29 Nov, 09:42 and its sender is told\. New mail that the hold is about is held too/,
	);
	assert.deepEqual(one?.look, { path: '/messages?account=rosenca&state=held', text: 'Look at all 3' });
	const suspended = openPartOf(
		'held',
		{ items: [group({ rule: 'account.suspended' })], total: 1, messages: 3, recipients: 5 },
		admin,
		words,
	);
	assert.equal(suspended.groups[0]?.ifNobody, 'It goes on when cPanel lifts the suspension.');
});

test('the customer’s page: what it may decide first, the reason only where it was written for it, no words of the trade', () => {
	const theirs = group({ rule: 'hold.identity', text: 'Held: uid 1187 hijacked, SMTP 550.' });
	const waits = group({ state: 'waiting', rule: 'limit.waiting.hour.recipients', until: '2026-11-24T09:20:00Z' });
	const outgoing = outgoingOf(
		{
			held: [theirs, { ...left, text: 'Was this you?' }],
			waiting: [waits],
			messages: [],
			accounts: [],
			ownership: 'enforce',
		},
		owner,
		words,
	);
	assert.deepEqual(
		outgoing.notes.map(({ title, acts }) => [title, acts.map(({ act }) => act)]),
		[
			['3 messages wait for your OK', ['release', 'discard']],
			['3 messages are stopped', []],
			['3 messages wait: your limit is used up', []],
		],
	);
	assert.doesNotMatch(JSON.stringify(outgoing), trade);
	assert.match(JSON.stringify(outgoing.notes[0]), /Your provider writes: Was this you\?/);
	assert.match(JSON.stringify(outgoing.notes[2]), /All of it will have left about 10:20/);
	const without = outgoingOf(
		{ held: [left], waiting: [], messages: [], accounts: [], ownership: 'off' },
		nobody,
		words,
	);
	assert.deepEqual(
		without.notes.map(({ acts }) => acts),
		[[]],
	);
});

test('a customer’s words never are of the trade', () => {
	const own = [
		Object.values(t.causes.customer),
		t.result.customer,
		t.ownStates,
		t.ownLife,
		t.stoppedWhy,
		t.ownDomainsSay,
	];
	const plain = [
		t.okWhy,
		t.waitsWhy,
		t.outgoingSay,
		t.ownLimitNote,
		t.messagesPartText,
		t.ownReleaseEffect,
		t.ownDiscardEffect,
	];
	assert.doesNotMatch(JSON.stringify([...own, ...plain]), trade);
});

test('without an answer of the agent nothing is offered', () => {
	const none = mayOf({ role: 'admin', id: 'root' }, undefined);
	assert.deepEqual(
		[none.hold, none.release, none.discard, none.restoreMs, none.releaseNow],
		[false, 'none', 'none', 0, false],
	);
});
