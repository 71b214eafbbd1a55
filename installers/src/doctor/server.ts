/** What else is on the server: rules against the agent's user, SELinux and CageFS, other relays. The same looks as before an installation. */
import { exemptScript, isCsfBlocking, isRestricted } from '../facts/firewall.ts';
import { agentUser } from '../facts/places.ts';
import { serverFindings } from '../facts/server-findings.ts';
import { restrictionText } from '../plan/firewall-steps.ts';
import { type Finding, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';

/** Told by the wiring already, with its evidence. */
const toldElsewhere: readonly string[] = ['server.jail', 'server.other-relay'];

export async function surroundings({ machine, site }: Ground): Promise<readonly Finding[]> {
	const { firewall, findings } = await serverFindings(machine);
	const others = findings.filter(({ code }) => !toldElsewhere.includes(code));
	const { csf, exemption, isWhmRestricted } = firewall;
	const hasRelay = site.ok && site.value.config?.delivery.smarthost !== undefined;
	const rule: Finding[] = [];
	if (isRestricted(firewall) && exemption === undefined && !hasRelay)
		rule.push(
			watch(
				'firewall.restricted',
				`${restrictionText(firewall)} Nothing lets the user ${agentUser} out; whether it gets out all the same is told by \`outbound\`.`,
				'`sluice install --firewall exempt|rule|mail-group`',
			),
		);
	if (exemption === 'rule' && !(await hasRule(machine)))
		rule.push(
			wrong(
				'firewall.rule-missing',
				'The rule that lets the agent out is not in force: somebody has made the rules anew.',
				`\`${exemptScript}\`, or \`sluice doctor --repair\``,
				{
					id: 'exempt',
					what: 'Put the rule in front again that lets the agent out.',
					apply: [{ kind: 'run', command: [exemptScript] }],
				},
			),
		);
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

async function hasRule(machine: Ground['machine']): Promise<boolean> {
	const { exitCode, output } = await machine.run(['iptables', '-w', '5', '-t', 'nat', '-S', 'OUTPUT', '1']);
	return exitCode !== 0 || output.includes('--comment sluice-out ');
}
