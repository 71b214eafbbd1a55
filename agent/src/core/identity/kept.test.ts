/**
 * What is kept of a message for days must not keep its header alive: a tenant can write a megabyte of it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { attribute } from './attribute.ts';
import { type AttributionSettings, noAccounts } from './facts.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const settings: { readonly [mta: string]: AttributionSettings } = {
	exim: { mta: 'exim', secrets: ['S'], hostNames: [] },
	postfix: { mta: 'postfix', secrets: [], hostNames: [] },
};
const base64 = (text: string): string => Buffer.from(text).toString('base64');

const headers: { readonly [mta: string]: (junk: string) => string } = {
	exim: (junk) =>
		`Received: from client.example\r\n\tby server.test\r\nSubject: A subject of some length\r\nFrom: user1@site1.test\r\n${junk}X-Sluice-Sender: v=1; s=S; id=1rABcD-000abc-XY; proto=esmtpa; auth=${base64('user1@site1.test')}; uid=999; ident=; host=2001:db8::1234:5678; port=587; cwd=${base64('/home/user1/public_html')}; anc=\r\n\r\n`,
	postfix: (junk) =>
		`Received: from client.example (client.example [2001:db8::1234:5678])\r\n\t(Authenticated sender: user1@site1.test)\r\n\tby server.test (Postfix) with ESMTPA id 4BQQ2y1tJzz7CwX2;\r\n\tTue, 24 Nov 2026 06:35:00 +0000\r\nSubject: A subject of some length\r\n${junk}\r\n`,
};

for (const mta of ['exim', 'postfix'])
	test(`an attribution by ${mta} does not hold the header`, () => {
		const junk = `X-Junk: ${'j'.repeat(900)}\r\n`.repeat(200);
		const kept: unknown[] = [];
		collect();
		const before = process.memoryUsage().heapUsed;
		for (let count = 0; count < 100; count++) {
			const headerText = Buffer.from((headers[mta] as (junk: string) => string)(junk), 'latin1').toString('latin1');
			const { attribution, headers: facts } = attribute(
				{
					headerText,
					envelope: {
						reversePath: 'user1@site1.test',
						recipients: [{ address: 'a@example.test' }],
						has8bit: false,
						smtpUtf8: false,
					},
					helo: 'server.test',
					peerAddress: '127.0.0.1',
					peerProved: true,
					xforward: {},
				},
				settings[mta] as AttributionSettings,
				noAccounts,
			);
			assert.equal(attribution.account, 'domain:site1.test');
			kept.push(attribution, facts);
		}
		collect();
		assert.ok(process.memoryUsage().heapUsed - before < 3_000_000, 'of 18 MB');
		assert.equal(kept.length, 200);
	});
