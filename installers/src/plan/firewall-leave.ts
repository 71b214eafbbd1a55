/**
 * Takes out an earlier way through a firewall, once another one is open.
 *
 * What an installation has written down decides, so that files get their bytes back; what is ours by name goes without a record too. A word in
 * CSF's settings that no installation of ours has put there is somebody's, and stays. Undone, the earlier way is as it was. Pure.
 */
import type { RecordedStep } from '../apply/install-journal.ts';
import { csfConf, csfProgram } from '../facts/csf.ts';
import {
	type Exemption,
	exemptScript,
	exemptTimer,
	exemptTimerPath,
	exemptUnitPath,
	type FirewallChoice,
	type FirewallFacts,
	mailGroupDropIn,
} from '../facts/firewall.ts';
import type { FileFact } from '../facts/machine.ts';
import { agentUnit } from '../units/names.ts';
import { isInCsfPost, withoutOurs } from './firewall-files.ts';
import { mailGroupOut, ruleOut } from './firewall-ways.ts';
import { type Action, never, type Step, tried } from './step.ts';

export type FirewallStep = Step & {
	/** Ids of steps that this one takes out: nothing is left of them to undo. */
	readonly supersedes?: readonly string[];
};

const stepIds: { readonly [exemption in Exemption]: readonly string[] } = {
	exempt: ['firewall csf'],
	rule: ['firewall rule', 'firewall csfpost'],
	'mail-group': ['firewall mail-group'],
};
const ruleFiles = [exemptScript, exemptUnitPath, exemptTimerPath] as const;
const texts: { readonly [exemption in Exemption]: string } = {
	exempt: `Take sluice out of SMTP_ALLOWUSER in ${csfConf} again (csf -r).`,
	rule: `Take the rule of our own (${exemptScript}) out again.`,
	'mail-group': 'Run the agent in its own group again.',
};

/** One for each earlier way that is there, or half there. */
export function leaveSteps(
	choice: FirewallChoice,
	facts: FirewallFacts,
	recorded: readonly RecordedStep[],
): readonly FirewallStep[] {
	const all = Object.keys(stepIds) as readonly Exemption[];
	return all
		.filter((earlier) => earlier !== choice)
		.flatMap((earlier) => {
			const ids = stepIds[earlier];
			const known = recorded.filter(({ part, id }) => part === 'firewall' && ids.includes(id));
			const isThere = facts.exemptions.includes(earlier);
			if (known.length === 0 && (earlier === 'exempt' || !isThere)) return [];
			return [
				{
					id: `firewall leave ${earlier}`,
					what: texts[earlier],
					doneWhen: never,
					apply: known.length > 0 ? known.toReversed().flatMap(({ undo }) => undo) : outByName(earlier, facts),
					undo: isThere ? back(earlier, facts) : [],
					supersedes: ids,
				},
			];
		});
}

/** Ways that are here and that no record tells of. Without any record at all CSF's word is ours by name. */
export function unrecordedWays(
	facts: FirewallFacts,
	recorded: readonly RecordedStep[] | undefined,
): readonly RecordedStep[] {
	return facts.exemptions
		.filter((way) => way !== 'exempt' || recorded === undefined)
		.filter((way) => !(recorded ?? []).some(({ part, id }) => part === 'firewall' && stepIds[way].includes(id)))
		.map((way) => ({ part: 'firewall', id: `firewall leave ${way}`, what: texts[way], undo: outByName(way, facts) }));
}

/** Without a record. */
function outByName(exemption: Exemption, { csf, own }: FirewallFacts): readonly Action[] {
	switch (exemption) {
		case 'exempt':
			return csf === undefined ? [] : [...stripped(csf.conf), tried(csfProgram, '-r')];
		case 'rule':
			return [
				...ruleOut(ruleFiles.filter((path) => own.has(path))),
				...(csf?.post.current === undefined ? [] : stripped(csf.post.current)),
				tried('systemctl', 'daemon-reload'),
			];
		case 'mail-group':
			return mailGroupOut;
	}
}

/** A file that others share, without what is ours. */
function stripped(file: FileFact): readonly Action[] {
	const rest = withoutOurs(file.path, file.content);
	if (rest?.kind === 'remove') return [{ kind: 'remove', path: file.path }];
	if (rest === undefined || rest.content === file.content) return [];
	return [{ kind: 'write', file: { ...file, content: rest.content } }];
}

const write = (file: FileFact | undefined): readonly Action[] => (file === undefined ? [] : [{ kind: 'write', file }]);

/** As it is now. */
function back(exemption: Exemption, { csf, own }: FirewallFacts): readonly Action[] {
	switch (exemption) {
		case 'exempt':
			return [...write(csf?.conf), tried(csfProgram, '-r')];
		case 'rule':
			return [
				...(isInCsfPost(csf?.post.current?.content ?? '') ? write(csf?.post.current) : []),
				...ruleFiles.flatMap((path) => write(own.get(path))),
				tried(exemptScript),
				tried('systemctl', 'daemon-reload'),
				tried('systemctl', 'enable', '--now', exemptTimer),
			];
		case 'mail-group':
			return [
				...write(own.get(mailGroupDropIn)),
				tried('systemctl', 'daemon-reload'),
				tried('systemctl', 'try-restart', agentUnit),
			];
	}
}
