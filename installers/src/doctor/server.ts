/** What else is on the server: rules against the agent's user, SELinux and CageFS, other relays. The same looks as before an installation. */
import { holds } from '../apply/run-steps.ts';
import { type FirewallChoice, type FirewallFacts, isCsfBlocking, isRestricted } from '../facts/firewall.ts';
import { agentUser } from '../facts/places.ts';
import { earlierInstallation } from '../facts/server.ts';
import { serverFindings } from '../facts/server-findings.ts';
import { firewallSteps } from '../plan/firewall-steps.ts';
import { restrictionText } from '../plan/firewall-words.ts';
import { type Finding, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';

/** Told by the wiring already, with its evidence. */
const toldElsewhere: readonly string[] = ['server.jail', 'server.other-relay'];

export async function surroundings({ machine, site }: Ground): Promise<readonly Finding[]> {
	const { firewall, findings } = await serverFindings(machine);
	const others = findings.filter(({ code }) => !toldElsewhere.includes(code));
	const { csf, isWhmRestricted } = firewall;
	const { journal } = await earlierInstallation(machine);
	const choice = journal?.firewall ?? firewall.exemptions[0];
	const hasRelay = site.ok && site.value.config?.delivery.smarthost !== undefined;
	const rule: Finding[] = [];
	if (isRestricted(firewall) && choice === undefined && !hasRelay)
		rule.push(
			watch(
				'firewall.restricted',
				`${restrictionText(firewall)} Nothing lets the user ${agentUser} out; whether it gets out all the same is told by \`outbound\`.`,
				'`sluice install --firewall exempt|rule|mail-group`',
			),
		);
	rule.push(...(await lostExemption(machine, firewall, choice)));
	if (csf !== undefined && !csf.opensPort25 && !hasRelay)
		rule.push(
			wrong(
				'firewall.csf-port',
				'TCP_OUT of CSF does not have port 25: nobody on this server can deliver mail directly.',
				'Add 25 to TCP_OUT in /etc/csf/csf.conf, then `csf -r`.',
			),
		);
	if (isWhmRestricted && isCsfBlocking(csf))
		rule.push(
			watch(
				'firewall.both',
				"WHM's SMTP Restrictions and CSF's SMTP_BLOCK are both on: CSF takes WHM's rules out at each start.",
				'cPanel advises to switch the restriction of WHM off.',
			),
		);
	return [...others, ...rule];
}

/** What was chosen once is not there, or not in force, any more. */
async function lostExemption(
	machine: Ground['machine'],
	firewall: FirewallFacts,
	choice: FirewallChoice | undefined,
): Promise<readonly Finding[]> {
	const plan = firewallSteps(firewall, { choice: undefined, remembered: choice, smarthostPort: undefined });
	if (!plan.ok) return [];
	const lost = [];
	for (const step of plan.value.steps)
		if (step.supersedes === undefined && !(await holds(step.doneWhen, machine))) lost.push(step);
	if (lost.length === 0) return [];
	return [
		wrong(
			'firewall.rule-missing',
			`What lets the agent out past the firewall (--firewall ${choice}) is not in force: somebody has made the rules anew, or changed a file.`,
			`\`sluice doctor --repair\`, or \`sluice install --firewall ${choice}\``,
			{
				id: 'exempt',
				what: 'Let the agent out past the firewall again, as it was chosen.',
				apply: lost.flatMap(({ apply }) => apply),
			},
		),
	];
}
