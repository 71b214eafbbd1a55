/**
 * Why a server cannot be installed on as it is. All of it at once, so that nobody mends one thing after the other; nothing is changed.
 *
 * Pure. Not here: what the wiring itself refuses (exim-refusals.ts, cpanel.ts, postfix.ts), which comes as it is.
 */
import { commandLink, configFile, programFolder } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import { usersRefusal } from '../units/users.ts';
import { type InstallFacts, isRefusal } from './install-facts.ts';

const MiB = 1 << 20;
/** Two releases beside one another, with what an upgrade needs for a while. */
const programBytesMin = 500 * MiB;
/** A spool that fills within minutes is none. */
const dataBytesMin = 1024 * MiB;
const glibcMin = '2.28';
const systemdMin = 239;

export function installRefusals(facts: InstallFacts): readonly Refusal[] {
	return [
		...ofThisProgram(facts),
		...ofSystem(facts),
		...ofEarlier(facts),
		...ofMail(facts),
		...ofRoom(facts),
		...facts.surroundings.refusals,
	];
}

function ofThisProgram({ isRoot, release }: InstallFacts): readonly Refusal[] {
	return [
		...(isRoot
			? []
			: [
					{
						code: 'not-root',
						text: 'This is not root, and only root may install.',
						hint: 'Run it with sudo, or as root.',
					},
				]),
		...(release === undefined
			? [
					{
						code: 'no-release',
						text: 'This program is no release: there is no release.json beside it.',
						hint: 'Install from a release (`sh install.sh --file sluice-VERSION-linux-x64.tar.xz`). `npm run release` builds one of a checkout.',
					},
				]
			: []),
	];
}

const isBefore = (version: string, least: string): boolean => {
	const [one, other] = [version, least].map((each) => each.split('.').map(Number));
	const [major = 0, minor = 0] = one ?? [];
	const [leastMajor = 0, leastMinor = 0] = other ?? [];
	return major < leastMajor || (major === leastMajor && minor < leastMinor);
};

function ofSystem({ server }: InstallFacts): readonly Refusal[] {
	const { architecture, glibc, systemd, panel, users } = server;
	const refusals: Refusal[] = [];
	if (architecture !== 'x86_64')
		refusals.push({
			code: 'architecture',
			text: `This server is ${architecture || 'of an unknown kind'}; releases are for x86_64.`,
			hint: 'There is nothing to be done here; another server can be used.',
		});
	if (glibc === undefined || isBefore(glibc, glibcMin))
		refusals.push({
			code: 'glibc',
			text: `The C library of this server is ${glibc === undefined ? 'not glibc' : `glibc ${glibc}`}; the program needs glibc ${glibcMin} or newer.`,
			hint: 'AlmaLinux, Rocky and CloudLinux 8, Debian 11, Ubuntu 20.04 and newer have it.',
		});
	if (systemd === undefined || systemd < systemdMin)
		refusals.push({
			code: 'systemd',
			text:
				systemd === undefined
					? 'Process 1 of this server is not systemd; the agent is kept running by it, and so is its port.'
					: `systemd ${systemd} is here; ${systemdMin} or newer is needed.`,
			hint: 'In a container: one that boots systemd. Without it the agent can be run by hand (docs/wiring.md).',
		});
	if (panel.kind === 'plesk')
		refusals.push({
			code: 'panel',
			text: 'This is a Plesk server: Plesk writes the settings of Postfix itself.',
			hint: 'There is no installation for Plesk yet.',
		});
	else {
		const taken = usersRefusal(users, panel.kind);
		if (taken !== undefined) refusals.push(taken);
	}
	return refusals;
}

function ofEarlier({ server, release, placed }: InstallFacts): readonly Refusal[] {
	const { journalProblem, command } = server.earlier;
	const refusals: Refusal[] = [];
	if (journalProblem !== undefined)
		refusals.push({
			code: 'journal',
			text: `What an earlier installation has written down cannot be read: ${journalProblem}.`,
			hint: 'If a newer Sluice is installed here, use its own `sluice`. Nothing is done on a guess.',
		});
	if (command !== undefined && !isOurCommand(command))
		refusals.push({
			code: 'command-taken',
			text: `${commandLink} is here already and is not Sluice's${command === 'file' ? '' : ` (it leads to ${command})`}.`,
			hint: 'Move it away; the command of that name goes there.',
		});
	if (release === undefined) return refusals;
	const wanted = `releases/${release.version}`;
	if (placed !== undefined && placed !== release.manifest)
		refusals.push({
			code: 'same-version',
			text: `${programFolder}/${wanted} is here already, and is another build of the same version.`,
			hint: 'Build with a version of its own, or `sluice uninstall` first.',
		});
	return refusals;
}

/** Of a release, or of a checkout that was set up by hand. */
const isOurCommand = (target: string): boolean =>
	target.startsWith(programFolder) || target.endsWith('/scripts/sluice');

function ofMail({ mta, server, config, plugin }: InstallFacts): readonly Refusal[] {
	const refusals: Refusal[] = [];
	if (isRefusal(mta)) refusals.push(mta);
	else {
		if (isRefusal(mta.wiring)) refusals.push(mta.wiring);
		if (mta.user !== undefined && mta.user.uid < 0)
			refusals.push({
				code: 'mta-user',
				text: `The MTA runs as ${mta.user.name}, who is not in /etc/passwd.`,
				hint: 'The relay port is opened to that user alone; make it known, or set the MTA right.',
			});
	}
	if (plugin !== undefined && isRefusal(plugin)) refusals.push(plugin);
	const { relayPort } = server;
	if (relayPort.kind === 'taken')
		refusals.push({
			code: 'port-taken',
			text: `Port ${relayPort.port} is in use (${relayPort.holder}).`,
			hint: config.files.has(configFile)
				? `Stop it, or name another port in ${configFile} (smtp.listen).`
				: 'Name another one below 1024: --port NUMBER.',
		});
	return refusals;
}

function ofRoom({ server: { freeBytes } }: InstallFacts): readonly Refusal[] {
	const lacks = (what: string, folder: string, bytes: number | undefined, least: number): readonly Refusal[] =>
		bytes === undefined || bytes >= least
			? []
			: [
					{
						code: 'no-room',
						text: `${folder} has ${Math.floor(bytes / MiB)} MB left; ${what} needs ${least / MiB} MB.`,
						hint: `Make room there (\`df -h ${folder}\`).`,
					},
				];
	return [
		...lacks('the program', '/opt', freeBytes.program, programBytesMin),
		...lacks('the queue', '/var/lib', freeBytes.data, dataBytesMin),
	];
}
