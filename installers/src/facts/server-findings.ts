/**
 * What else is on this server that the installer must know of before it begins: found, told, and where a choice is needed, refused.
 *
 * One look for installer and doctor. Not here: what the MTA's wiring itself refuses (plan/exim.ts, cpanel.ts, postfix.ts).
 */
import type { Finding } from '../doctor/finding.ts';
import { type FirewallFacts, firewallFacts } from './firewall.ts';
import { type HardeningFacts, hardeningFacts, hardeningFindings } from './hardening.ts';
import type { Machine } from './machine.ts';
import { relayFindings } from './relay-products.ts';

export type Surroundings = {
	readonly firewall: FirewallFacts;
	readonly hardening: HardeningFacts;
	/** Other relays, filters, MTAs, jails, labels: for the plan, before anything is done. */
	readonly findings: readonly Finding[];
};

export async function serverFindings(machine: Machine): Promise<Surroundings> {
	const [firewall, hardening, relays] = await Promise.all([
		firewallFacts(machine),
		hardeningFacts(machine),
		relayFindings(machine),
	]);
	return { firewall, hardening, findings: [...relays, ...hardeningFindings(hardening)] };
}
