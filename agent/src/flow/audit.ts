/**
 * The audit of administrative acts: who did what to what, and why; in state.db and as an event.
 */
import { type Actor, actorText } from '@sluice/shared/contract/actor.ts';
import { type Flow, reportError } from './context.ts';

/** An audit that cannot be written undoes nothing: the act is done, and the event still tells of it. */
export function audit(flow: Flow, actor: Actor, act: string, subject: string, detail: string): void {
	const atMs = flow.clock.now();
	try {
		flow.state.audit({ atMs, actor: actorText(actor), act, subject, detail });
	} catch (error) {
		reportError(flow, 'audit', error);
	}
	flow.events.emit({ event: 'admin.act', atMs, actor: actorText(actor), act, subject, detail });
}
