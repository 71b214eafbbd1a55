import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { explainConfig } from './explain.ts';
import { loadConfig, problemText } from './load.ts';

function configFile(text: string, parts: Record<string, string> = {}): string {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
	const file = join(folder, 'agent.yaml');
	writeFileSync(file, text);
	if (Object.keys(parts).length > 0) mkdirSync(join(folder, 'conf.d'));
	for (const [name, part] of Object.entries(parts)) writeFileSync(join(folder, 'conf.d', name), part);
	return file;
}

function problemsOf(text: string): string[] {
	const file = configFile(text);
	const loaded = loadConfig(file);
	assert.equal(loaded.ok, false);
	return loaded.error.map((problem) => problemText(problem).replace(file, 'agent.yaml'));
}

test('the smallest useful file loads and every other key has its default', () => {
	const loaded = loadConfig(configFile('dataDir: ./var\ndelivery:\n  smarthost: { host: 127.0.0.1, port: 2600 }\n'));
	assert.ok(loaded.ok);
	assert.equal(loaded.value.config.smtp.listen, '127.0.0.1:2526');
	assert.equal(loaded.value.config.delivery.smarthost?.port, 2600);
	const port = explainConfig(loaded.value, 'delivery.smarthost').find((row) => row.key === 'delivery.smarthost.port');
	assert.equal(port?.origin, 'agent.yaml:3');
});

test('a mistake names file, line, key, what was found and what is allowed; all are told at once', () => {
	assert.deepEqual(
		problemsOf('dataDir: ./var\nsmtp:\n  lisen: 127.0.0.1:25\n  hopsMax: many\ndelivery:\n  lane: { windowMax: 0 }\n'),
		[
			'agent.yaml:4: smtp.hopsMax: found "many", allowed: whole number, 10 to 200',
			'agent.yaml:3: smtp.lisen: unknown key; did you mean smtp.listen?',
			'agent.yaml:6: delivery.lane.windowMax: found 0, allowed: whole number, 1 to 1000',
		],
	);
});

test('a missing key, broken YAML and a missing file are told as such', () => {
	assert.deepEqual(problemsOf('smtp: {}\n'), ['agent.yaml: dataDir: missing; allowed: text']);
	assert.match(problemsOf('dataDir: [\n')[0] as string, /^agent\.yaml:\d+: not valid YAML/);
	const none = loadConfig('/nonexistent/agent.yaml');
	assert.ok(!none.ok);
	assert.equal(problemText(none.error[0] as never), '/nonexistent/agent.yaml: no such file');
});

test('keys that need each other are checked', () => {
	assert.match(
		problemsOf('dataDir: v\nwiring: { mta: exim }\n')[0] as string,
		/^agent\.yaml:2: wiring\.secretFile: missing/,
	);
});

test('a relay port that others could reach, and addresses that are none, are told', () => {
	for (const listen of [
		'0.0.0.0:25',
		'10.9.9.9:2526',
		'127.0.0.1:99999',
		'127.0.0.999:25',
		'[::]:25',
		'[2001:db8::1]:25',
	])
		assert.deepEqual(problemsOf(`dataDir: v\nsmtp: { listen: "${listen}" }\n`), [
			`agent.yaml:2: smtp.listen: found "${listen}", allowed: an address of loopback and a port, such as 127.0.0.1:2526, or fd`,
		]);
	for (const listen of ['127.0.0.1:0', '127.8.0.1:2526', '[::1]:926', 'fd'])
		assert.ok(loadConfig(configFile(`dataDir: v\nsmtp: { listen: "${listen}" }\n`)).ok, listen);
	assert.deepEqual(
		problemsOf('dataDir: v\ndelivery:\n  dnsServers: [9.9.9.9, localhost]\n  allowAddresses: [10.0.0.0/99]\n').map(
			(text) => text.split(', allowed')[0],
		),
		[
			'agent.yaml:3: delivery.dnsServers: found "localhost"',
			'agent.yaml:4: delivery.allowAddresses: found "10.0.0.0/99"',
		],
	);
	assert.ok(loadConfig(configFile('dataDir: v\ndelivery: { dnsServers: ["127.0.0.1:53", "[::1]:53", "::1"] }\n')).ok);
});

test('conf.d goes over agent.yaml key by key, in order of name', () => {
	const file = configFile('dataDir: ./var\nsmtp: { hopsMax: 20, connectionsMax: 5 }\n', {
		'20.yaml': 'smtp: { hopsMax: 40 }\n',
		'10.yaml': 'smtp: { hopsMax: 30 }\n',
	});
	const loaded = loadConfig(file);
	assert.ok(loaded.ok);
	assert.equal(loaded.value.config.smtp.hopsMax, 40);
	assert.equal(loaded.value.config.smtp.connectionsMax, 5);
});
