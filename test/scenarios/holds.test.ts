/**
 * Standing holds: what of queued and new mail they take, how they end, and that lifting one does not undo another.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accept } from '@sluice/agent/flow/accept.ts';
import { setHold as holdInProcess, liftHold } from '@sluice/agent/flow/standing-holds.ts';
import { sweep } from '@sluice/agent/flow/sweep.ts';
import type { Selector } from '@sluice/shared/words/selector.ts';
import { type Internet, startInternet } from '../internet/internet.ts';
import { act, given, patient, setHold, states, takenBy } from './acts.ts';
import { type Sending, startRig } from './rig.ts';
import { mailbox, unixUser } from './senders.ts';

let internet: Internet;
before(async () => {
	internet = await startInternet();
});
after(() => internet.stop());

const standing: readonly Selector[] = [
	{ kind: 'account', id: 'domain:held.test' },
	{ kind: 'identity', id: 'unix:7001' },
	{ kind: 'destination', id: 'held-place.test' },
];

test('a standing hold takes queued and new mail until it is lifted, for a reason that is told everywhere (invariants 5, 6)', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	for (const selector of standing) {
		const mine = {
			...(selector.kind === 'account' ? { sender: mailbox('mary@held.test') } : {}),
			...(selector.kind === 'identity' ? { sender: unixUser(7001) } : {}),
		};
		const place = selector.kind === 'destination' ? selector.id : 'ok.test';
		const before = await rig.send({ ...mine, to: [`greylist-1-${selector.kind}@${place}`] });
		await rig.until(() => rig.count('recipient.deferred', { message: before }) === 1);
		const { hold, recipients } = await setHold(rig, selector);
		assert.equal(recipients, 1);
		assert.equal(hold.author, 'admin scenario');

		const reply = (await rig.submit({ ...mine, to: [`new-${selector.kind}@${place}`] })).end;
		assert.match(reply?.text ?? '', /^250 2\.0\.0 \w{13} held; see Outgoing mail$/);
		const held = reply?.text.split(' ')[2] ?? '';
		const { verdict } = await rig.trace(held);
		assert.equal(verdict.action, 'hold');
		assert.deepEqual(
			verdict.reasons.map(({ rule, text, value }) => ({ rule, text, value })),
			[{ rule: `hold.${selector.kind}`, text: 'looks hijacked', value: selector.id }],
		);
		const event = rig.events.find((one) => one.event === 'message.held' && one.message === held);
		assert.deepEqual(event?.reasons, [`hold.${selector.kind}: looks hijacked`]);
		// Somebody else is not met.
		const neighbour = await rig.send({ to: ['neighbour@ok.test'], sender: mailbox('n@neighbour.test') });
		await rig.until(() => rig.count('recipient.delivered', { message: neighbour }) === 1);

		assert.deepEqual(given(await rig.client.call('listHolds')).items, [hold]);
		const lifted = given(await rig.client.call('deleteHold', { params: { id: hold.id }, query: { release: 'true' } }));
		assert.deepEqual(lifted, { recipients: 2, messages: 2 });
		await rig.until(() => [before, held].every((message) => rig.count('recipient.delivered', { message }) === 1));
		assert.deepEqual(given(await rig.client.call('listHolds')).items, []);
	}
	const { items } = given(await rig.client.call('audit'));
	assert.deepEqual(
		items.map(({ act, subject, actor }) => [act, subject, actor]),
		standing.toReversed().flatMap(({ kind, id }) => [
			['hold.lift', `${kind} ${id}`, 'admin scenario'],
			['hold.set', `${kind} ${id}`, 'admin scenario'],
		]),
	);
});

test('a hold of a destination holds those recipients of a message and lets the others go', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient });
	// As people type a domain: in any case.
	const { hold } = await setHold(rig, { kind: 'destination', id: 'One-Held.test' });
	const to = ['a@ok.test', 'b@one-held.test', 'c@ONE-HELD.test', 'd@two.test'];
	const reply = (await rig.submit({ to })).end;
	assert.match(reply?.text ?? '', /queued; see Outgoing mail$/);
	const id = reply?.text.split(' ')[2] ?? '';
	await rig.until(() => rig.count('recipient.delivered', { message: id }) === 2);
	assert.deepEqual(await states(rig, id), {
		'a@ok.test': 'delivered',
		'b@one-held.test': 'held',
		'c@ONE-HELD.test': 'held',
		'd@two.test': 'delivered',
	});
	const byDestination = given(await rig.client.call('queue', { query: { by: 'destination' } }));
	assert.deepEqual(byDestination.items, [
		{ key: 'one-held.test', recipients: 2, queued: 0, waiting: 0, held: 2, sending: 0 },
	]);
	given(await liftHold(rig.agent.flow, hold.id, true, { role: 'admin', id: 'scenario' }));
	await rig.until(() => rig.count('message.finished') === 1);
	assert.equal(takenBy(internet, 'b@one-held.test'), 1);
	assert.equal(takenBy(internet, 'c@ONE-HELD.test'), 1);
});

test('a hold ends at its time: new mail goes, held mail stays until somebody decides', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient });
	// One whose time is up holds nothing more, also before anybody has swept it away.
	const over = { selector: { kind: 'destination', id: 'over.test' }, reason: 'for no time', seconds: 0 } as const;
	given(await holdInProcess(rig.agent.flow, over, { role: 'admin', id: 'scenario' }));
	await rig.send({ to: ['x@over.test'] });
	await rig.until(() => rig.count('message.finished') === 1);

	await setHold(rig, { kind: 'destination', id: 'ok.test' });
	const held = (await rig.submit({ to: ['held@ok.test'] })).end?.text.split(' ')[2] ?? '';
	const { flow } = rig.agent;
	const later = { ...flow, clock: { ...flow.clock, now: () => Date.now() + 3_601_000 } };
	await sweep(later);
	assert.equal(rig.count('hold.lifted', { actor: 'agent' }), 2);
	assert.deepEqual(given(await rig.client.call('listHolds')).items, []);
	const free = await rig.send({ to: ['free@ok.test'] });
	await rig.until(() => rig.count('recipient.delivered', { message: free }) === 1);
	assert.deepEqual(await states(rig, held), { 'held@ok.test': 'held' });
	assert.equal((await act(rig, 'REST', 'release', { kind: 'message', id: held })).recipients, 1);
	await rig.until(() => rig.count('recipient.delivered', { message: held }) === 1);
});

test('held too long it expires, with one report to a sender that is known, none to others (invariant 4)', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	await setHold(rig, { kind: 'destination', id: 'forgotten.test' });
	const to = ['x@forgotten.test', 'y@forgotten.test'];
	const sent = async (sending: Omit<Sending, 'to'>): Promise<string> =>
		(await rig.submit({ ...sending, to })).end?.text.split(' ')[2] ?? '';
	const known = await sent({ from: 'owner@one.test', sender: mailbox('owner@one.test') });
	const forged = await sent({ from: 'ceo@elsewhere.test', sender: mailbox('owner@one.test') });
	const nobody = await sent({ from: '', sender: mailbox('owner@one.test') });
	const { flow } = rig.agent;
	const weekLater = { ...flow, clock: { ...flow.clock, now: () => Date.now() + 8 * 86_400_000 } };
	await sweep(weekLater);
	for (const id of [known, forged, nobody])
		assert.deepEqual(await states(rig, id), { 'x@forgotten.test': 'expired', 'y@forgotten.test': 'expired' });
	await sweep(weekLater);
	await rig.until(() => rig.count('message.finished') >= 3);
	assert.deepEqual(
		[known, forged, nobody].map((message) => rig.count('dsn.sent', { message })),
		[1, 0, 0],
	);
});

test('lifting one hold with release leaves to another what is its', async (context) => {
	const rig = await startRig(context, { internet, isWired: true, delivery: patient });
	const sender = mailbox('mary@both.test');
	const byAccount = await setHold(rig, { kind: 'account', id: 'domain:both.test' });
	const byPlace = await setHold(rig, { kind: 'destination', id: 'both-place.test' });
	const id =
		(await rig.submit({ to: ['x@both-place.test', 'x@free-place.test'], sender })).end?.text.split(' ')[2] ?? '';
	const lift = (hold: string) => rig.client.call('deleteHold', { params: { id: hold }, query: { release: 'true' } });
	assert.deepEqual(given(await lift(byAccount.hold.id)), { recipients: 1, messages: 1 });
	await rig.until(() => rig.count('recipient.delivered', { message: id }) === 1);
	assert.deepEqual(await states(rig, id), { 'x@both-place.test': 'held', 'x@free-place.test': 'delivered' });
	assert.deepEqual(given(await lift(byPlace.hold.id)), { recipients: 1, messages: 1 });
	await rig.until(() => rig.count('message.finished', { message: id }) === 1);
});

test('a hold that is set while a message is on its way to the disk takes it too', async (context) => {
	const rig = await startRig(context, { internet, delivery: patient });
	const { flow } = rig.agent;
	const spool: typeof flow.spool = {
		...flow.spool,
		async append(...record) {
			const asked = { selector: { kind: 'destination', id: 'race.test' }, reason: 'just now', seconds: 60 } as const;
			await holdInProcess(flow, asked, { role: 'admin', id: 'scenario' });
			return flow.spool.append(...record);
		},
	};
	const peer = { address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2, proved: true };
	const session = { id: 's', peer, helo: 'client.test', protocol: 'ESMTP', xforward: {} };
	const content = Buffer.from('Subject: race\r\n\r\nHello.\r\n');
	const reply = await accept(
		{ ...flow, spool },
		session,
		{ reversePath: 'a@one.test', recipients: [{ address: 'x@race.test' }], has8bit: false, smtpUtf8: false },
		{
			chunks: [content],
			bytes: content.length,
			headerText: 'Subject: race\r\n\r\n',
			has8bit: false,
			newlinesNormalised: 0,
		},
	);
	const id = reply.lines[0]?.split(' ')[0] ?? '';
	assert.match(reply.lines[0] ?? '', /held; see Outgoing mail$/);
	assert.deepEqual(await states(rig, id), { 'x@race.test': 'held' });
	assert.equal(takenBy(internet, 'x@race.test'), 0);
});
