/**
 * What spool and store say is wrong, as events and health problems.
 */
import type { Health } from '../flow/health.ts';
import type { SpoolTrouble } from '../io/spool/trouble.ts';
import type { StoreTrouble } from '../io/store/trouble.ts';
import type { EventSink } from '../ports/system.ts';

type Tell = { readonly events: EventSink; readonly health: () => Health | undefined; readonly now: () => number };

const fullHint = 'Free space on the disk of dataDir. It clears by itself.';

/** The spool log cannot be written: new mail is refused for now; outcomes still go into the reserve where that can be had. */
export function tellSpoolTrouble({ events, health, now }: Tell): (trouble: SpoolTrouble) => void {
	return (trouble) => {
		const atMs = now();
		switch (trouble.kind) {
			case 'write-failed':
			case 'segment-left':
			case 'records-refused':
				events.emit({ event: 'source.failed', atMs, where: `spool ${trouble.kind}`, error: trouble.error });
				health()?.raise({
					code: 'spool-failing',
					text: `The spool log cannot be written (${trouble.error}). New mail stays with the MTA.`,
					hint: fullHint,
					stops: 'accepting',
				});
				return;
			case 'recovered':
				health()?.clear('spool-failing');
				return;
			case 'reserve-used':
				health()?.raise({
					code: 'spool-reserve',
					text: 'The disk is full: the reserve is used to record what receivers answer.',
					hint: fullHint,
					stops: 'accepting',
				});
				return;
			case 'collect-failed':
				events.emit({ event: 'source.failed', atMs, where: `spool segment ${trouble.segment}`, error: trouble.error });
				return;
			case 'segment-set-aside':
				events.emit({
					event: 'spool.corrupt',
					atMs,
					segment: trouble.segment,
					text: 'A damaged segment was set aside; what could be read of it was taken.',
				});
		}
	};
}

export function tellStoreTrouble({ events, health, now }: Tell): (trouble: StoreTrouble) => void {
	return (trouble) => {
		const atMs = now();
		switch (trouble.kind) {
			case 'index-rebuilt':
				events.emit({ event: 'index.rebuilt', atMs, why: trouble.why });
				return;
			case 'day-set-aside':
				events.emit({
					event: 'spool.corrupt',
					atMs,
					file: trouble.path,
					why: trouble.why,
					text: `The history of ${trouble.day} cannot be used and was set aside; it is made anew from what the log still has.`,
				});
				return;
			case 'days-left':
				events.emit({
					event: 'spool.corrupt',
					atMs,
					why: trouble.why,
					text: `The history of ${trouble.days.join(', ')} was written by another version of the program and is not shown; its files stay until their time is over.`,
				});
				return;
			case 'usage-set-aside':
				events.emit({
					event: 'spool.corrupt',
					atMs,
					file: trouble.path,
					why: trouble.why,
					text: 'usage.db cannot be used and was set aside; it is made anew from what the log still has. Limits count no usage from before that.',
				});
				return;
			case 'stats-set-aside':
				events.emit({
					event: 'spool.corrupt',
					atMs,
					file: trouble.path,
					why: trouble.why,
					text: 'stats.db cannot be used and was set aside; it is made anew from what the log still has. Charts begin with that.',
				});
				return;
			case 'document-damaged':
				events.emit({
					event: 'spool.corrupt',
					atMs,
					file: trouble.path,
					why: trouble.why,
					text: 'Something that was set (an account, a limit, a credential or a webhook) cannot be read and is not in force; of a change of many limits: it cannot be undone, or not whole.',
				});
				return;
			case 'state-set-aside':
				events.emit({
					event: 'spool.corrupt',
					atMs,
					file: trouble.path,
					why: trouble.why,
					text: 'state.db was damaged and set aside; standing holds, limits, accounts and audit begin empty.',
				});
				// Whoever was stopped by a hold is not stopped any more: one line in the log is too little for that.
				health()?.raise({
					code: 'state-lost',
					text: `state.db was damaged (${trouble.why}) and set aside as ${trouble.path}. No standing hold and no limit is in force, no account, credential or webhook is known; the audit begins anew.`,
					hint: 'Set the holds that are still needed with `sluice hold set`. It clears with the next start.',
					stops: 'nothing',
				});
				return;
			case 'projector-failed':
				health()?.raise({
					code: 'projections',
					text: `Queue index and history do not follow the log (${trouble.error}). Mail is not affected; searches are out of date and the log grows.`,
					hint: 'It is tried again and clears by itself, unless the disk of dataDir is full or failing.',
					stops: 'nothing',
				});
				return;
			case 'projector-recovered':
				health()?.clear('projections');
		}
	};
}
