/**
 * Overview, account, health and audit before the real agent: every card has its answer, real mail is counted, held mail is a decision;
 * with 5,000 accounts in time.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailbox } from '../scenarios/senders.ts';
import { addThousands, assertInTime, seededAgent, visitAs } from './seeded-agent.ts';
import { ask, fieldOf } from './visit.ts';

const seeded = seededAgent();

const from = 'info@kanzlei-meerbusch.test';
const unread = /This cannot be shown now|Not known now|is not known/;

test('real mail is counted on the overview and on the page of its account; held mail is a decision', async (context) => {
	const rig = await seeded(context);
	const visit = await visitAs(context, rig);
	for (let n = 0; n < 3; n++) await rig.send({ from, sender: mailbox(from), to: [`client${n}@ok.test`] });
	await rig.until(() => rig.count('recipient.delivered', { account: 'kanzleim' }) === 3);
	const csrf = fieldOf((await ask(visit, '/accounts/kanzleim')).text, 'csrf');
	await ask(visit, '/accounts/kanzleim/hold', { csrf, reason: 'a look first' });
	await rig.send({ from, sender: mailbox(from), to: ['client@ok.test'] });
	await rig.until(() => rig.agent.flow.scheduler.accountOpen('kanzleim').recipients === 1);
	const isCounted = async (): Promise<boolean> =>
		/Handed in, 24 h<\/span>\s*<span class="sl-kpi__v">4 /.test((await ask(visit, '/')).text);
	const deadline = Date.now() + 10_000;
	while (!(await isCounted()) && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve));
	const { status, text } = await ask(visit, '/');
	assert.equal(status, 200);
	assert.doesNotMatch(text, unread);
	assert.match(text, /Handed in, 24 h<\/span>\s*<span class="sl-kpi__v">4 /);
	assert.match(text, /1 message of kanzleim is held/);
	assert.match(text, /Your first days/);
	for (const span of ['hour', 'week', 'month'])
		assert.doesNotMatch((await ask(visit, `/?span=${span}`)).text, unread, span);
	const account = (await ask(visit, '/accounts/kanzleim')).text;
	assert.match(account, /counted <b data-of="counted">3<\/b>/, 'what is held is not counted');
	const health = (await ask(visit, '/health')).text;
	assert.match(health, /Takes mail.*Delivers/s);
	assert.doesNotMatch(health, unread);
	assert.match((await ask(visit, '/audit?act=hold')).text, /a look first/);
});

test('the mail log of the time before is on the first page in the first minutes', async (context) => {
	const rig = await seeded(context);
	const row = (account: string, recipients: number) => ({
		account,
		messages: 10,
		recipients,
		peakHour: 77,
		directories: 0,
	});
	const told = await rig.client.call('putLearned', {
		body: {
			mta: 'exim',
			from: new Date(Date.now() - 7 * 86_400_000).toISOString(),
			until: new Date().toISOString(),
			items: [row('domain:<b>.test', 5), row('kanzleim', 4321)],
		},
	});
	assert.deepEqual(told.ok && told.value.accounts, 2);
	const visit = await visitAs(context, rig);
	const { text } = await ask(visit, '/');
	const card = /Before Sluice: from the mail log, last 7 days<\/h2>.*?<\/section>/s.exec(text)?.[0] ?? '';
	assert.match(
		card,
		/href="[^"]*\/accounts\/kanzleim" title="kanzleim">kanzleim<\/a>.*4,321.*77.*domain:&lt;b&gt;\.test/s,
	);
	assert.match((await ask(visit, '/accounts/kanzleim')).text, /From the mail log before: 4,321 recipients in 7 days/);
	assert.doesNotMatch((await ask(visit, '/accounts/schulekl')).text, /From the mail log before/);
});

test('5,000 accounts: the overview in time', async (context) => {
	const rig = await seeded(context);
	const visit = await visitAs(context, rig);
	await addThousands(rig);
	for (const path of ['/', '/accounts/kunde7', '/health', '/audit'])
		await assertInTime(context, visit, { path, rounds: 5, check: ({ status }) => assert.equal(status, 200, path) });
});
