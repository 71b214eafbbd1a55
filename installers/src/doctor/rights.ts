/**
 * Who owns what of an installed server, and who else can read or change it.
 *
 * Rules rather than exact modes: an administrator may be stricter. What a tenant could change would be run as root or as the agent; what he could
 * read would let him pass for anybody. Not here: Exim's copy of the secret (secret.ts).
 */
import {
	agentSocket,
	agentUser,
	configFile,
	configFolder,
	configParts,
	dataFolder,
	helperSocket,
	installFolder,
	panelSocket,
	programFolder,
	runFolder,
	watchFolder,
	wiringSecretFile,
} from '../facts/places.ts';
import { type Finding, wrong } from './finding.ts';
import type { Ground } from './ground.ts';
import { freshSecretMend, isSecretSame } from './secret.ts';
import { takeBack } from './take-back.ts';

type Rule = {
	readonly path: string;
	/** Undefined: whoever. */
	readonly owner: string | undefined;
	readonly never: { readonly bits: number; readonly taken: string };
	readonly why: string;
};

/** Bits that nobody may have, and the word of chmod that takes them away. */
const changeable = { bits: 0o022, taken: 'go-w' } as const;
const byOthers = { bits: 0o007, taken: 'o-rwx' } as const;
const changeableOrByOthers = { bits: 0o027, taken: 'g-w,o-rwx' } as const;
const notOwner = { bits: 0o077, taken: 'go-rwx' } as const;
const runsAsRoot = 'what is in it is run, or believed, by root';

const rules: readonly Rule[] = [
	{ path: programFolder, owner: 'root', never: changeable, why: runsAsRoot },
	{ path: configFolder, owner: 'root', never: changeable, why: runsAsRoot },
	{ path: configFile, owner: 'root', never: changeable, why: 'it says where all mail goes' },
	{ path: configParts, owner: 'root', never: changeable, why: 'it says where all mail goes' },
	{
		path: wiringSecretFile,
		owner: 'root',
		never: changeableOrByOthers,
		why: 'whoever has the secret can pass for any sender',
	},
	{ path: runFolder, owner: 'root', never: changeable, why: 'others could put a socket at a name that root opens' },
	{ path: agentSocket, owner: undefined, never: byOthers, why: 'whoever can connect can read and decide about mail' },
	{
		path: panelSocket,
		owner: undefined,
		never: byOthers,
		why: 'whoever can connect can pass for any user of the panel',
	},
	{ path: helperSocket, owner: undefined, never: byOthers, why: 'root acts for whoever can connect' },
	{ path: dataFolder, owner: agentUser, never: notOwner, why: 'all mail is in it' },
	{ path: installFolder, owner: 'root', never: notOwner, why: runsAsRoot },
	{ path: watchFolder, owner: 'root', never: changeable, why: runsAsRoot },
];

export async function rightsFindings({ machine, site }: Ground): Promise<readonly Finding[]> {
	const paths = rules.map(({ path }) => path);
	const [{ output }, loose] = await Promise.all([
		machine.run(['stat', '-c', '%n|%a|%U', ...paths]),
		machine.run([
			'find',
			programFolder,
			'-xdev',
			'!',
			'-type',
			'l',
			'(',
			'!',
			'-uid',
			'0',
			'-o',
			'-perm',
			'/022',
			')',
			'-print',
			'-quit',
		]),
	]);
	const there = new Map(
		output.split('\n').map((line) => {
			const [path = '', mode = '', owner = ''] = line.trim().split('|');
			return [path, { mode: Number.parseInt(mode, 8), owner }] as const;
		}),
	);
	const isSame = !site.ok || (await isSecretSame(machine, site.value));
	const found = rules.flatMap((rule) => {
		const fact = there.get(rule.path);
		if (fact === undefined || Number.isNaN(fact.mode)) return [];
		const broken = brokenRule(rule, fact);
		return rule.path === wiringSecretFile && !isSame ? broken.map(unmendable) : broken;
	});
	const first = loose.exitCode === 0 ? loose.output.trim() : '';
	return first === '' || found.some(({ text }) => text.startsWith(`${programFolder} `))
		? found
		: [
				...found,
				wrong(
					'rights',
					`${first} can be changed by others than root: ${runsAsRoot}.`,
					`\`chown -R root:root ${programFolder}; chmod -R go-w ${programFolder}\`, and \`sluice doctor\` again: it compares each file with the release`,
					takeBack(programFolder, { owner: 'root', mode: 'go-w', isDeep: true }),
				),
			];
}

function brokenRule(
	{ path, owner, never, why }: Rule,
	fact: { readonly mode: number; readonly owner: string },
): readonly Finding[] {
	const isForeign = owner !== undefined && fact.owner !== owner;
	if (!isForeign && (fact.mode & never.bits) === 0) return [];
	const text = isForeign
		? `${path} belongs to ${fact.owner} and not to ${owner}: ${why}.`
		: `${path} is open to others (mode ${fact.mode.toString(8)}): ${why}.`;
	const commands = [...(isForeign ? [`chown ${owner} ${path}`] : []), `chmod ${never.taken} ${path}`];
	return [wrong('rights', text, `\`${commands.join('; ')}\``, takeBack(path, { owner, mode: never.taken }))];
}

/** Closing it would keep what somebody may have put there. */
const unmendable = ({ code, text }: Finding): Finding =>
	wrong(code, `${text} It is another secret than Exim's.`, freshSecretMend(wiringSecretFile));
