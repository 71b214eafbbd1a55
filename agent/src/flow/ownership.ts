/**
 * Domain ownership in the path of a message: behind the judgement, before limits.
 */
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import { shownAddresses } from '../core/header/from-addresses.ts';
import type { AttributionResult } from '../core/identity/facts.ts';
import { identityText, type Judgement } from '../core/policy/judge.ts';
import { breachOf, isEnforced, withBreach } from '../core/policy/ownership.ts';
import { type Flow, reportError } from './context.ts';

/** Joins a breach to the judgement and tells of it. An error in here never holds or refuses mail (invariant 10). */
export function checkOwnership(
	flow: Flow,
	{ attribution, fields }: AttributionResult,
	{ envelope: { reversePath }, headerText }: { readonly envelope: Envelope; readonly headerText: string },
	judgement: Judgement,
): Judgement {
	if (judgement.fault !== undefined) return judgement;
	try {
		const settings = flow.settings().ownership;
		if (settings.mode === 'off') return judgement;
		const from = shownAddresses(headerText, fields);
		const breach = breachOf(attribution, { reversePath, from }, flow.accounts, settings);
		if (breach === undefined) return judgement;
		const { account } = attribution;
		flow.events.emit({
			event: 'ownership.breach',
			atMs: flow.clock.now(),
			account,
			identity: identityText(attribution),
			mode: isEnforced(settings) ? 'enforce' : 'monitor',
			...breach,
		});
		return withBreach(judgement, breach, settings);
	} catch (error) {
		reportError(flow, 'ownership', error);
		return judgement;
	}
}
