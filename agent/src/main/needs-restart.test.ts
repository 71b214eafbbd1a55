import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ConfigInput, configSchema } from '@sluice/shared/contract/config.ts';
import { needsRestart } from './needs-restart.ts';

const config = (over: Partial<ConfigInput>) => configSchema.parse({ dataDir: '/var/lib/sluice', ...over });
const before = config({});

test('what is read anew needs no restart', () => {
	const after = config({
		smtp: { hopsMax: 20 },
		spool: { minFreeBytes: 5, minFreeRatio: 0 },
		queue: { recipientsMax: 7 },
		delivery: { retry: { firstSeconds: 9 }, helo: 'a.test', allowAddresses: ['127.0.0.0/8'] },
		dsn: { via: { host: '127.0.0.1', port: 25 } },
	});
	assert.deepEqual(needsRestart(before, after), []);
});

test('what was made once is named', () => {
	const after = config({
		dataDir: '/elsewhere',
		hostName: 'other.test',
		wiring: { mta: 'exim', hostNames: ['mx.test'] },
		smtp: { listen: '127.0.0.1:9', hopsMax: 20, tls: { certFile: 'c', keyFile: 'k' } },
		api: { socket: '/run/x.sock' },
		spool: { minFreeBytes: 5, reserveBytes: 2 ** 20 },
		delivery: { connectTimeoutSeconds: 5, lane: { windowMax: 3 } },
	});
	assert.deepEqual(needsRestart(before, after), [
		'dataDir',
		'hostName',
		'smtp.listen',
		'smtp.tls',
		'wiring.mta',
		'api.socket',
		'spool.reserveBytes',
		'delivery.connectTimeoutSeconds',
		'delivery.lane',
	]);
});
