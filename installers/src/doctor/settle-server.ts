/**
 * What commands can settle on a live server, whatever its panel, of the claims in unproved-server.ts: each looks or asks, and changes nothing.
 */

import { agentIds, exemptComment, exemptScript, firewallFacts, isCsfBlocking } from '../facts/firewall.ts';
import type { Machine } from '../facts/machine.ts';
import { agentUser, currentRelease } from '../facts/places.ts';
import { isInCsfPost } from '../plan/firewall-files.ts';
import { agentUnit, apiSocketUnit, smtpSocketUnit } from '../units/names.ts';
import { contradicted, notSettled, proved, type Settled } from './finding.ts';
import { greetingAs } from './outbound.ts';

const notInstalled = notSettled('Sluice is not installed here: `sluice install`, then again.');

async function serving(machine: Machine): Promise<readonly string[]> {
	const { output } = await machine.run(['systemctl', 'is-active', smtpSocketUnit, apiSocketUnit, agentUnit]);
	return output.trim().split('\n');
}

/** Asks only where the installer was. */
const whenInstalled =
	(settle: (machine: Machine) => Promise<Settled>) =>
	async (machine: Machine): Promise<Settled> =>
		(await machine.exists(currentRelease)) ? settle(machine) : notInstalled;

export const unitsRun = whenInstalled(async (machine) => {
	const { output } = await machine.run(['systemctl', '--version']);
	const version = /^systemd (\S+)/.exec(output)?.[1] ?? 'unknown';
	const states = await serving(machine);
	const log = await machine.run([
		'journalctl',
		'-u',
		agentUnit,
		'-b',
		'--no-pager',
		'-q',
		'-g',
		'SIGSYS|status=2[0-9][0-9]/',
	]);
	if (log.exitCode === 0 && log.output.trim() !== '')
		return contradicted(`systemd ${version}: ${log.output.trim().split('\n').at(-1)}`);
	return states.every((state) => state === 'active')
		? proved(`systemd ${version} runs ${smtpSocketUnit}, ${apiSocketUnit} and ${agentUnit}.`)
		: contradicted(`systemd ${version}: ${agentUnit} and its sockets are ${states.join(', ')}.`);
});

export const nothingRefused = whenInstalled(async (machine) => {
	const mode = (await machine.run(['getenforce'])).output.trim();
	if (mode !== 'Enforcing') return notSettled(`SELinux is not enforcing here (${mode === '' ? 'none' : mode}).`);
	const { exitCode, output } = await machine.run(['ausearch', '-m', 'avc,user_avc', '-ts', 'boot', '--input-logs']);
	if (exitCode !== 0 && !/no matches/.test(output))
		return notSettled(`ausearch does not tell: ${output.trim().split('\n')[0]}`);
	const ours = output.split('\n').filter((line) => /denied/.test(line) && /sluice|exim|postfix|smtp/i.test(line));
	const [first] = ours;
	if (first !== undefined)
		return contradicted(`${ours.length} refusals since the start of the server, the first: ${first.trim()}`);
	return (await serving(machine)).every((state) => state === 'active')
		? proved('SELinux is enforcing, has refused nothing of ours since the start of the server, and the agent runs.')
		: notSettled('SELinux has refused nothing of ours, but the agent does not run.');
});

export const oldLibraries = whenInstalled(async (machine) => {
	const [libc, node] = await Promise.all([
		machine.run(['getconf', 'GNU_LIBC_VERSION']),
		machine.run([`${currentRelease}/bin/node`, '-p', 'process.version']),
	]);
	const version = /glibc (\S+)/.exec(libc.output)?.[1];
	if (node.exitCode !== 0)
		return contradicted(`The release's Node does not run here: ${node.output.trim().split('\n')[0]}`);
	if (version === undefined) return notSettled('getconf does not tell the version of the C library.');
	const isRunning = (await serving(machine)).at(-1) === 'active';
	return isRunning
		? proved(`Node ${node.output.trim()} and the store run with glibc ${version}.`)
		: contradicted(`Node runs with glibc ${version}, and the agent does not.`);
});

/** Somebody large, who is always there. */
const farHost = 'gmail-smtp-in.l.google.com';

export const getsOut = whenInstalled(async (machine) => {
	const user = await agentIds(machine);
	if (user === undefined) return notSettled(`There is no user ${agentUser}.`);
	const line = await greetingAs(user, machine, { host: farHost, port: 25 });
	return /^220[ -]mx\.google\.com/.test(line)
		? proved(`The user ${agentUser} reaches ${farHost}: ${line}`)
		: contradicted(`Asked as the user ${agentUser}, ${farHost} says: ${line === '' ? 'nothing' : line}`);
});

export async function whmRules(machine: Machine): Promise<Settled> {
	const { isWhmRestricted, csf, stops, exemptions } = await firewallFacts(machine);
	if (!isWhmRestricted) return notSettled("WHM's SMTP Restrictions are off here.");
	if (isCsfBlocking(csf)) return notSettled('CSF is here as well and makes the rules.');
	const stop = stops.find(({ place, table }) => place === 'iptables' && table === 'nat');
	if (stop !== undefined) return proved(stop.rule);
	return contradicted(
		`No rule of iptables, table nat, leads other users back${exemptions.length === 0 ? '' : ' (apart from ours)'}; nft list ruleset may show another.`,
	);
}

export async function csfWord(machine: Machine): Promise<Settled> {
	const { csf, agentStop } = await firewallFacts(machine);
	if (csf === undefined || !isCsfBlocking(csf)) return notSettled('CSF does not block outgoing mail here.');
	if (!csf.allowUsers.includes(agentUser)) return notSettled(`${agentUser} is not in SMTP_ALLOWUSER here.`);
	if ((await agentIds(machine)) === undefined) return notSettled(`There is no user ${agentUser}.`);
	return agentStop?.place === 'iptables'
		? contradicted(`A rule stops the user ${agentUser} all the same: ${agentStop.rule}`)
		: proved(`The rules that CSF has made let the user ${agentUser} out.`);
}

export async function csfPost(machine: Machine): Promise<Settled> {
	const { csf, exemptions } = await firewallFacts(machine);
	if (csf === undefined || !exemptions.includes('rule'))
		return notSettled('There is no CSF here, or the agent is not let out by a rule of its own.');
	if (!isInCsfPost(csf.post.current?.content ?? ''))
		return notSettled(`${csf.post.path} does not name ${exemptScript}.`);
	const { output } = await machine.run(['iptables', '-w', '5', '-t', 'nat', '-S']);
	const first = output.split('\n').find((line) => line.startsWith('-A OUTPUT ')) ?? '';
	return first.includes(exemptComment)
		? proved(
				'Our rule stands before those of CSF; `csf -r` and looking again at once would show that csfpost.sh did it.',
			)
		: contradicted(`Another rule stands first: ${first}`);
}
