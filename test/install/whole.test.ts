/** The whole life of the product (whole.ts) on each kind of server. */
import { test } from 'node:test';
import { serversUnavailable } from './server-box.ts';
import { wholeLife } from './whole.ts';

const unavailable = await serversUnavailable();
const skip = unavailable === undefined ? false : `no whole servers here: ${unavailable}`;
if (skip) console.log(skip);

for (const mta of ['exim', 'exim-single', 'postfix', 'cpanel'] as const)
	test(`a whole life on a server with ${mta}`, { skip }, (context) => wholeLife(context, mta));
