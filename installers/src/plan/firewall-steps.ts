/**
 * How the agent gets its mail out where a firewall keeps every user but the MTA from sending: a choice of the administrator's, never silent.
 *
 * Without a choice where one is needed there is a refusal that names them all. What was chosen once stays until something else is: then the new
 * way is opened first and the earlier one taken out behind it, so that there is no moment without. A choice that changes nothing here (a relay
 * upstream on a port that is free, mail that is to wait) is a sentence in the plan, and is remembered with the installation. Pure.
 * Not here: what there is (facts/firewall.ts), the steps of each way (firewall-ways.ts), taking one out (firewall-leave.ts).
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { RecordedStep } from '../apply/install-journal.ts';
import { type FirewallChoice, type FirewallFacts, isRestricted, restrictedPorts } from '../facts/firewall.ts';
import type { Refusal } from '../facts/refusal.ts';
import { type FirewallStep, leaveSteps } from './firewall-leave.ts';
import { wayOf } from './firewall-ways.ts';
import { needsChoice, restrictionText } from './firewall-words.ts';

export type FirewallSettings = {
	/** Undefined: nobody has chosen this time. */
	readonly choice: FirewallChoice | undefined;
	/** What an earlier installation was told. */
	readonly remembered?: FirewallChoice | undefined;
	/** What of its steps is written down, with what undoes them. */
	readonly recorded?: readonly RecordedStep[];
	/** Port of the relay that the agent delivers through (`delivery.smarthost`); undefined: it delivers directly. */
	readonly smarthostPort: number | undefined;
};

export type FirewallPlan = {
	/** Undefined: nothing here needs one. */
	readonly choice: FirewallChoice | undefined;
	readonly steps: readonly FirewallStep[];
	/** For the plan, as sentences; what follows from the choice. */
	readonly notes: readonly string[];
};

export function firewallSteps(facts: FirewallFacts, settings: FirewallSettings): Result<FirewallPlan, Refusal> {
	const { smarthostPort, recorded = [] } = settings;
	const choice = settings.choice ?? settings.remembered ?? facts.exemptions[0];
	if (choice === undefined) {
		const isFree = smarthostPort !== undefined && !restrictedPorts(facts).includes(smarthostPort);
		return !isRestricted(facts) || isFree ? ok({ choice, steps: [], notes: [] }) : failed(needsChoice(facts));
	}
	const way = wayOf(choice, facts, smarthostPort);
	if (way.ok) return ok({ ...way.value, choice, steps: [...way.value.steps, ...leaveSteps(choice, facts, recorded)] });
	if (settings.choice !== undefined) return way;
	// Chosen once, and no way any more: an installation that is whole is not kept from being repaired or upgraded by that.
	const { text, hint } = way.error;
	return ok({ choice, steps: [], notes: isRestricted(facts) ? [`${restrictionText(facts)} ${text} ${hint}`] : [] });
}
