/**
 * Limits on mail: what is over waits and leaves in pace, in order, once; what a limit may do instead; what keeps waiting mail from
 * growing without bound. Counted at the sinks and in the usage.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LimitsInput } from '@sluice/shared/contract/limit-shapes.ts';
import { type LimitRule, scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { given, takenBy } from './acts.ts';
import { plainMessage, type Rig, startRig } from './rig.ts';
import { mailbox, unixUser } from './senders.ts';
import { steeredClock } from './steered-clock.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

let rigs = 0;
/** Each rig has accounts of its own: the sinks are shared. */
async function limited(context: Parameters<typeof startRig>[0], options: Parameters<typeof startRig>[1] = {}) {
	const clock = steeredClock();
	const rig = await startRig(context, { internet, isWired: true, clock, ...options });
	const domain = `l${++rigs}.test`;
	return { rig, clock, domain, account: `domain:${domain}`, sender: mailbox(`mary@${domain}`) };
}

const enforce = (rest: Partial<LimitsInput>): LimitsInput => ({ mode: 'enforce', ...rest }) as LimitsInput;

async function setLimits(rig: Rig, id: string, body: LimitsInput, level: 'accounts' | 'mailboxes' = 'accounts') {
	return given(await rig.client.call('putLimits', { params: { level, id }, body }));
}

const used = (rig: Rig, account: string, rule: LimitRule): number =>
	rig.agent.flow.meter.used(scopeKeyOf('account', account), rule, rig.agent.flow.clock.now());

/** Hands one message in for these addresses; the state that the reply names. */
async function sendTo(
	rig: Rig,
	sender: string,
	from: string,
	to: readonly string[],
): Promise<[id: string, state: string]> {
	const answer = (await rig.submit({ from, to, sender })).end;
	const found = /^250 2\.0\.0 (\w{13}) (\w+); see Outgoing mail$/.exec(answer?.text ?? '');
	assert.ok(found, JSON.stringify(answer));
	return [found[1] as string, found[2] as string];
}

const delivered = (rig: Rig, message: string): number => rig.count('recipient.delivered', { message });

test('over a limit mail waits, leaves oldest first when an hour is over, and new mail stands behind it (invariant 4)', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context);
	await setLimits(rig, account, enforce({ hour: { recipients: 3 } }));
	const from = `mary@${domain}`;
	const sent: [string, string][] = [];
	for (let index = 0; index < 8; index++) sent.push(await sendTo(rig, sender, from, [`a${index}@ok.test`]));
	assert.deepEqual(
		sent.map(([, state]) => state),
		['queued', 'queued', 'queued', 'waiting', 'waiting', 'waiting', 'waiting', 'waiting'],
	);
	await rig.until(() => sent.slice(0, 3).every(([id]) => delivered(rig, id) === 1));
	const { verdict } = await rig.trace(sent[3]?.[0] as string);
	assert.equal(verdict.action, 'wait');
	assert.match(verdict.reasons[0]?.text ?? '', /limit of 3 recipients an hour/);
	assert.equal(used(rig, account, 'hour.recipients'), 3, 'waiting mail is not in the usage');

	// Nobody else is met.
	const [other] = await sendTo(rig, mailbox('n@neighbour.test'), 'n@neighbour.test', ['other@ok.test']);
	await rig.until(() => delivered(rig, other) === 1);

	clock.advance(hourMs);
	await rig.until(() => sent.slice(3, 6).every(([id]) => delivered(rig, id) === 1));
	assert.equal(used(rig, account, 'hour.recipients'), 3);
	assert.deepEqual(rig.agent.flow.waiting.totalsOf(scopeKeyOf('account', account)).recipients, 2);
	const [late, state] = await sendTo(rig, sender, from, ['late@ok.test']);
	assert.equal(state, 'waiting');
	clock.advance(hourMs);
	await rig.until(() => [...sent.slice(6).map(([id]) => id), late].every((id) => delivered(rig, id) === 1));
	const order = rig.events
		.filter(({ event, account: whose }) => event === 'recipient.delivered' && whose === account)
		.map(({ recipient }) => String(recipient).split('@')[0]);
	assert.deepEqual(
		[order.slice(3, 6).sort(), order.slice(6).sort()],
		[
			['a3', 'a4', 'a5'],
			['a6', 'a7', 'late'],
		],
	);
	const released = rig.events.filter(({ event }) => event === 'message.released');
	assert.equal(released.length, 6);
	assert.ok(released.every(({ why, actor }) => String(why).startsWith('limit') && actor === 'agent'));
	for (let index = 0; index < 8; index++) assert.equal(takenBy(internet, `a${index}@ok.test`), 1);
	const episodes = rig.events.filter(({ event }) => event === 'limit.episode');
	assert.deepEqual(
		episodes.map(({ state: of, waiting, account: whose }) => [of, waiting, whose]),
		[
			['began', 1, account],
			['ended', 0, account],
		],
	);
	assert.equal(rig.count('limit.reached', { account }) >= 1, true);
});

