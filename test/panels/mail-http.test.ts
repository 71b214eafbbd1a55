/**
 * The pages of mail without a browser: search and ids, acts and their undo without script, what a customer sees and what it does not,
 * and hostile text wherever a tenant or a stranger can put it.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { type FakeAgent, startFakeAgent } from './agent.ts';
import { startPages, type TestPages } from './pages.ts';
import { queueIdOf } from './trace.ts';
import { type Answer, ask, fieldOf, logInTo, unescaped, type Visit } from './visit.ts';
import { hostile, mail, mailWorld } from './world-mail.ts';

const admin: Actor = { role: 'admin', id: 'root' };
const rosenca: Actor = { role: 'account', id: 'rosenca' };

let agent: FakeAgent;
const sites: TestPages[] = [];
before(async () => {
	agent = await startFakeAgent(mailWorld());
});
after(async () => {
	for (const site of sites) await site.stop();
	await agent.stop();
	assert.deepEqual(
		sites.flatMap(({ faults }) => faults),
		[],
		'nothing failed in the pages',
	);
});

async function visitAs(actor: Actor, from = agent): Promise<Visit> {
	const site = await startPages(from.socketPath, { actor });
	sites.push(site);
	return logInTo(site);
}

const rowsOf = (text: string): number => text.split('<tr>').length - 2;
/** As it is read: the content without its tags. */
const readable = (text: string): string => text.slice(text.indexOf('<main')).replace(/<[^>]*>/g, ' ');
const placeOf = ({ headers }: Answer): string => headers.get('location') ?? '';

/** What a person does without script: opens the question, fills it in, follows. */
async function act(visit: Visit, path: string, reason: string): Promise<string> {
	const form = await ask(visit, path);
	assert.equal(form.status, 200, path);
	const names = ['csrf', 'account', 'state', 'cause', 'back'];
	const fields = Object.fromEntries(names.map((name) => [name, fieldOf(form.text, name)]));
	const done = await ask(visit, path.split('?')[0] as string, { ...fields, reason });
	assert.equal(done.status, 303, done.text);
	return (await ask(visit, placeOf(done))).text;
}

async function undo(visit: Visit, text: string): Promise<string> {
	const undone = await ask(visit, '/mail/undo', { csrf: fieldOf(text, 'csrf'), note: fieldOf(text, 'note') });
	assert.equal(undone.status, 303);
	return (await ask(visit, placeOf(undone))).text;
}

test('search: by recipient, domain, sender, subject, result, account and time; a piece of an address is said to be one', async () => {
	const visit = await visitAs(admin);
	const rows = async (query: string): Promise<number> => rowsOf((await ask(visit, `/messages?${query}`)).text);
	assert.equal(await rows('account=rosenca'), 9);
	assert.equal(await rows('to=mia.thoma%40gmail.example'), 1);
	assert.equal(await rows('to=hotmail.example'), 3);
	assert.equal(await rows('from=%40velofix-werkstatt.example'), 4);
	assert.equal(await rows('subject=brunch&state=bounced'), 2);
	assert.equal(await rows('account=rosenca&span=between&first=2026-11-24'), 9);
	const none = (await ask(visit, '/messages?span=between&last=2026-11-23')).text;
	assert.match(none, /No message matches.*Clear the filter/s);
	assert.match((await ask(visit, '/messages?to=thoma')).text, /That is a piece of an address/);
	assert.match((await ask(visit, '/messages')).text, /Every message of the last 30 days, back to 25 Oct 2026/);
});

test('paging by key: the next fifty, and the first again', async (t) => {
	const world = mailWorld();
	const [one] = world.messages;
	const many = Array.from({ length: 70 }, (_, index) => ({ ...one, id: String(500 + index).padStart(13, '0') }));
	const large = await startFakeAgent({ ...world, messages: many as (typeof world.messages)[number][] });
	t.after(() => large.stop());
	const visit = await visitAs(admin, large);
	const first = await ask(visit, '/messages');
	assert.equal(rowsOf(first.text), 50);
	assert.match(first.text, /The newest 50 messages, there are more/);
	assert.ok(first.text.length < 60_000, String(first.text.length));
	const next = unescaped(/href="([^"]*cursor=[^"]*)"/.exec(first.text)?.[1] ?? '');
	const second = (await ask(visit, next)).text;
	assert.equal(rowsOf(second), 20);
	assert.match(second, /20 messages further back, that is all/);
	assert.match(second, /<a class="sl-btn sl-btn--s" href="\/messages"/);
});

test('an id goes straight to its message: ours and the queue id; one that is not there says so', async () => {
	const visit = await visitAs(admin);
	const { id } = mail.vouchers;
	assert.equal(placeOf(await ask(visit, `/messages?to=${id}`)), `/messages/${id}`);
	const byQueueId = await ask(visit, `/messages?to=${queueIdOf(mail.vouchers)}`);
	assert.equal(placeOf(byQueueId), `/messages/${id}`);
	const fragment = await ask(visit, `/messages?to=${id}`, undefined, { 'hx-request': 'true' });
	assert.equal(fragment.headers.get('hx-redirect'), `/messages/${id}`);
	const none = (await ask(visit, '/messages?to=1xVlvW-00000000999-1234')).text;
	assert.match(none, /No message is known by 1xVlvW-00000000999-1234.*30 days/s);
	const other = await visitAs(rosenca);
	assert.match((await ask(other, `/messages?to=${mail.invoice.id}`)).text, /No message is known by/);
});

