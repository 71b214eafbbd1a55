/**
 * What only a live cPanel server can show: each claim that we rely on, why the tests of this repository cannot settle it, and the probe.
 *
 * The one place of this list: docs/unproved.md is made of it, and `sluice doctor --probe` prints it and settles what a command can settle
 * that changes nothing. Where people or time are needed, the probe says what to do. Not here: what is wrong with a server (doctor.ts).
 */
import type { Unproved } from './finding.ts';
import { unprovedExim } from './unproved-exim.ts';
import { unprovedPanel } from './unproved-panel.ts';

export const unproved: readonly Unproved[] = [...unprovedExim, ...unprovedPanel];
