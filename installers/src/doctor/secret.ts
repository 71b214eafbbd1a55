/**
 * The secret of Exim's header, in the agent's file and in Exim's copy: who can read or change it.
 *
 * Whoever has it can pass for any sender. Taking it back from others is safe only where both copies still say the same; where they differ, somebody
 * has written into one of them, and which one is believed is a person's decision.
 */
import type { Machine } from '../facts/machine.ts';
import { agentSecretPath, type Site } from '../mta/site.ts';
import { type Finding, wrong } from './finding.ts';
import { takeBack } from './take-back.ts';

/** False: there are two, and they say different things. */
export async function isSecretSame(machine: Machine, site: Site): Promise<boolean> {
	const paths = [agentSecretPath(site), site.wiring.ok ? site.wiring.value.secretPath : undefined];
	const [own, copy] = await Promise.all(paths.map((path) => (path === undefined ? undefined : machine.read(path))));
	return own === undefined || copy === undefined || own.content.trim() === copy.content.trim();
}

/** What a person has to do where the two differ, or where somebody may have read it. */
export const freshSecretMend = (path: string): string =>
	`rm ${path}; a new secret in the agent's file, and restart the agent; \`sluice mta ensure\``;

export async function secretFindings(site: Site): Promise<readonly Finding[]> {
	const { machine, wiring, secretFolder } = site;
	const path = wiring.ok ? wiring.value.secretPath : undefined;
	const secret = path === undefined ? undefined : await machine.read(path);
	if (secret === undefined || secretFolder === undefined) return [];
	if (secret.uid === 0 && (secret.mode & 0o077) === 0) return [];
	const text = `Others than root can read or change ${secret.path}: whoever has the secret can pass for any sender.`;
	if (!(await isSecretSame(machine, site)))
		return [
			wrong(
				'mta.secret-mode',
				`${text} It is another secret than the agent's, so that somebody may have written into it.`,
				freshSecretMend(secret.path),
			),
		];
	const mend = `\`sluice doctor --repair\` closes it. If tenants could have read it: ${freshSecretMend(secret.path)}`;
	return [wrong('mta.secret-mode', text, mend, takeBack(secret.path, { owner: 'root:root', mode: '600' }))];
}