test('discard asks, wants a reason, says until when it comes back; undo puts it back as it was', async () => {
	const visit = await visitAs(admin);
	const path = `/messages/${mail.invoice.id}/discard`;
	const form = (await ask(visit, path)).text;
	assert.match(
		form,
		/Discard “Rechnung 2026-1187”\?.*1 recipient will not get it.*bring it back until Fri 27 Nov, 09:42.*Cancel.*Discard 1/s,
	);
	const without = await ask(visit, path, { csrf: fieldOf(form, 'csrf'), reason: ' ' });
	assert.equal(without.status, 422);
	assert.match(without.text, /Say why/);
	const page = await act(visit, path, 'spam');
	assert.match(page, /discarded for 1 recipient\. It can be brought back until Fri 27 Nov, 09:42\..*Undo/s);
	assert.deepEqual(agent.asked.at(-2)?.input, {
		params: { act: 'discard' },
		query: {},
		body: {
			selector: { kind: 'message', id: mail.invoice.id },
			reason: 'spam',
			now: false,
			asBefore: false,
		},
	});
	const back = await undo(visit, page);
	assert.match(back, /As before: “Rechnung 2026-1187” is back for 1 recipient/);
	assert.match(back, /sl-badge--hold/, 'held again, not sent');
	assert.match(await undo(visit, page), /Not undone|nothing of/i, 'once is enough');
});

test('release cannot be undone and says so; what has gone on meanwhile is said too', async (t) => {
	const own = await startFakeAgent(mailWorld());
	t.after(() => own.stop());
	const visit = await visitAs(admin, own);
	const path = `/messages/${mail.menu.id}/release`;
	assert.match((await ask(visit, path)).text, /What has left cannot be called back/);
	const page = await act(visit, path, '');
	assert.match(page, /“Karte für Freitag”: 1 recipient goes on\. What has left cannot be called back\./);
	assert.equal(fieldOf(page, 'note'), '', 'no undo');
	const again = await ask(visit, path);
	assert.equal(again.status, 303);
	assert.match((await ask(visit, placeOf(again))).text, /nothing was left to do/);
});

test('held and waiting by cause: one cause is discarded and brought back, the other of the same account stays', async (t) => {
	const own = await startFakeAgent(mailWorld());
	t.after(() => own.stop());
	const visit = await visitAs(admin, own);
	const text = (await ask(visit, '/open')).text;
	assert.match(
		text,
		/7 messages are held.*3 messages of velofix are held.*hijacked.*1 message of velofix is held.*complaints/s,
	);
	assert.match(text, /If nobody acts, the first of it expires Sun 29 Nov, 09:42/);
	assert.match(text, /Waits for a limit.*1 message of shopmoda waits.*leaves about 10:20\. Nothing is lost/s);
	const link = unescaped(/href="([^"]*\/mail\/discard\?account=velofix[^"]*)"/.exec(text)?.[1] ?? '');
	const after = await act(visit, link, 'hijacked');
	assert.match(after, /4 messages are held/);
	assert.doesNotMatch(after, /3 messages of velofix are held/);
	assert.match(after, /1 message of velofix is held/, 'the other cause stands');
	assert.match(await undo(visit, after), /3 messages of velofix are held/);
	const waiting = await ask(visit, link.replace('discard', 'release').replace('held', 'waiting'));
	assert.equal(waiting.status, 303, 'a cause that is not there has no question');
});

test('a reseller sees its accounts’ causes and lets nothing past a limit', async () => {
	const visit = await visitAs({ role: 'reseller', id: 'nordweb' });
	const text = (await ask(visit, '/open')).text;
	assert.match(text, /velofix/);
	assert.doesNotMatch(text, /shopmoda|boese|Let it go now/);
	assert.doesNotMatch(text, /mail\/release/, 'an administrator holds them');
	const cause = /account=rosenca&amp;state=waiting&amp;cause=([\w-]+)/.exec(text)?.[1] ?? '';
	const path = `/mail/now?account=rosenca&state=waiting&cause=${cause}`;
	assert.equal((await ask(visit, path)).status, 303, 'not offered');
	const before = agent.asked.length;
	const csrf = fieldOf(text, 'csrf');
	await ask(visit, '/mail/now', { csrf, account: 'rosenca', state: 'waiting', cause });
	assert.ok(
		agent.asked.slice(before).every(({ id }) => id !== 'act'),
		'nor asked for',
	);
});

