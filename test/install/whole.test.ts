/** The whole life of the product (whole.ts) on each kind of server. */
import { test } from 'node:test';
import { serversUnavailable } from './server-box.ts';
import { shortLife, wholeLife } from './whole.ts';

const skip = (await serversUnavailable()) ?? false;
const isLong = process.env.SLUICE_LONG === '1';

for (const mta of ['exim', 'postfix', 'cpanel'] as const)
	test(`a whole life on a server with ${mta}`, { skip }, (context) => wholeLife(context, mta));

for (const mta of ['exim-single', 'exim-template'] as const)
	test(`in and out of a server with ${mta}`, { skip: skip || (!isLong && 'SLUICE_LONG=1 only') }, (context) =>
		shortLife(context, mta),
	);
