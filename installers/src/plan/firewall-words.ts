/** What a firewall does here and which ways there are, as sentences for people. Pure. */
import { type FirewallFacts, isCsfBlocking } from '../facts/firewall.ts';
import type { Refusal } from '../facts/refusal.ts';

/** What there is, as one sentence for people. */
export function restrictionText({ csf, isWhmRestricted, stops }: FirewallFacts): string {
	if (isCsfBlocking(csf))
		return `CSF keeps every user but root and the mail server from connecting to mail ports of other servers (SMTP_BLOCK${csf?.redirectsSmtp === true ? ', SMTP_REDIRECT' : ''}).`;
	if (isWhmRestricted)
		return "WHM's SMTP Restrictions lead connections of every user but root and the mail server back into this server.";
	const [stop] = stops;
	return stop === undefined
		? 'Nothing here keeps users from sending mail out.'
		: `A rule of ${stop.place} (table ${stop.table}) keeps other users than the mail server's from port 25 of other servers: ${stop.rule}`;
}

/** Nobody has chosen, and one is needed. */
export function needsChoice(facts: FirewallFacts): Refusal {
	const ways = [
		...(isCsfBlocking(facts.csf) ? ['`--firewall exempt` adds sluice to SMTP_ALLOWUSER of CSF'] : []),
		...(facts.hasIptables
			? ['`--firewall rule` puts a rule of its own in front of theirs, for the user sluice only, and keeps it there']
			: []),
		`\`--firewall mail-group\` runs the agent in the mail group, which they let out, with all homes closed to it`,
		'`--firewall smarthost` leaves the rules alone: set `delivery.smarthost` with a port that is free',
		'`--firewall none` leaves all as it is: mail for other servers then stays in the queue',
	];
	return {
		code: 'firewall',
		text: `${restrictionText(facts)} The agent delivers as the user sluice and would be met by that.`,
		hint: `Choose: ${ways.join('; ')}.`,
	};
}
