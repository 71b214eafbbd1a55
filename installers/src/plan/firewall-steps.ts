/**
 * How the agent gets its mail out where a firewall keeps every user but the MTA from sending: a choice of the administrator's, never silent.
 *
 * Without a choice where one is needed there is a refusal that names them all. Each way is steps with undo; a choice that changes nothing here
 * (a relay upstream on a port that is free, mail that is to wait) is a sentence in the plan. Pure. Not here: what there is (facts/firewall.ts),
 * the texts (firewall-files.ts).
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { csfConf, csfProgram, withCsfWord } from '../facts/csf.ts';
import {
	exemptScript,
	exemptTimer,
	exemptUnit,
	type FirewallFacts,
	isCsfBlocking,
	isRestricted,
	mailGroupDropIn,
	restrictedPorts,
} from '../facts/firewall.ts';
import type { FileFact } from '../facts/machine.ts';
import { agentUser } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import {
	exemptScriptText,
	exemptTimerPath,
	exemptTimerText,
	exemptUnitPath,
	exemptUnitText,
	mailGroupText,
	withCsfPost,
} from './firewall-files.ts';
import { type Action, type Step, setFile } from './step.ts';

export const firewallChoices = ['exempt', 'rule', 'mail-group', 'smarthost', 'none'] as const;
export type FirewallChoice = (typeof firewallChoices)[number];

export type FirewallSettings = {
	/** Undefined: nobody has chosen. */
	readonly choice: FirewallChoice | undefined;
	/** Port of the relay that the agent delivers through (`delivery.smarthost`); undefined: it delivers directly. */
	readonly smarthostPort: number | undefined;
};

export type FirewallPlan = {
	/** Undefined: nothing here needs one. */
	readonly choice: FirewallChoice | undefined;
	readonly steps: readonly Step[];
	/** For the plan, as sentences; what follows from the choice. */
	readonly notes: readonly string[];
};

const none = { choice: undefined, steps: [], notes: [] } as const;

export function firewallSteps(facts: FirewallFacts, settings: FirewallSettings): Result<FirewallPlan, Refusal> {
	const { smarthostPort } = settings;
	const ports = restrictedPorts(facts);
	const isFree = smarthostPort !== undefined && !ports.includes(smarthostPort);
	// What was chosen once stays, until something else is.
	const choice = settings.choice ?? facts.exemption;
	if (choice === undefined) return !isRestricted(facts) || isFree ? ok(none) : failed(needsChoice(facts));
	switch (choice) {
		case 'exempt':
			return exempt(facts);
		case 'rule':
			return ownRule(facts, ports);
		case 'mail-group':
			return mailGroup(facts);
		case 'smarthost':
			return smarthost(smarthostPort, isFree, ports);
		case 'none':
			return ok({
				...none,
				choice,
				notes: isRestricted(facts)
					? [
							`${restrictionText(facts)} Nothing is done about it: what the agent delivers directly is led back or refused, stays in its queue, and \`sluice status\` says \`loop\` or \`no-delivery\`.`,
						]
					: [],
			});
	}
}

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

function needsChoice(facts: FirewallFacts): Refusal {
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

const run = (...command: readonly string[]): Action => ({ kind: 'run', command });
const takeBack = (...command: readonly string[]): Action => ({ kind: 'run', command, mayFail: true });
const never = { kind: 'never' } as const;

function exempt(facts: FirewallFacts): Result<FirewallPlan, Refusal> {
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
		doneWhen: { kind: 'file-is', path: csfConf, content },
		apply: [setFile(csfConf, content, csf.conf), run(csfProgram, '-r')],
		undo: [setFile(csfConf, csf.conf.content, csf.conf), takeBack(csfProgram, '-r')],
	};
	return ok({ choice: 'exempt', steps: [step], notes: portNotes(facts) });
}

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

function ownRule(facts: FirewallFacts, ports: readonly number[]): Result<FirewallPlan, Refusal> {
	if (!facts.hasIptables)
		return failed({
			code: 'firewall-choice',
			text: 'There is no iptables here, and a rule of its own can stand in front of others only in their chains.',
			hint: 'Choose `--firewall mail-group`, or exempt the user sluice in the rules themselves and leave --firewall out.',
		});
	const post = facts.csf?.post;
	const postText = post === undefined ? undefined : withCsfPost(post.current?.content);
	const steps: readonly Step[] = [
		{
			id: 'firewall rule',
			what: `Put a rule in front of all others that lets the user ${agentUser}, and nobody else, connect to ports ${ports.join(', ')} of other servers (${exemptScript}); it is looked after every minute (${exemptTimer}).`,
			doneWhen: never,
			apply: [
				{ kind: 'write', file: file(exemptScript, exemptScriptText(ports), 0o700) },
				run(exemptScript),
				{ kind: 'write', file: file(exemptUnitPath, exemptUnitText, 0o644) },
				{ kind: 'write', file: file(exemptTimerPath, exemptTimerText, 0o644) },
				run('systemctl', 'daemon-reload'),
				run('systemctl', 'enable', '--now', exemptTimer),
			],
			undo: [
				takeBack('systemctl', 'disable', '--now', exemptTimer),
				takeBack('systemctl', 'stop', exemptUnit),
				takeBack(exemptScript, 'off'),
				...[exemptScript, exemptUnitPath, exemptTimerPath].map((path): Action => ({ kind: 'remove', path })),
				takeBack('systemctl', 'daemon-reload'),
			],
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
	return ok({ choice: 'rule', steps, notes: [] });
}

/** A new one is root's to run, an old one stays as it is. */
const setPost = (path: string, content: string, current: FileFact | undefined): Action =>
	current === undefined ? { kind: 'write', file: file(path, content, 0o700) } : setFile(path, content, current);

/** As WHM's rules and CSF's default have it. */
const mailGroupName = 'mail';

function mailGroup(facts: FirewallFacts): Result<FirewallPlan, Refusal> {
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
			run('systemctl', 'try-restart', 'sluice-agent.service'),
		],
		undo: [
			{ kind: 'remove', path: mailGroupDropIn },
			{ kind: 'remove-folder', path: mailGroupDropIn.slice(0, mailGroupDropIn.lastIndexOf('/')) },
			takeBack('systemctl', 'daemon-reload'),
			takeBack('systemctl', 'try-restart', 'sluice-agent.service'),
		],
	};
	return ok({ choice: 'mail-group', steps: [step], notes: portNotes(facts) });
}

function smarthost(port: number | undefined, isFree: boolean, ports: readonly number[]): Result<FirewallPlan, Refusal> {
	if (isFree)
		return ok({
			choice: 'smarthost',
			steps: [],
			notes: [`The agent delivers through its relay on port ${port}, which the firewall's rules do not touch.`],
		});
	return failed({
		code: 'firewall-choice',
		text:
			port === undefined
				? 'The agent has no relay to deliver through (`delivery.smarthost` is not set).'
				: `The relay's port ${port} is one of those that the firewall keeps for the mail server (${ports.join(', ')}).`,
		hint: 'Set `delivery.smarthost` with another port that the relay offers (often 2525), and open it in CSF (TCP_OUT) where that is.',
	});
}
