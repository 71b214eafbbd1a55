import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import type { WebhookAnswer, WebhookRequest } from '../ports/webhook.ts';
import type { Flow } from './context.ts';
import { handClock } from './hand-clock.fixture.ts';
import { createWebhooks, retryMinutes, webhooksMax } from './webhooks.ts';

const root = { role: 'admin', id: 'root' } as const;
const url = 'https://hooks.far.test/sluice';
const reached = (account: string): SluiceEvent => ({ event: 'limit.reached', atMs: 1000, account });

/** A flow with a clock that is turned by hand, and a poster that answers as it is told. */
function world() {
	const clock = handClock(1_700_000_000_000);
	const documents = new Map<string, unknown>();
	const events: SluiceEvent[] = [];
	const posted: WebhookRequest[] = [];
	let answer: () => WebhookAnswer = () => ({ ok: true, status: 200 });
	const flow = {
		clock,
		random: () => 0.5,
		events: { emit: (event: SluiceEvent) => void events.push(event) },
		settings: () => ({ hostName: 'host.test' }),
		state: {
			documents: () => [...documents].map(([id, value]) => ({ id, value })),
			putDocuments: (_kind: string, entries: { id: string; value: unknown }[]) => {
				for (const { id, value } of entries)
					if (value === undefined) documents.delete(id);
					else documents.set(id, value);
			},
			audit: () => {},
		},
	} as unknown as Flow;
	const poster = {
		post: async (request: WebhookRequest) => {
			posted.push(request);
			return answer();
		},
		refusal: async (asked: string) => (asked.includes('127.0.0.1') ? '127.0.0.1 is a loopback address' : undefined),
		sign: (secret: string, text: string) => `${secret}/${text}`,
		stop: () => {},
	};
	const settle = async () => {
		for (let turn = 0; turn < 20; turn++) await Promise.resolve();
	};
	return {
		flow,
		poster,
		posted,
		events,
		answers(next: typeof answer) {
			answer = next;
		},
		settle,
		async pass(minutes: number) {
			clock.pass(minutes * 60_000);
			await settle();
		},
	};
}

test('what was asked for is posted, in order, signed over time and body; the rest is not', async () => {
	const { flow, poster, posted, settle } = world();
	const hooks = createWebhooks(flow, poster);
	const made = await hooks.add(url, ['limit.reached'], root);
	assert.ok(made.ok);
	for (const account of ['a', 'b', 'c']) hooks.hear(reached(account));
	hooks.hear({ event: 'limit.warning', atMs: 1, account: 'd' });
	hooks.hear({ event: 'webhook.failed', atMs: 1 });
	await settle();
	assert.deepEqual(
		posted.map(({ body }) => JSON.parse(body).account),
		['a', 'b', 'c'],
	);
	const { headers, body } = posted[0] as WebhookRequest;
	assert.equal(headers['Sluice-Signature'], `t=1700000000,v1=${made.value.secret}/1700000000.${body}`);
	assert.deepEqual(JSON.parse(body), {
		id: headers['Sluice-Delivery'],
		event: 'limit.reached',
		at: '1970-01-01T00:00:01.000Z',
		server: 'host.test',
		account: 'a',
	});
	assert.equal(new Set(posted.map((one) => one.headers['Sluice-Delivery'])).size, 3);
	assert.ok(made.value.secret.length > 40);
});

test('what is not taken comes again in order, and is given up after the last interval; the failure is said once', async () => {
	const { flow, poster, posted, settle, pass, answers, events } = world();
	const hooks = createWebhooks(flow, poster);
	await hooks.add(url, ['limit.reached'], root);
	answers(() => ({ ok: false, status: 503, text: 'answered 503' }));
	hooks.hear(reached('a'));
	hooks.hear(reached('b'));
	await settle();
	assert.equal(posted.length, 1, 'the second does not overtake');
	for (const minutes of retryMinutes.slice(0, -1)) await pass(minutes);
	assert.equal(posted.length, retryMinutes.length);
	const [standing] = hooks.list();
	assert.deepEqual([standing?.isFailing, standing?.pending, standing?.dropped], [true, 2, 0]);
	answers(() =>
		posted.length <= retryMinutes.length + 1 ? { ok: false, text: 'refused' } : { ok: true, status: 200 },
	);
	await pass(retryMinutes.at(-1) as number);
	assert.deepEqual(
		posted.slice(retryMinutes.length).map(({ body }) => JSON.parse(body).account),
		['a', 'b'],
		'the first was given up, then the second was taken',
	);
	assert.deepEqual(
		hooks.list().map(({ isFailing, pending, dropped }) => [isFailing, pending, dropped]),
		[[false, 0, 1]],
	);
	const said = events.filter(({ event }) => event === 'webhook.failed');
	assert.deepEqual(
		said.map(({ isGivenUp }) => isGivenUp),
		[false, true],
	);
});

test('bounds: a queue that is full drops and counts; so many hooks and no more', async () => {
	const { flow, poster, settle, answers } = world();
	const hooks = createWebhooks(flow, poster);
	await hooks.add(url, ['limit.reached'], root);
	answers(() => ({ ok: false, text: 'down' }));
	for (let n = 0; n < 1100; n++) hooks.hear(reached(String(n)));
	await settle();
	assert.deepEqual(
		hooks.list().map(({ pending, dropped }) => [pending, dropped]),
		[[1000, 100]],
	);
	assert.deepEqual(await hooks.add('http://127.0.0.1/', ['limit.reached'], root), {
		ok: false,
		error: 'url: 127.0.0.1 is a loopback address',
	});
	for (let n = 1; n < webhooksMax; n++) assert.ok((await hooks.add(url, ['limit.reached'], root)).ok);
	assert.ok(!(await hooks.add(url, ['limit.reached'], root)).ok);
});

test('kept over a restart; removed, nothing more is posted', async () => {
	const { flow, poster, posted, settle, pass, answers } = world();
	const first = createWebhooks(flow, poster);
	await first.add(url, ['limit.reached'], root);
	first.stop();
	const hooks = createWebhooks(flow, poster);
	const [hook] = hooks.list();
	assert.equal(hook?.url, url);
	answers(() => ({ ok: false, text: 'down' }));
	hooks.hear(reached('a'));
	await settle();
	assert.ok(hooks.remove(hook.id, root) !== undefined);
	assert.equal(hooks.remove(hook.id, root), undefined);
	await pass(60);
	hooks.hear(reached('b'));
	await settle();
	assert.equal(posted.length, 1);
	assert.deepEqual(createWebhooks(flow, poster).list(), []);
	assert.equal(await hooks.test(hook.id), undefined);
});
