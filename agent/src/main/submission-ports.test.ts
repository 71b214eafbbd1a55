import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { type ConfigInput, configSchema } from '@sluice/shared/contract/config.ts';
import { firewallText, submissionPorts, submissionTls, takenBy } from './submission-ports.ts';

const config = (submission: ConfigInput['submission']) => configSchema.parse({ dataDir: '/nowhere', submission });

test('addresses are off by default, and a firewall hears of those that the world could reach', () => {
	assert.deepEqual(submissionPorts(config(undefined)), []);
	const ports = submissionPorts(
		config({ listen: ['0.0.0.0:2587', '127.0.0.1:2588'], listenTls: ['[::]:10465', '[::1]:1'] }),
	);
	assert.deepEqual(
		ports.map(({ host, port, isImplicitTls }) => `${host} ${port} ${isImplicitTls}`),
		['0.0.0.0 2587 false', '127.0.0.1 2588 false', ':: 10465 true', '::1 1 true'],
	);
	assert.deepEqual(firewallText(ports), [
		'Submission at 0.0.0.0:2587 needs a way through the firewall: `nft insert rule inet filter input tcp dport 2587 accept` or `ufw allow 2587/tcp`.',
		'Submission at [::]:10465 needs a way through the firewall: `nft insert rule inet filter input tcp dport 10465 accept` or `ufw allow 10465/tcp`.',
	]);
});

test('what cannot be is said with its key', () => {
	assert.throws(() => submissionPorts(config({ listen: ['fd'] })), {
		name: 'ConfigurationError',
		message: /^submission\.listen: fd/,
	});
	assert.throws(() => submissionTls(config({ listen: ['0.0.0.0:2587'] })), /^ConfigurationError: submission\.tls: /);
	const tls = { certFile: '/nowhere.crt', keyFile: '/nowhere.key' };
	assert.throws(() => submissionTls(config({ tls })), /submission\.tls\.certFile: \/nowhere\.crt cannot be read/);
});

test('a port that is taken is told with its owner; one that is free is not', async (context) => {
	const server = createServer();
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	context.after(() => server.close());
	const { port } = server.address() as { port: number };
	const [taken] = submissionPorts(config({ listenTls: [`127.0.0.2:${port}`] }));
	assert.ok(taken !== undefined);
	// Another address of the same port is nobody's business, save for the ports that are a mail server's.
	assert.equal(await takenBy(taken, false), undefined);
	assert.match(
		(await takenBy(taken, true)) ?? '',
		/^submission\.listenTls: port \d+ of 127\.0\.0\.2:\d+ belongs to .+ choose another port/,
	);
});
