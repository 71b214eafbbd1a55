/** Following events against a server that breaks off, forgets, refuses and splits lines where it likes. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createEventReader, followEvents } from './follow.ts';

const actor = { role: 'admin', id: 'root' } as const;
let folder: string;
let socketPath: string;
let server: Server;
let serve: (request: IncomingMessage, response: ServerResponse) => void;

before(async () => {
	folder = mkdtempSync(join(tmpdir(), 'sluice-follow-'));
	socketPath = join(folder, 'agent.sock');
	server = createServer((request, response) => serve(request, response));
	await new Promise<void>((resolve) => server.listen(socketPath, resolve));
});
after(() => {
	server.closeAllConnections();
	server.close();
	rmSync(folder, { recursive: true, force: true });
});

test('events are heard whole wherever the text is split', () => {
	const text = ': following\n\nid: 7\nevent: agent.started\ndata: {"a":1}\n\n: \n\nid:8\nevent:gap\ndata:{}\n\n';
	for (let size = 1; size < 12; size++) {
		const heard: unknown[] = [];
		const read = createEventReader((event) => heard.push(event));
		for (let at = 0; at < text.length; at += size) read(text.slice(at, at + size));
		assert.deepEqual(heard, [
			{ id: '7', event: 'agent.started', data: '{"a":1}' },
			{ id: '8', event: 'gap', data: '{}' },
		]);
	}
});

test('after a break the last id goes back, and a gap is told', { timeout: 20_000 }, async () => {
	const asked: (string | undefined)[] = [];
	const told: string[] = [];
	serve = (request, response) => {
		asked.push(request.headers['last-event-id'] as string | undefined);
		assert.equal(request.headers['sluice-actor'], 'admin root');
		response.writeHead(200, { 'content-type': 'text/event-stream' });
		if (asked.length === 1) {
			response.end('id: 41\nevent: agent.stopped\ndata: {"event":"agent.stopped","time":"t1"}\n\nid: 42\nda');
			return;
		}
		response.write('event: gap\ndata: {"from":42,"to":50}\n\n');
		response.write('id: 50\nevent: agent.started\ndata: {"event":"agent.started","time":"t2"}\n\n');
	};
	const following = followEvents(socketPath, actor, {
		event({ event }) {
			told.push(event);
			if (event === 'agent.started') following.stop();
		},
		gap: () => void told.push('gap'),
		connected: () => void told.push('connected'),
		lost: () => void told.push('lost'),
	});
	assert.equal(await following.ended, undefined);
	assert.deepEqual(asked, [undefined, '41'], 'the half event is not counted as heard');
	assert.deepEqual(told, ['connected', 'agent.stopped', 'lost', 'connected', 'gap', 'agent.started']);
});

test('a refusal ends it with the words of the agent; no agent at all with why', async () => {
	serve = (_request, response) => {
		response.writeHead(403, { 'content-type': 'application/problem+json' });
		response.end('{"type":"urn:sluice:forbidden","title":"Not allowed for this actor","status":403}');
	};
	const silent = { event: () => {}, gap: () => {} };
	const refused = await followEvents(socketPath, actor, silent).ended;
	assert.ok(refused?.kind === 'problem' && refused.problem.type === 'urn:sluice:forbidden');
	serve = (_request, response) => void response.writeHead(503).end();
	const full = await followEvents(socketPath, actor, silent).ended;
	assert.ok(full?.kind === 'problem' && full.problem.title === 'Too many are following already');
	const none = await followEvents(join(folder, 'none.sock'), actor, silent).ended;
	assert.ok(none?.kind === 'unreachable' && none.code === 'ENOENT');
});
