/**
 * A queue run of each MTA: tries what waits whatever its time is, and spares frozen and held mail. exim(8) `-qf`, postqueue(1) `-f`.
 *
 * It may take long and is begun, not waited for. Not here: when there is one (plan/wiring-steps.ts, watch/acts.ts, helper/mta-act.ts).
 */
import { cpanelProgram } from './cpanel.ts';
import { eximProgram } from './exim.ts';

export const queueRuns = {
	cpanel: [cpanelProgram, '-qf'],
	exim: [eximProgram, '-qf'],
	postfix: ['/usr/sbin/postqueue', '-f'],
} as const;
