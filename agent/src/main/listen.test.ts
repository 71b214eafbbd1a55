/** What keeps the relay port from being opened, in words that help. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { configSchema } from '@sluice/shared/contract/config.ts';
import { systemClock } from '../io/system/clock.ts';
import type { ReceptionHandlers } from '../ports/smtp-in.ts';
import { listen } from './listen.ts';

test('a port that another program has is named, with what to do', async () => {
	const other = createServer().listen(0, '127.0.0.1');
	await once(other, 'listening');
	const address = `127.0.0.1:${(other.address() as AddressInfo).port}`;
	const config = configSchema.parse({ dataDir: '/nonexistent', smtp: { listen: address } });
	// Nobody connects: the handlers are never called.
	const handlers = {} as ReceptionHandlers;
	await assert.rejects(
		listen({ config, socketFd: undefined, clock: systemClock, hostName: 'relay.test', handlers }),
		(error: Error) =>
			error.message.includes(`another program listens on ${address}`) && error.message.includes('ss -ltnp'),
	);
	other.close();
});
