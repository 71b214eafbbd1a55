/**
 * Alarms on their way to people: mail by the server's own sendmail, a line in the journal, and the agent's audit when it is back.
 *
 * Mail is owed until sendmail has taken it, so that a watch that is killed tells at the next tick. One for each change, and the most that is
 * owed is bounded: the oldest go. On Exim an alarm keeps the route from before the wiring, past the agent. Postfix has no such way that a
 * tenant could not take as well: there an alarm for elsewhere waits with all other mail, and a mailbox on this server and the journal are
 * told at once.
 */
import { eximAlarmProtocol } from '@sluice/shared/mta/exim.ts';
import type { Machine } from '../facts/machine.ts';
import type { Letter } from './letter.ts';
import type { WatchSettings } from './settings.ts';
import { bounds, type Owed, type State } from './state.ts';

const sendmail = '/usr/sbin/sendmail';
/** Older alarms are history: the next one says how it stands. */
const owedMsMax = 86_400_000;

export const owe = (state: State, letter: Letter, nowMs: number): State => ({
	...state,
	owed: [...state.owed, { atMs: nowMs, ...letter }].slice(-bounds.owed),
});

export const owedRecord = (state: State, act: string, detail: string): State => ({
	...state,
	unrecorded: [...state.unrecorded, { act, detail }].slice(-bounds.unrecorded),
});

export function mailText(
	{ subject, text, atMs }: Owed,
	{ to, from, hostName }: { readonly to: readonly string[]; readonly from: string; readonly hostName: string },
): string {
	return [
		`From: ${from}`,
		`To: ${to.join(', ')}`,
		`Subject: ${oneLine(subject)}`,
		`Date: ${new Date(atMs).toUTCString().replace('GMT', '+0000')}`,
		`Message-ID: <watch.${atMs}.${Math.abs(sum(subject))}@${hostName}>`,
		'Auto-Submitted: auto-generated',
		'Precedence: bulk',
		'',
		text.replace(/[^\x20-\x7e\n]/g, '?'),
	].join('\n');
}

const oneLine = (text: string): string => text.replace(/[^\x20-\x7e]+/g, ' ');
const sum = (text: string): number => [...text].reduce((total, c) => (total * 31 + c.charCodeAt(0)) | 0, 0);

type Way = {
	readonly machine: Machine;
	readonly hostName: string;
	readonly nowMs: number;
	/** The MTA is a wired Exim. */
	readonly isExim: boolean;
};

/** What sendmail did not take is still owed. Nobody to tell: nothing is owed. */
export async function sendOwed(
	state: State,
	settings: WatchSettings,
	{ machine, hostName, nowMs, isExim }: Way,
): Promise<State> {
	const { to, from = `root@${hostName}` } = settings;
	if (to.length === 0) return { ...state, owed: [] };
	const left: Owed[] = [];
	const command = [sendmail, ...(isExim ? ['-oMr', eximAlarmProtocol] : []), '-i', '--', ...to];
	for (const owed of state.owed) {
		if (Math.abs(nowMs - owed.atMs) > owedMsMax) continue;
		const input = mailText(owed, { to, from, hostName });
		const { exitCode } = await machine.run(command, { input });
		if (exitCode !== 0) left.push(owed);
	}
	return { ...state, owed: left };
}