test('a message with more recipients than its whole window leaves in parts, and is counted once', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context);
	await setLimits(rig, account, enforce({ minute: { recipients: 4 }, hour: { messages: 50 } }));
	const to = Array.from({ length: 10 }, (_, index) => `p${index}@parts-${domain}`);
	const [id, state] = await sendTo(rig, sender, `mary@${domain}`, to);
	assert.equal(state, 'queued');
	for (const part of [4, 8, 10]) {
		await rig.until(() => delivered(rig, id) === part);
		assert.ok(used(rig, account, 'minute.recipients') <= 4);
		clock.advance(minuteMs);
	}
	assert.equal(used(rig, account, 'hour.messages'), 1);
	assert.equal(used(rig, account, 'hour.recipients'), 10);
	for (const address of to) assert.equal(takenBy(internet, address), 1);
});

test('a hundred connections at the limit: not one recipient over, none twice (invariant 3)', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context);
	await setLimits(rig, account, enforce({ hour: { recipients: 30 } }));
	const from = `mary@${domain}`;
	const addresses = Array.from({ length: 100 }, (_, index) => `many${index}@ok.test`);
	const sent = await Promise.all(addresses.map((address) => sendTo(rig, sender, from, [address])));
	const isWaiting = ([, state]: readonly [string, string]): boolean => state === 'waiting';
	assert.equal(sent.filter(isWaiting).length, 70);
	for (const left of [30, 60, 90, 100]) {
		await rig.until(() => rig.count('recipient.delivered', { account }) === left);
		assert.equal(used(rig, account, 'hour.recipients'), left === 100 ? 10 : 30);
		assert.equal(addresses.filter((address) => takenBy(internet, address) === 1).length, left);
		clock.advance(hourMs);
	}
	// What the log says was charged, counted anew.
	await rig.trace(sent[0]?.[0] as string); // the history follows the log
	let charges = 0;
	for (const [id] of sent) {
		const life = await rig.agent.flow.history.life(id);
		charges += life?.steps.filter(({ charge }) => charge !== undefined).length ?? 0;
		charges += life?.record.initial === 'queued' ? 1 : 0;
	}
	assert.equal(charges, 100);
	assert.ok(addresses.every((address) => takenBy(internet, address) === 1));
});

test('over: defer and over: reject say so at once, and nothing is kept', async (context) => {
	const { rig, domain, account, sender } = await limited(context);
	const from = `mary@${domain}`;
	for (const [over, wanted] of [
		['defer', /^450 4\.7\.1 /],
		['reject', /^550 5\.7\.1 /],
	] as const) {
		await setLimits(rig, account, enforce({ hour: { recipients: 1 }, over }));
		await rig.submit({ from, to: [`one-${over}@ok.test`], sender });
		const answer = (await rig.submit({ from, to: [`two-${over}@ok.test`], sender })).end;
		assert.match(answer?.text ?? '', wanted);
	}
	assert.equal(rig.agent.flow.waiting.size, 0);
	assert.equal(rig.count('message.refused', { rule: 'limit.hour.recipients' }), 3);
	assert.equal(used(rig, account, 'hour.recipients'), 1);
});

