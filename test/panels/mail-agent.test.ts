/**
 * The pages of mail before the real agent: real mail held by cause, discarded and put back as it was, left to its owner, found by the
 * ids that people have in hand.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailbox } from '../scenarios/senders.ts';
import { seededAgent, visitAs } from './seeded-agent.ts';
import { ask, fieldOf, unescaped, type Visit } from './visit.ts';

const seeded = seededAgent();

const from = 'info@kanzlei-meerbusch.test';
const messageOf = (subject: string): string =>
	[
		'From: info@kanzlei-meerbusch.test',
		`Message-ID: <${subject}@kanzlei-meerbusch.test>`,
		`Subject: ${subject}`,
		'',
		'text',
		'',
	].join('\r\n');

const follow = async (visit: Visit, path: string, fields: { readonly [name: string]: string }): Promise<string> => {
	const done = await ask(visit, path, fields);
	assert.equal(done.status, 303, done.text);
	return (await ask(visit, done.headers.get('location') ?? '')).text;
};

/** Opens the question behind a link and answers it. */
async function act(visit: Visit, link: string, reason: string): Promise<string> {
	const form = (await ask(visit, unescaped(link))).text;
	const names = ['csrf', 'account', 'state', 'cause', 'back'];
	const fields = Object.fromEntries(names.map((name) => [name, fieldOf(form, name)]));
	return follow(visit, unescaped(link).split('?')[0] as string, { ...fields, reason });
}

const linkIn = (text: string, act: string): string => new RegExp(`href="(/mail/${act}\\?[^"]*)"`).exec(text)?.[1] ?? '';

test('held by cause: discarded, put back held, released; found by Message-ID and queue id', async (context) => {
	const rig = await seeded(context);
	const visit = await visitAs(context, rig, { role: 'admin', id: 'root' });
	const csrf = fieldOf((await ask(visit, '/accounts')).text, 'csrf');
	await ask(visit, '/accounts/kanzleim/hold', { csrf, reason: 'a look first' });
	await rig.send({ from, sender: mailbox(from), to: ['client@ok.test', 'other@ok.test'], message: messageOf('brief') });
	await rig.until(() => rig.agent.flow.scheduler.accountOpen('kanzleim').recipients === 2);
	const open = (await ask(visit, '/open')).text;
	assert.match(
		open,
		/1 message is held.*1 message of kanzleim is held.*to 2 recipients.*a look first.*by admin root.*brief/s,
	);
	const gone = await act(visit, linkIn(open, 'discard'), 'spam');
	assert.match(gone, /discarded for 2 recipients\. It can be brought back until/);
	assert.match(gone, /Nothing is held, nothing waits/);
	const back = await follow(visit, '/mail/undo', { csrf, note: fieldOf(gone, 'note') });
	assert.match(back, /As before: .*is back for 2 recipients/);
	assert.match(back, /1 message of kanzleim is held/);
	assert.equal(rig.count('recipient.delivered', { account: 'kanzleim' }), 0, 'the undo sent nothing');
	const found = await ask(visit, `/messages?to=${encodeURIComponent('<brief@kanzlei-meerbusch.test>')}`);
	assert.equal(found.status, 303, 'the Message-ID leads to the message');
	const path = found.headers.get('location') ?? '';
	assert.match((await ask(visit, path)).text, /<h1>brief/);
	const sent = await act(visit, `${path}/release`, '');
	assert.match(sent, /2 recipients go on/);
	await rig.until(() => rig.count('recipient.delivered', { account: 'kanzleim' }) === 2);
	assert.match((await ask(visit, '/messages?to=ok.test&state=delivered')).text, /brief/);
});

test('what a hold leaves to its owner waits for its OK, and leaves when it says so; another’s is not there', async (context) => {
	const rig = await seeded(context, { rights: { owners: { release: true, discard: true } } });
	const admin = await visitAs(context, rig, { role: 'admin', id: 'root' });
	const owner = await visitAs(context, rig, { role: 'account', id: 'kanzleim' });
	const other = await visitAs(context, rig, { role: 'account', id: 'praxisdr' });
	const csrf = fieldOf((await ask(admin, '/accounts')).text, 'csrf');
	await ask(admin, '/accounts/kanzleim/hold', { csrf, reason: 'Was this you?', leave: 'yes' });
	await rig.send({ from, sender: mailbox(from), to: ['client@ok.test'], message: messageOf('newsletter') });
	await rig.until(() => rig.agent.flow.scheduler.accountOpen('kanzleim').recipients === 1);
	const home = (await ask(owner, '/')).text;
	assert.match(home, /1 message waits for your OK.*newsletter.*Your provider writes: Was this you\?.*Yes, send it/s);
	const path = /href="(\/messages\/[0-9a-z]{13})"/.exec(home)?.[1] ?? '';
	assert.equal((await ask(other, path)).status, 404);
	assert.doesNotMatch((await ask(other, '/')).text, /newsletter|waits for your OK/);
	const deleted = await act(owner, `${path}/discard`, '');
	assert.match(deleted, /is deleted/);
	const note = { csrf: fieldOf(deleted, 'csrf'), note: fieldOf(deleted, 'note') };
	assert.match(await follow(owner, '/mail/undo', note), /is back as it was/);
	assert.match(await act(owner, linkIn((await ask(owner, '/')).text, 'release'), ''), /is being sent/);
	await rig.until(() => rig.count('recipient.delivered', { account: 'kanzleim' }) === 1);
});
