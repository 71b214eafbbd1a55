/**
 * The steps of each way out past a firewall, with what undoes them.
 *
 * A way that is in place and in force is not gone again. Pure. Not here: which way (firewall-steps.ts), the texts (firewall-files.ts).
 */
import { dirname } from 'node:path';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { csfConf, csfProgram, withCsfWord } from '../facts/csf.ts';
import {
	exemptScript,
	exemptTimer,
	exemptTimerPath,
	exemptUnit,
	exemptUnitPath,
	type FirewallChoice,
	type FirewallFacts,
	isCsfBlocking,
	isRestricted,
	mailGroupDropIn,
	restrictedPorts,
} from '../facts/firewall.ts';
import type { FileFact } from '../facts/machine.ts';
import { agentUser } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import { agentUnit } from '../units/names.ts';
import { exemptScriptText, exemptTimerText, exemptUnitText, mailGroupText, withCsfPost } from './firewall-files.ts';
import { restrictionText } from './firewall-words.ts';
import { type Action, never, run, type Step, setFile, tried } from './step.ts';

export type FirewallWay = {
	readonly steps: readonly Step[];
	/** What follows from it, as sentences. */
	readonly notes: readonly string[];
};
type Planned = Result<FirewallWay, Refusal>;

/** `smarthostPort`: of the relay that the agent delivers through; undefined: it delivers directly. */
export function wayOf(choice: FirewallChoice, facts: FirewallFacts, smarthostPort: number | undefined): Planned {
	switch (choice) {
		case 'exempt':
			return exempt(facts);
		case 'rule':
			return ownRule(facts);
		case 'mail-group':
			return mailGroup(facts);
		case 'smarthost':
			return smarthost(smarthostPort, restrictedPorts(facts));
		case 'none':
			return ok({
				steps: [],
				notes: isRestricted(facts)
					? [
							`${restrictionText(facts)} Nothing is done about it: what the agent delivers directly is led back or refused, stays in its queue, and \`sluice status\` says \`loop\` or \`no-delivery\`.`,
						]
					: [],
			});
	}
}

function exempt(facts: FirewallFacts): Planned {
	const { csf } = facts;
	if (csf === undefined || !isCsfBlocking(csf))
		return failed({
			code: 'firewall-choice',
			text: 'CSF does not block outgoing mail here, so there is nothing to be exempted from.',
			hint: isRestricted(facts) ? 'Choose `--firewall rule` or `--firewall mail-group`.' : 'Leave --firewall out.',
		});
	const content = withCsfWord(csf.conf.content, 'SMTP_ALLOWUSER', agentUser);
	if (content === undefined)
		return failed({
			code: 'firewall-choice',
			text: `${csfConf} has no line SMTP_ALLOWUSER.`,
			hint: `Add SMTP_ALLOWUSER = "${agentUser}" and \`csf -r\`, or choose \`--firewall rule\`.`,
		});
	const step: Step = {
		id: 'firewall csf',
		what: `Add ${agentUser} to SMTP_ALLOWUSER in ${csfConf}, and have CSF make its rules anew (csf -r).`,
		// The word is there, and a rule stops the agent all the same: CSF has not made its rules since.
		doneWhen: isStale(facts) ? never : { kind: 'file-is', path: csfConf, content },
		apply: [setFile(csfConf, content, csf.conf), run(csfProgram, '-r')],
		undo: [setFile(csfConf, csf.conf.content, csf.conf), tried(csfProgram, '-r')],
	};
	return ok({ steps: [step], notes: portNotes(facts) });
}

const isStale = ({ agentStop, isWhmRestricted }: FirewallFacts): boolean => agentStop !== undefined && !isWhmRestricted;

/** Port 25 closed for everybody is another matter than who may use it. */
const portNotes = ({ csf, isWhmRestricted }: FirewallFacts): readonly string[] => [
	...(csf?.opensPort25 === false
		? ['TCP_OUT of CSF does not have port 25: nobody on this server can deliver mail directly, the agent neither.']
		: []),
	...(isWhmRestricted && isCsfBlocking(csf)
		? [
				"WHM's SMTP Restrictions are on beside CSF's: cPanel advises to switch them off, CSF takes their rules out at each start.",
			]
		: []),
];

const file = (path: string, content: string, mode: number): FileFact => ({ path, content, mode, uid: 0, gid: 0 });