test('what may wait is bounded for each account, in number, bytes and age', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context, {
		config: { limits: { waiting: { recipientsMax: 3, bytesMax: 1_048_576, ageSeconds: 600, expireSeconds: 86_400 } } },
	});
	const from = `mary@${domain}`;
	await setLimits(rig, account, enforce({ hour: { recipients: 1 } }));
	for (let index = 0; index < 4; index++) await sendTo(rig, sender, from, [`bound${index}@ok.test`]);
	const full = (await rig.submit({ from, to: ['beyond@ok.test'], sender })).end;
	assert.match(full?.text ?? '', /^450 4\.7\.1 Too much mail of this sender waits/);
	await setLimits(rig, account, enforce({ hour: { recipients: 3 } }));
	await rig.until(() => rig.count('recipient.delivered', { account }) === 3);
	const large = `${plainMessage('large@ok.test')}${`${'y'.repeat(76)}\r\n`.repeat(14_000)}`;
	const tooLarge = (await rig.submit({ from, to: ['large@ok.test'], sender, message: large })).end;
	assert.match(tooLarge?.text ?? '', /^450 4\.7\.1 /);
	assert.equal((await sendTo(rig, sender, from, ['small@ok.test']))[1], 'waiting');
	clock.advance(601_000);
	const old = (await rig.submit({ from, to: ['old@ok.test'], sender })).end;
	assert.match(old?.text ?? '', /^450 4\.7\.1 /, 'the oldest has waited for too long');
});

test('too many recipients in one message are held, and so is mail over a limit of nothing', async (context) => {
	const { rig, domain, account, sender } = await limited(context);
	const from = `mary@${domain}`;
	await setLimits(rig, account, enforce({ recipientsPerMessage: 2 }));
	const [id, state] = await sendTo(rig, sender, from, ['h1@ok.test', 'h2@ok.test', 'h3@ok.test']);
	assert.equal(state, 'held');
	assert.equal((await rig.trace(id)).verdict.reasons[0]?.rule, 'limit.message.recipients');
	const released = await rig.client.call('releaseMessage', { params: { id }, body: { reason: 'a newsletter' } });
	assert.deepEqual(given(released), { recipients: 3, messages: 1 });
	await rig.until(() => delivered(rig, id) === 3);
	assert.equal(used(rig, account, 'hour.recipients'), 3, 'a release is charged');
	await setLimits(rig, account, enforce({ day: { messages: 0 } }));
	const [never, isHeld] = await sendTo(rig, sender, from, ['never@ok.test']);
	assert.equal(isHeld, 'held');
	const still = await rig.client.call('releaseMessage', { params: { id: never }, body: { reason: 'try' } });
	assert.deepEqual(given(still), { recipients: 0, messages: 0 });
	const now = await rig.client.call('releaseMessage', { params: { id: never }, body: { reason: 'now', now: true } });
	assert.deepEqual(given(now), { recipients: 1, messages: 1 });
	await rig.until(() => delivered(rig, never) === 1);
});

test('released mail obeys the limit and leaves in pace, or at once when a person says so', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context);
	const from = `mary@${domain}`;
	const hold = given(
		await rig.client.call('putHold', {
			body: { selector: { kind: 'account', id: account }, reason: 'looks odd', seconds: 3600 },
		}),
	).hold;
	const ids: string[] = [];
	for (let index = 0; index < 6; index++) ids.push((await sendTo(rig, sender, from, [`rel${index}@ok.test`]))[0]);
	await setLimits(rig, account, enforce({ hour: { recipients: 2 } }));
	given(await rig.client.call('deleteHold', { params: { id: hold.id }, query: { release: 'true' } }));
	await rig.until(() => rig.count('recipient.delivered', { account }) === 2);
	assert.equal(rig.count('message.waiting', { actor: 'admin scenario' }), 4);
	assert.equal(rig.agent.flow.waiting.recipients, 4);
	clock.advance(hourMs);
	await rig.until(() => rig.count('recipient.delivered', { account }) === 4);
	assert.deepEqual(
		ids.slice(0, 4).map((id) => delivered(rig, id)),
		[1, 1, 1, 1],
	);
	const now = await rig.client.call('releaseMessage', { params: { id: ids[5] as string }, body: { reason: 'urgent' } });
	assert.deepEqual(given(now), { recipients: 1, messages: 1 });
	await rig.until(() => delivered(rig, ids[5] as string) === 1);
	assert.equal(used(rig, account, 'hour.recipients'), 3, 'charged although over the limit');
	assert.equal(delivered(rig, ids[4] as string), 0);
});

