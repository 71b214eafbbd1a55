/**
 * `sluice mta` on cPanel's Exim, as the stand-in of its builder makes it: wired, bypassed, repaired, cut off, taken out.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type CpanelServer, startCpanelServer } from '../cpanel/exim/cpanel-server.ts';
import { boxesUnavailable } from './box.ts';
import { runCircle } from './wire-cases.ts';

const skip = (await boxesUnavailable()) ?? false;

suite("sluice mta on cPanel's Exim", { skip, concurrency: false }, () => {
	let server: CpanelServer;
	before(async () => {
		server = await startCpanelServer({ name: 'wire-cpanel', options: ['srs=1'] });
	});
	after(() => server?.stop());

	test('wire, bypass, ensure, unwire', () => runCircle(server));
});
