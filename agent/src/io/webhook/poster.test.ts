/** On real connections to servers of our own. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createPoster, type PosterOptions } from './poster.ts';

async function serve(context: TestContext, listener: RequestListener): Promise<number> {
	const server = createServer(listener);
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	context.after(() => {
		server.closeAllConnections();
		server.close();
	});
	return (server.address() as AddressInfo).port;
}

const poster = (context: TestContext, options: Partial<PosterOptions> = {}) => {
	const made = createPoster({ isAllowed: () => true, ...options });
	context.after(() => made.stop());
	return made;
};

test('the body arrives as it is, with its headers; 2xx is taken, all else is not', async (context) => {
	const seen: unknown[] = [];
	const port = await serve(context, (request, response) => {
		let body = '';
		request.on('data', (chunk) => {
			body += chunk;
		});
		request.on('end', () => {
			seen.push([request.method, request.headers['sluice-event'], request.headers['content-length'], body]);
			if (request.url === '/moved') response.writeHead(302, { Location: '/' }).end();
			else
				response.writeHead(request.url === '/busy' ? 503 : 204).end('x'.repeat(request.url === '/busy' ? 10_000 : 0));
		});
	});
	const post = (path: string) =>
		poster(context).post({
			url: `http://127.0.0.1:${port}${path}`,
			body: '{"ü":1}',
			headers: { 'Sluice-Event': 'limit.reached' },
		});
	assert.deepEqual(await post('/'), { ok: true, status: 204 });
	const busy = await post('/busy');
	assert.ok(!busy.ok && busy.status === 503 && busy.text.length < 300);
	const moved = await post('/moved');
	assert.ok(!moved.ok && moved.status === 302);
	assert.equal(seen.length, 3, 'a redirect is not followed');
	assert.deepEqual(seen[0], ['POST', 'limit.reached', '8', '{"ü":1}']);
});

test('what the world does not reach is not spoken to, by name or by address', async (context) => {
	let connections = 0;
	const port = await serve(context, (_request, response) => {
		connections += 1;
		response.end();
	});
	const guarded = poster(context, { isAllowed: (address) => !address.startsWith('127.') && address !== '::1' });
	for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f.1']) {
		const answer = await guarded.post({ url: `http://${host}:${port}/`, body: '', headers: {} });
		assert.ok(!answer.ok && answer.isRefusedByUs === true, `${host}: ${JSON.stringify(answer)}`);
		assert.match((await guarded.refusal(`http://${host}/`)) ?? '', /a loopback, private or own address/);
	}
	const withPassword = await poster(context).post({ url: `http://a:b@127.0.0.1:${port}/`, body: '', headers: {} });
	assert.ok(!withPassword.ok && withPassword.isRefusedByUs === true);
	assert.equal(connections, 0);
});

test('who does not answer, hangs up or is not there costs a bounded time', async (context) => {
	const port = await serve(context, (request) => {
		if (request.url === '/hang-up') request.socket.destroy();
	});
	const impatient = poster(context, { timeoutMs: 50 });
	const ask = (path: string, at = port) =>
		impatient.post({ url: `http://127.0.0.1:${at}${path}`, body: 'x', headers: {} });
	const silent = await ask('/silent');
	assert.ok(!silent.ok && /no answer within 0.05 s/.test(silent.text), JSON.stringify(silent));
	assert.ok(!(await ask('/hang-up')).ok);
	const [free] = [await serve(context, () => {})];
	assert.ok(free > 0);
	assert.ok(!(await ask('/', 1)).ok);
	assert.ok(!(await impatient.post({ url: 'http://name.invalid/', body: '', headers: {} })).ok);
	assert.equal(await impatient.refusal('http://name.invalid/'), undefined);
});