test('waiting mail that a person holds or drops leaves the line, and those behind it move up', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context);
	const from = `mary@${domain}`;
	await setLimits(rig, account, enforce({ hour: { messages: 1 } }));
	const ids: string[] = [];
	for (let index = 0; index < 4; index++) ids.push((await sendTo(rig, sender, from, [`line${index}@ok.test`]))[0]);
	const [, held, dropped, last] = ids as [string, string, string, string];
	for (const [act, id] of [
		['hold', held],
		['discard', dropped],
	] as const)
		given(
			await rig.client.call('act', { params: { act }, body: { selector: { kind: 'message', id }, reason: 'a test' } }),
		);
	assert.equal(rig.agent.flow.waiting.size, 1);
	clock.advance(hourMs);
	await rig.until(() => delivered(rig, last) === 1);
	assert.equal(rig.count('limit.episode', { state: 'ended', account }), 1);
	assert.equal(delivered(rig, held), 0);
});

test('a higher limit lets waiting mail go at once', async (context) => {
	const { rig, domain, account, sender } = await limited(context);
	const from = `mary@${domain}`;
	await setLimits(rig, account, enforce({ day: { recipients: 1 } }));
	const ids: string[] = [];
	for (let index = 0; index < 5; index++) ids.push((await sendTo(rig, sender, from, [`more${index}@ok.test`]))[0]);
	assert.equal(rig.agent.flow.waiting.size, 4);
	await setLimits(rig, account, enforce({ day: { recipients: 100 } }));
	await rig.until(() => ids.every((id) => delivered(rig, id) === 1));
	assert.equal(rig.agent.flow.waiting.size, 0);
});

test('waiting mail and usage outlive a restart: nothing is charged twice, nothing goes past', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context);
	const from = `mary@${domain}`;
	await setLimits(rig, account, enforce({ hour: { recipients: 2 } }));
	for (let index = 0; index < 5; index++) await sendTo(rig, sender, from, [`again${index}@ok.test`]);
	await rig.until(() => rig.count('recipient.delivered', { account }) === 2);
	const next = await rig.restart();
	assert.equal(used(next, account, 'hour.recipients'), 2);
	assert.equal(next.agent.flow.waiting.recipients, 3);
	const [late, state] = await sendTo(next, sender, from, ['behind@ok.test']);
	assert.equal(state, 'waiting');
	clock.advance(hourMs);
	await next.until(() => next.count('recipient.delivered', { account }) === 2);
	assert.equal(delivered(next, late), 0);
	assert.deepEqual(
		[0, 1, 2, 3, 4].map((index) => takenBy(internet, `again${index}@ok.test`)),
		[1, 1, 1, 1, 0],
	);
	clock.advance(hourMs);
	await next.until(() => next.count('recipient.delivered', { account }) === 4);
	assert.equal(next.count('limit.episode', { state: 'began' }), 0, 'the episode went on');
	assert.equal(next.count('limit.episode', { state: 'ended' }), 1);
});

test('waiting for too long: given up with one report to a sender that is known', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context, {
		config: { limits: { waiting: { expireSeconds: 7200 } } },
	});
	await setLimits(rig, account, enforce({ day: { recipients: 1 } }));
	await sendTo(rig, sender, `mary@${domain}`, ['gone0@ok.test']);
	const [id] = await sendTo(rig, sender, `mary@${domain}`, ['gone1@ok.test']);
	const [forged] = await sendTo(rig, sender, 'victim@elsewhere.test', ['gone2@ok.test']);
	clock.advance(2 * hourMs + minuteMs);
	await rig.until(() => rig.count('recipient.expired') === 2 && rig.count('message.finished', { message: id }) === 1);
	await rig.until(() => rig.count('message.finished', { message: forged }) === 1);
	assert.equal(rig.count('dsn.sent', { message: id, to: `mary@${domain}` }), 1);
	assert.equal(rig.count('dsn.sent', { message: forged }), 0, 'nobody else hears of a forgery');
	assert.equal(rig.agent.flow.waiting.size, 0);
});