test('a customer: its own mail in plain words, releases what is left to it, deletes and brings back', async (t) => {
	const own = await startFakeAgent(mailWorld());
	t.after(() => own.stop());
	const visit = await visitAs(rosenca, own);
	const home = (await ask(visit, '/')).text;
	assert.match(
		home,
		/Outgoing mail.*2 messages wait for your OK.*Yes, send it.*1 message waits: your limit is used up/s,
	);
	assert.match(home, /How much you may send.*88<\/b> <i>of 100 \/ h.*The limits come from your plan, Basic\./s);
	assert.match(home, /Your domains.*rosencafe-hamburg\.example/s);
	assert.match(home, /This address no longer exists, or takes no mail\. Please remove it from your list/);
	assert.doesNotMatch(readable(home), /shopmoda|velofix|boese|\buid\b|Exim|SMTP|blacklist|\b550\b|\b451\b/);
	const release = unescaped(/href="(\/mail\/release[^"]*)"/.exec(home)?.[1] ?? '');
	const sent = await act(visit, release, '');
	assert.match(sent, /is being sent/);
	assert.doesNotMatch(sent, /wait for your OK/);
	own.asked.length = 0;
	for (const path of ['/accounts/velofix', '/accounts/boese', '/open', '/plans', '/rules', '/health', '/audit'])
		assert.equal((await ask(visit, path)).status, 404, path);
	assert.doesNotMatch((await ask(visit, '/accounts')).text, /shopmoda|velofix|boese/);
	for (const { id } of [mail.invoice, mail.boeses[0] ?? mail.invoice])
		for (const what of ['', '/release', '/discard'])
			assert.equal((await ask(visit, `/messages/${id}${what}`)).status, 404, `${id}${what}`);
});

test('a customer deletes what is left to it, and brings it back itself', async (t) => {
	const own = await startFakeAgent(mailWorld());
	t.after(() => own.stop());
	const visit = await visitAs(rosenca, own);
	const path = `/messages/${mail.vouchers.id}`;
	const gone = await act(visit, `${path}/discard`, '');
	assert.match(gone, /“Gutscheinliste” is deleted/);
	assert.match((await ask(visit, path)).text, /Bring it back/);
	assert.match(await undo(visit, gone), /“Gutscheinliste” is back as it was.*Stopped/s);
	const asked = own.asked.find(({ id }) => id === 'act');
	assert.match(JSON.stringify(asked?.input), /"reason":"by the owner of the mail"/);
});

test('acts need a form of ours, and a note of ours', async () => {
	const visit = await visitAs(admin);
	const path = `/messages/${mail.invoice.id}/discard`;
	assert.equal((await ask(visit, path, { reason: 'x' })).status, 403);
	const csrf = fieldOf((await ask(visit, path)).text, 'csrf');
	const forged = await ask(visit, '/mail/undo', { csrf, note: 'e30.e30' });
	assert.match((await ask(visit, placeOf(forged))).text, /Too late|not undone|cannot be undone/i);
	assert.equal((await ask(visit, `/messages/${mail.invoice.id}/burn`)).status, 404);
	const requeue = `/messages/${mail.rosens[3]?.id}/requeue`;
	assert.equal((await ask(visit, requeue)).status, 303, 'nothing happens by looking');
	const before = agent.asked.filter(({ id }) => id === 'act').length;
	await ask(visit, requeue);
	assert.equal(agent.asked.filter(({ id }) => id === 'act').length, before);
	const done = await ask(visit, requeue, { csrf });
	assert.match((await ask(visit, placeOf(done))).text, /1 recipient is tried now/);
});

test('hostile text is text on every page, in both wordings', async () => {
	const tags = /<script>(?:globalThis|parent)|<img\/src|<svg\/onload|<iframe srcdoc|<script>document|<img src=x/;
	const [refused, held, queued] = mail.boeses.map(({ id }) => id);
	const staff = await visitAs(admin);
	const open = (await ask(staff, '/open')).text;
	const owner = await visitAs({ role: 'account', id: 'boese' });
	const pages: readonly (readonly [Visit, string])[] = [
		...[
			'/messages',
			'/open',
			'/accounts/boese',
			'/accounts',
			`/messages?to=${encodeURIComponent(hostile.recipient)}`,
		].map((path) => [staff, path] as const),
		...[refused, held, queued].flatMap((id) => [
			[staff, `/messages/${id}`] as const,
			[owner, `/messages/${id}`] as const,
		]),
		[staff, `/messages/${held}/discard`],
		[staff, unescaped(/href="(\/mail\/release\?account=boese[^"]*)"/.exec(open)?.[1] ?? '')],
		[owner, '/'],
		[owner, '/messages'],
		[staff, `/messages?subject=${encodeURIComponent(hostile.subject)}&account=${encodeURIComponent(hostile.sender)}`],
	];
	for (const [visit, path] of pages) {
		const { status, text } = await ask(visit, path);
		assert.equal(status, 200, path);
		assert.doesNotMatch(text, tags, path);
	}
	const { text } = await ask(staff, `/messages/${refused}`);
	assert.match(text, /sl-reply--bad">550 5\.7\.1 &lt;\/p&gt;&lt;script&gt;/);
});
