/** For tests of models: the catalogue as in cPanel before Exim, and a moment. Not for anything that runs. */
import { stringsOf } from '../strings.ts';
import type { Words } from './words.ts';

export const t = stringsOf({ account: 'account', accounts: 'accounts', panel: 'cPanel', mta: 'Exim' });
export const nowMs = Date.parse('2026-11-24T08:42:10Z');
export const words: Words = { t, base: '', zoned: { zone: 'UTC' }, nowMs };
