/** A reconcile in one line, for the journal and for people. */
import type { ReconcileReport } from './reconcile.ts';

const counted = (count: number, word: string): string =>
	`${count.toLocaleString('en')} ${count === 1 ? word : `${word}s`}`;

export function reportSentence(report: ReconcileReport): string {
	const { accounts, added, changed, gone, renamed, remade, plans, quick, mailboxesLeft, isComplete, isBelieved } =
		report;
	const parts = [
		...(added > 0 ? [`${added} new`] : []),
		...(changed > 0 ? [`${changed} changed`] : []),
		...(gone > 0 ? [`${gone} gone`] : []),
		...renamed.map(({ from, to }) => `${from} is ${to} now`),
		...(remade.length > 0 ? [`made again: ${remade.join(', ')}`] : []),
		...(quick > 0 ? [`${quick} told at once`] : []),
		...(plans > 0 ? [`limits of ${counted(plans, 'plan')} put`] : []),
	];
	const doubts = [
		...(isComplete ? [] : ['told as a part: nothing is taken away']),
		...(isBelieved ? [] : ['the list lost many accounts: nothing is taken away until it comes again']),
		...(mailboxesLeft > 0 ? [`mailboxes of ${counted(mailboxesLeft, 'account')} follow`] : []),
		...report.notes,
	];
	const what = parts.length === 0 ? 'nothing changed' : parts.join(', ');
	const doubt = doubts.length === 0 ? '' : `; ${doubts.join('; ')}`;
	return `${counted(accounts, 'account')}: ${what}${doubt} (${counted(report.processes, 'question')} to cPanel, ${(report.ms / 1000).toFixed(1)} s).`;
}
