/**
 * Who is told of limits: the sender whose mail waits by a letter, the administrator by another, programs by a webhook.
 */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { given } from './acts.ts';
import { startRig } from './rig.ts';
import { mailbox } from './senders.ts';
import { steeredClock } from './steered-clock.ts';

type Post = { readonly headers: { readonly [name: string]: unknown }; readonly body: string };

async function hookServer(context: TestContext): Promise<{ readonly url: string; readonly posts: Post[] }> {
	const posts: Post[] = [];
	const server = createServer((request, response) => {
		let body = '';
		request.on('data', (chunk) => {
			body += chunk;
		});
		request.on('end', () => {
			posts.push({ headers: request.headers, body });
			response.writeHead(204).end();
		});
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	context.after(() => {
		server.closeAllConnections();
		server.close();
	});
	return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/sluice`, posts };
}

test('an episode: one letter to the sender, one to the administrator, signed posts, nothing again', async (context) => {
	const { url, posts } = await hookServer(context);
	const clock = steeredClock();
	const rig = await startRig(context, {
		isWired: true,
		clock,
		webhookNetworks: ['127.0.0.0/8'],
		config: { notices: { to: ['root@ok.test'] } },
	});
	const made = given(
		await rig.client.call('createWebhook', {
			body: { url, events: ['limit.episode', 'limit.reached', 'limit.warning'] },
		}),
	);
	given(
		await rig.client.call('putLimits', {
			params: { level: 'accounts', id: 'domain:ok.test' },
			body: { mode: 'enforce', hour: { recipients: 5 } },
		}),
	);
	const send = (n: number) =>
		rig.send({ from: 'mary@ok.test', to: [`r${n}@one.test`], sender: mailbox('mary@ok.test') });
	for (let n = 0; n < 9; n++) await send(n);
	await rig.until(() => rig.count('notice.sent', { to: 'mary@ok.test' }) === 1);
	const [told] = rig.events.filter(({ event }) => event === 'notice.sent');
	await rig.until(() => rig.count('recipient.delivered', { message: told?.message as string }) === 1);
	const trace = await rig.trace(told?.message as string);
	assert.match(trace.steps[0]?.text ?? '', /It is a notice of ours\./);
	clock.advance(61_000);
	await rig.until(() => rig.count('notice.sent', { to: 'root@ok.test' }) === 1);
	await rig.until(() => posts.length >= 3);
	assert.equal(rig.count('notice.sent'), 2, 'one letter each');

	const events = posts.map(({ body }) => JSON.parse(body));
	assert.deepEqual(
		events.map(({ event }) => event).toSorted(),
		['limit.episode', 'limit.reached', 'limit.warning'],
		'once a window',
	);
	const episode = events.find(({ event }) => event === 'limit.episode');
	assert.equal(episode.state, 'began');
	assert.equal(episode.account, 'domain:ok.test');
	for (const { headers, body } of posts) {
		const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['sluice-signature'])) ?? [];
		assert.equal(mac, createHmac('sha256', made.secret).update(`${seconds}.${body}`).digest('hex'));
	}
	// An hour on all have left, which is said to programs and to nobody else.
	clock.advance(3_600_000);
	await rig.until(() => rig.count('limit.episode', { state: 'ended' }) === 1);
	assert.equal(rig.count('notice.sent', { to: 'mary@ok.test' }), 1);
});

test('a webhook into the inside of the network is refused when it is added, and says why', async (context) => {
	const { url, posts } = await hookServer(context);
	const rig = await startRig(context);
	const refused = await rig.client.call('createWebhook', { body: { url, events: ['hold.set'] } });
	assert.ok(!refused.ok);
	assert.match(JSON.stringify(refused.error), /127\.0\.0\.1 is a loopback, private or own address/);
	assert.deepEqual(given(await rig.client.call('listWebhooks', {})).items, []);
	assert.equal(posts.length, 0);
});
