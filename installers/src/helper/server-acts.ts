/**
 * `reconcile`, `mta-ensure`, `mta-bypass` and `queue-kick`: acts on the server as a whole, for administrators.
 */
import { reportSentence } from '@sluice/panel-cpanel/reconcile/sentence.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { type Performer, refusal, type Verb } from './verb.ts';

export const reconcileNow: Verb<'reconcile'> = {
	roles: ['admin'],
	mayTakeLong: true,
	async perform(_args, _actor, ports) {
		const done = await ports.reconcile();
		if (!done.ok) return refusal(done.error.kind === 'busy' ? 'busy' : 'panel-failed', done.error.text);
		const text = reportSentence(done.value);
		return ok({
			result: { text },
			recorded: { act: 'panel.reconcile', subject: 'server', detail: text.slice(0, 1000) },
		});
	},
};

const mtaVerb = (act: 'ensure' | 'bypass'): Performer<unknown, { text: string }> => ({
	roles: ['admin'],
	mayTakeLong: true,
	async perform(_args, actor, ports) {
		const done = await ports.mta(act, actor);
		if (!done.ok) return refusal('panel-failed', done.error);
		return ok({
			result: { text: done.value },
			recorded: { act: `mta.${act}`, subject: 'server', detail: done.value.slice(0, 1000) },
		});
	},
});

export const mtaEnsure = mtaVerb('ensure');
export const mtaBypass = mtaVerb('bypass');

export const queueKick: Verb<'queue-kick'> = {
	roles: ['admin'],
	async perform(_args, _actor, ports) {
		const done = await ports.kickQueue();
		if (!done.ok) return done;
		return ok({
			result: { text: done.value },
			recorded: { act: 'mta.queue-kick', subject: 'server', detail: done.value },
		});
	},
};