test('a script of a known account hears at its own domain that its mail waited for too long, and at no other', async (context) => {
	const { rig, clock } = await limited(context, { config: { limits: { waiting: { expireSeconds: 7200 } } } });
	const shop = {
		id: 'shop',
		panel: 'none',
		name: 'Shop',
		unixUsers: [{ name: 'shop', uid: 7100 }],
		domains: ['shop.test'],
		since: '2020-01-01T00:00:00.000Z',
	};
	given(await rig.client.call('putAccounts', { body: { revision: 1, complete: true, items: [shop] } }));
	await setLimits(rig, 'shop', enforce({ day: { recipients: 1 } }));
	const script = unixUser(7100);
	await sendTo(rig, script, 'orders@shop.test', ['own0@ok.test']);
	const [own] = await sendTo(rig, script, 'orders@shop.test', ['own1@ok.test']);
	const [other] = await sendTo(rig, script, 'victim@elsewhere.test', ['own2@ok.test']);
	clock.advance(2 * hourMs + minuteMs);
	await rig.until(() => [own, other].every((message) => rig.count('message.finished', { message }) === 1));
	assert.equal(rig.count('dsn.sent', { message: own, to: 'orders@shop.test' }), 1);
	assert.equal(rig.count('dsn.sent', { message: other }), 0);
});

test('a limit that only counts keeps nothing, says so, and remembers it over a restart', async (context) => {
	const { rig, clock, domain, account, sender } = await limited(context);
	await setLimits(rig, account, { mode: 'monitor', hour: { recipients: 2 } } as LimitsInput);
	const ids: string[] = [];
	for (let index = 0; index < 4; index++)
		ids.push((await sendTo(rig, sender, `mary@${domain}`, [`mon${index}@ok.test`]))[0]);
	await rig.until(() => ids.every((id) => delivered(rig, id) === 1));
	const { verdict } = await rig.trace(ids[3] as string);
	assert.equal(verdict.action, 'accept');
	assert.equal(verdict.reasons[0]?.rule, 'limit.hour.recipients.monitor');
	const counted = (of: Rig) => {
		const [count] = of.agent.flow.wouldHave.of('account', account);
		return [count?.rule, count?.messages, count?.recipients];
	};
	assert.deepEqual(counted(rig), ['hour.recipients', 2, 2]);
	assert.equal(rig.count('limit.reached', { account, mode: 'monitor' }), 1, 'told once, never a flood');
	// Written by the sweep.
	clock.advance(minuteMs);
	await rig.until(() => rig.agent.flow.state.documents('count').length > 0);
	assert.deepEqual(counted(await rig.restart()), ['hour.recipients', 2, 2]);
});

test('an error while measuring keeps nobody’s mail: it goes on undecided, is told, and nothing is charged (invariant 10)', async (context) => {
	const { rig, domain, account, sender } = await limited(context);
	await setLimits(rig, account, enforce({ hour: { recipients: 1 } }));
	const { meter } = rig.agent.flow;
	const { used: ask } = meter;
	(meter as { used: unknown }).used = () => {
		throw new Error('a bug');
	};
	const sent: [string, string][] = [];
	for (let index = 0; index < 3; index++)
		sent.push(await sendTo(rig, sender, `mary@${domain}`, [`bug${index}@ok.test`]));
	await rig.until(() => sent.every(([id]) => delivered(rig, id) === 1));
	(meter as { used: unknown }).used = ask;
	assert.equal(rig.count('source.failed', { where: 'measure' }), 3);
	assert.equal((await rig.trace(sent[0]?.[0] as string)).verdict.reasons[0]?.rule, 'accept.undecided');
	assert.equal(used(rig, account, 'hour.recipients'), 0);
});
