/** What a whole server promises before anything is installed on it: real units, real mail, nothing left behind. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { serversUnavailable, startServer } from './server-box.ts';

const unavailable = await serversUnavailable();
const skip = unavailable === undefined ? false : `no whole servers here: ${unavailable}`;
if (skip) console.log(skip);

for (const mta of ['exim', 'postfix'] as const)
	test(`a server with ${mta}: units run it, mail reaches the internet, ports and rules are its own`, {
		skip,
	}, async (t) => {
		const server = await startServer(t, { mta });
		await server.send('someone@ok.test').catch(async (error) => assert.fail(`${error} ${await server.report()}`));
		const [message] = await server.internet
			.arrived('someone@ok.test')
			.catch(async (error) => assert.fail(`${error} ${await server.report()}`));
		assert.match(message!.reversePath, /^webuser@/);
		assert.equal(await server.stateOf(mta === 'exim' ? 'exim4' : 'postfix'), 'active');
		await server.run(['nft', 'add', 'table', 'inet', 'sluice-test']);
		assert.match((await server.run(['nft', 'list', 'tables'])).stdout, /sluice-test/);
		const { pid } = server.box;
		await server.stop();
		assert.ok(!existsSync(`/proc/${pid}`));
	});