function ownRule(facts: FirewallFacts): Planned {
	const ports = restrictedPorts(facts);
	if (!facts.hasIptables)
		return failed({
			code: 'firewall-choice',
			text: 'There is no iptables here, and a rule of its own can stand in front of others only in their chains.',
			hint: 'Choose `--firewall mail-group`, or exempt the user sluice in the rules themselves and leave --firewall out.',
		});
	const files = ruleFiles(ports);
	const isSo = facts.isRuleInForce && files.every(({ path, content }) => facts.own.get(path)?.content === content);
	const post = facts.csf?.post;
	const postText = post === undefined ? undefined : withCsfPost(post.current?.content);
	const steps: readonly Step[] = [
		{
			id: 'firewall rule',
			what: `Put a rule in front of all others that lets the user ${agentUser}, and nobody else, connect to ports ${ports.join(', ')} of other servers (${exemptScript}); it is looked after every minute (${exemptTimer}).`,
			doneWhen: isSo ? { kind: 'is-so' } : never,
			apply: [
				...files.map((each): Action => ({ kind: 'write', file: each })),
				run(exemptScript),
				run('systemctl', 'daemon-reload'),
				run('systemctl', 'enable', '--now', exemptTimer),
			],
			undo: [...ruleOut(files.map(({ path }) => path)), tried('systemctl', 'daemon-reload')],
		},
		...(post === undefined || postText === undefined
			? []
			: [
					{
						id: 'firewall csfpost',
						what: `${post.current === undefined ? 'Make' : 'Change'} ${post.path}: CSF makes its rules anew and then puts ours in front.`,
						doneWhen: { kind: 'file-is' as const, path: post.path, content: postText },
						apply: [setPost(post.path, postText, post.current)],
						undo: [setFile(post.path, post.current?.content, post.current)],
					},
				]),
	];
	return ok({ steps, notes: [] });
}

/** The rule, what looks after it, and these files of it; systemd is told afterwards. */
export const ruleOut = (paths: readonly string[]): readonly Action[] => [
	tried('systemctl', 'disable', '--now', exemptTimer),
	tried('systemctl', 'stop', exemptUnit),
	tried(exemptScript, 'off'),
	...paths.map((path): Action => ({ kind: 'remove', path })),
];

const ruleFiles = (ports: readonly number[]): readonly FileFact[] => [
	file(exemptScript, exemptScriptText(ports), 0o700),
	file(exemptUnitPath, exemptUnitText, 0o644),
	file(exemptTimerPath, exemptTimerText, 0o644),
];

/** A new one is root's to run, an old one stays as it is. */
const setPost = (path: string, content: string, current: FileFact | undefined): Action =>
	current === undefined ? { kind: 'write', file: file(path, content, 0o700) } : setFile(path, content, current);

/** As WHM's rules and CSF's default have it. */
const mailGroupName = 'mail';

function mailGroup(facts: FirewallFacts): Planned {
	const { csf, groupsLetOut, homes } = facts;
	const letOut = isCsfBlocking(csf) ? (csf?.allowGroups ?? []) : groupsLetOut;
	if (!letOut.includes(mailGroupName) && !(facts.isWhmRestricted && letOut.length === 0))
		return failed({
			code: 'firewall-choice',
			text: `The rules here do not let the group ${mailGroupName} out${letOut.length > 0 ? ` (only ${letOut.join(', ')})` : ''}.`,
			hint: isCsfBlocking(csf)
				? 'Choose `--firewall exempt`, or add mail to SMTP_ALLOWGROUP of CSF.'
				: 'Choose `--firewall rule`.',
		});
	const content = mailGroupText(mailGroupName, homes);
	const step: Step = {
		id: 'firewall mail-group',
		what: `Run the agent in the group ${mailGroupName}, which these rules let out, with ${homes.join(', ')} closed to it (${mailGroupDropIn}).`,
		doneWhen: { kind: 'file-is', path: mailGroupDropIn, content },
		apply: [
			{ kind: 'write', file: file(mailGroupDropIn, content, 0o644) },
			run('systemctl', 'daemon-reload'),
			// A first installation has no such unit yet.
			...(facts.hasAgentUnit ? [run('systemctl', 'try-restart', agentUnit)] : []),
		],
		undo: mailGroupOut,
	};
	return ok({ steps: [step], notes: portNotes(facts) });
}

/** The agent is in its own group again. */
export const mailGroupOut: readonly Action[] = [
	{ kind: 'remove', path: mailGroupDropIn },
	{ kind: 'remove-folder', path: dirname(mailGroupDropIn) },
	tried('systemctl', 'daemon-reload'),
	tried('systemctl', 'try-restart', agentUnit),
];

function smarthost(port: number | undefined, ports: readonly number[]): Planned {
	if (port !== undefined && !ports.includes(port))
		return ok({
			steps: [],
			notes: [`The agent delivers through its relay on port ${port}, which the firewall's rules do not touch.`],
		});
	return failed({
		code: 'firewall-choice',
		text:
			port === undefined
				? 'The agent has no relay to deliver through (`delivery.smarthost` is not set).'
				: `The relay's port ${port} is one of those that the firewall keeps for the mail server (${ports.join(', ')}).`,
		hint: 'Set `delivery.smarthost` with another port that the relay offers (often 2525), and open it in CSF (TCP_OUT) where that is. Before there is a configuration: install with `--firewall none`, set it, then `sluice install --firewall smarthost`.',
	});
}
