/** What the agent says about itself, or that it says nothing. */

import { reconcileUnit } from '../units/names.ts';
import { type Finding, type Repair, wrong } from './finding.ts';
import type { Ground } from './ground.ts';
import { unitRepair } from './units.ts';

const reconcile: Repair = {
	id: 'reconcile',
	what: `Read the accounts of the panel anew (${reconcileUnit}).`,
	apply: [{ kind: 'run', command: ['systemctl', 'start', reconcileUnit] }],
};

export async function agentFindings(ground: Ground): Promise<readonly Finding[]> {
	const { health, site, isInstalled, isCpanel } = ground;
	if (health !== undefined)
		return health.problems.map(({ code, text, hint }) =>
			wrong(`agent.${code}`, text, hint, code === 'accounts.stale' && isInstalled && isCpanel ? reconcile : undefined),
		);
	return [
		wrong(
			'agent.silent',
			'The agent does not answer on its socket.',
			!site.ok && site.error.code === 'agent-config'
				? 'Correct its configuration (below), then `systemctl restart sluice-agent`'
				: 'Start it: `systemctl start sluice-agent`, or `sluice agent run --config FILE` where there is no such unit. Why it does not: `journalctl -u sluice-agent -n 20`.',
			isInstalled ? await unitRepair(ground) : undefined,
		),
	];
}
