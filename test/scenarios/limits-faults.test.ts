/**
 * Limits when something goes wrong: the log cannot be written, the clock is set back, a message has too many recipients for its limit.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LimitsInput } from '@sluice/shared/contract/limit-shapes.ts';
import { scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given } from './acts.ts';
import { type Rig, startRig } from './rig.ts';
import { mailbox } from './senders.ts';
import { steeredClock } from './steered-clock.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const hourMs = 3_600_000;

const limit = async (rig: Rig, id: string, body: Partial<LimitsInput>): Promise<unknown> =>
	given(
		await rig.client.call('putLimits', {
			params: { level: 'accounts', id },
			body: { mode: 'enforce', ...body } as LimitsInput,
		}),
	);

const usedIn = (rig: Rig, account: string): number =>
	rig.agent.flow.meter.used(scopeKeyOf('account', account), 'hour.recipients', rig.agent.flow.clock.now());

/** The next writes of this kind fail until the returned function is called. */
function breakSpool(rig: Rig, what: 'append' | 'record'): () => void {
	const spool = rig.agent.flow.spool as { append: unknown; record: unknown };
	const whole = spool[what];
	spool[what] = () => Promise.reject(new Error('EIO'));
	return () => {
		spool[what] = whole;
	};
}

test('a message that could not be stored costs nothing and leaves its place in the line', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	const [account, sender, from] = ['domain:f1.test', mailbox('a@f1.test'), 'a@f1.test'];
	await limit(rig, account, { hour: { recipients: 2 } });
	const mend = breakSpool(rig, 'append');
	for (let index = 0; index < 4; index++)
		assert.equal((await rig.submit({ from, to: [`lost${index}@ok.test`], sender })).end?.code, 451);
	assert.equal(usedIn(rig, account), 0);
	mend();
	await rig.send({ from, to: ['kept0@ok.test', 'kept1@ok.test'], sender });
	const broken = breakSpool(rig, 'append');
	assert.equal((await rig.submit({ from, to: ['line@ok.test'], sender })).end?.code, 451);
	assert.equal(rig.agent.flow.waiting.size, 0);
	broken();
	assert.equal(usedIn(rig, account), 2);
});

test('waiting mail whose release could not be written waits on, unpaid, and leaves when the log is well again', async (context) => {
	const clock = steeredClock();
	const rig = await startRig(context, { internet, isWired: true, clock });
	const [account, sender, from] = ['domain:f2.test', mailbox('a@f2.test'), 'a@f2.test'];
	await limit(rig, account, { hour: { recipients: 1 } });
	await rig.send({ from, to: ['r0@ok.test'], sender });
	const first = await rig.send({ from, to: ['r1@ok.test'], sender });
	const second = await rig.send({ from, to: ['r2@ok.test'], sender });
	await rig.until(() => rig.count('recipient.delivered', { account }) === 1);
	const mend = breakSpool(rig, 'record');
	clock.advance(hourMs);
	await rig.until(() => rig.count('source.failed', { where: 'pace' }) > 0);
	await rig.until(() => rig.agent.flow.waiting.recipients === 2);
	assert.equal(usedIn(rig, account), 0);
	mend();
	await rig.until(() => rig.count('recipient.delivered', { message: first }) === 1);
	assert.equal(rig.count('recipient.delivered', { message: second }), 0, 'the oldest went first');
	assert.equal(usedIn(rig, account), 1);
});

test('a clock set back strands no waiting mail: one leaves in each window, whatever the clock said when it came', async (context) => {
	const clock = steeredClock();
	const rig = await startRig(context, { internet, isWired: true, clock });
	const [account, sender, from] = ['domain:f3.test', mailbox('a@f3.test'), 'a@f3.test'];
	await limit(rig, account, { hour: { recipients: 1 } });
	await rig.send({ from, to: ['c0@ok.test'], sender });
	const before = await rig.send({ from, to: ['c1@ok.test'], sender });
	clock.step(-24 * hourMs);
	const after = await rig.send({ from, to: ['c2@ok.test'], sender });
	assert.equal(usedIn(rig, account), 1, 'what was charged in the future counts as charged now');
	const left = (): number =>
		rig.count('recipient.delivered', { message: before }) + rig.count('recipient.delivered', { message: after });
	for (const number of [1, 2]) {
		clock.advance(hourMs + 1000);
		await rig.until(() => left() === number);
		assert.equal(usedIn(rig, account), 1);
	}
});

test('split: false refuses the recipients beyond its window at RCPT where the account is known by its domain', async (context) => {
	const rig = await startRig(context, { internet, isWired: true });
	const listed = await rig.client.call('putAccounts', {
		body: {
			revision: 1,
			complete: true,
			items: [
				{ id: 'acme', panel: 'none', name: 'Acme', domains: ['acme.test'], since: '2020-01-01T00:00:00.000Z' },
			] as never,
		},
	});
	assert.ok(listed.ok, JSON.stringify(listed));
	await limit(rig, 'acme', { hour: { recipients: 3 }, split: false });
	const to = ['s0', 's1', 's2', 's3', 's4'].map((name) => `${name}@split.test`);
	const replies = await rig.submit({ from: 'a@acme.test', to, sender: mailbox('a@acme.test') });
	assert.deepEqual(
		replies.recipients.map(({ code, text }) => [code, /4\.5\.3/.test(text)]),
		[
			[250, false],
			[250, false],
			[250, false],
			[452, true],
			[452, true],
		],
	);
	assert.match(replies.end?.text ?? '', /queued/);
	// The MTA sends the rest by itself: it waits as a whole.
	const rest = await rig.submit({ from: 'a@acme.test', to: to.slice(3), sender: mailbox('a@acme.test') });
	assert.match(rest.end?.text ?? '', /waiting/);
	assert.equal(usedIn(rig, 'acme'), 3);
	// Of a stranger's domain nothing is known before the header is read.
	const unknown = await rig.submit({ from: 'a@elsewhere.test', to, sender: mailbox('a@acme.test') });
	assert.ok(unknown.recipients.every(({ code }) => code === 250));
});
