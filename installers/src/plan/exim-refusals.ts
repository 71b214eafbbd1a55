/**
 * What stands in the way of wiring an Exim: each thing with what to do about it. Pure.
 */
import type { BlockProblem } from '@sluice/shared/mta/blocks.ts';
import { type EximPlain, findingsExim } from '@sluice/shared/mta/exim-stock.ts';
import type { EximFacts } from '../facts/exim.ts';
import type { Refusal } from '../facts/refusal.ts';
import { foreignOwner } from './ownership.ts';
import type { WireSettings } from './wiring.ts';

/** Oldest Exim in which the text is known to mean what it says (taint checks, `$message_exim_id`). */
const versionMin = [4, 94] as const;

export const noRoute: Refusal = {
	code: 'no-route',
	text: 'Exim has no router that looks up remote domains (`domains = ! +local_domains`) and names one transport.',
	hint: 'A server that sends no mail to the internet itself needs no relay agent; otherwise wire by hand (docs/wiring.md).',
};

/** The first thing in the way; undefined when there is none. */
export function eximRefusal(
	facts: EximFacts,
	plain: EximPlain | undefined,
	settings: WireSettings,
): Refusal | undefined {
	const old = isTooOld(facts.version);
	if (old !== undefined) return old;
	const relay = findingsExim(facts.effective).find(({ severity }) => severity === 'stops');
	if (relay !== undefined && !settings.overSmarthost)
		return {
			code: relay.code,
			text: `${relay.text} (${relay.evidence})`,
			hint: 'Set it as delivery.smarthost of the agent, then `sluice mta wire --over-smarthost`.',
		};
	if (plain === undefined) return noRoute;
	if (!plain.hasLocalDomains)
		return {
			code: 'local-domains',
			text: 'The configuration has no `domainlist local_domains`, so what is remote cannot be told.',
			hint: 'Name the local domains so, as Debian and cPanel do.',
		};
	for (const acl of [plain.aclNotSmtp, plain.aclMail])
		if (acl !== undefined && !/^\w+$/.test(acl))
			return {
				code: 'acl',
				text: `An ACL is not named plainly: ${acl}`,
				hint: 'Give the ACL a name in the acl section, so that two statements can be put at its head.',
			};
	return foreignOwner(facts.sources);
}

export function isTooOld(version: string): Refusal | undefined {
	const [major = 0, minor = 0] = version.split(/[._-]/).map(Number);
	if (major > versionMin[0] || (major === versionMin[0] && minor >= versionMin[1])) return undefined;
	return {
		code: 'version',
		text: `Exim ${version} is older than ${versionMin.join('.')}, with which the wiring is known to work.`,
		hint: 'Upgrade Exim first.',
	};
}

export function damaged(path: string, problem: BlockProblem): Refusal {
	return problem.kind === 'place-missing'
		? { code: 'place', text: `${path} has no line "${problem.after}".`, hint: 'Wire by hand (docs/wiring.md).' }
		: {
				code: 'damaged',
				text: `${path}: the lines "# BEGIN sluice ${problem.block}" and "# END sluice ${problem.block}" do not pair up; somebody edited them.`,
				hint: 'Take what stands between them out by hand, both lines too, and try again.',
			};
}
