/**
 * What a packet filter does with a connection of one user to a mail port out on the internet, told from what `iptables -S` prints.
 *
 * The rules that hosting servers have against users who send around the MTA name owners (`--uid-owner`, `--gid-owner`), ports and
 * little else; those are read as the kernel reads them, jumps into other chains too. `--gid-owner` is the first group of a process only:
 * a supplementary group does not count (xt_owner, unless `--suppl-groups` is written). A condition that is not understood makes its rule
 * match nobody, so that this names a rule only where it is sure; whether a connection comes about is for doctor to try.
 * Pure. Not here: asking the programs (firewall.ts). iptables(8), iptables-extensions(8).
 */

/** The first packet of a connection to somebody far away. */
export type Outgoing = { readonly port: number; readonly uid: number; readonly gid: number };

export type Judged = {
	readonly outcome: 'passes' | 'redirected' | 'blocked';
	/** As `iptables -S` prints it, or the policy of the chain. Absent: nothing speaks of it. */
	readonly rule?: string;
};

export type Chains = {
	readonly policies: ReadonlyMap<string, string>;
	readonly rules: ReadonlyMap<string, readonly string[]>;
};

/** The text of `iptables -t TABLE -S`. */
export function chainsIn(text: string): Chains {
	const policies = new Map<string, string>();
	const rules = new Map<string, string[]>();
	for (const line of text.split('\n')) {
		const [act, chain, policy] = line.trim().split(/\s+/);
		if (chain === undefined) continue;
		if (act === '-P' && policy !== undefined) policies.set(chain, policy);
		if (act === '-A') rules.set(chain, [...(rules.get(chain) ?? []), line.trim()]);
	}
	return { policies, rules };
}

const jumpsMax = 32;

/** Through `OUTPUT` and whatever it jumps to. */
export function judgeOutgoing(chains: Chains, packet: Outgoing): Judged {
	const judged = throughChain(chains, 'OUTPUT', packet, 0);
	if (judged !== undefined) return judged;
	const policy = chains.policies.get('OUTPUT');
	return policy === 'DROP' ? { outcome: 'blocked', rule: '-P OUTPUT DROP' } : { outcome: 'passes' };
}

const outcomes: { readonly [target: string]: Judged['outcome'] } = {
	ACCEPT: 'passes',
	DROP: 'blocked',
	REJECT: 'blocked',
	REDIRECT: 'redirected',
	DNAT: 'redirected',
};

/** Undefined: the chain says nothing and the one before goes on. */
function throughChain(chains: Chains, name: string, packet: Outgoing, depth: number): Judged | undefined {
	if (depth > jumpsMax) return undefined;
	for (const rule of chains.rules.get(name) ?? []) {
		const { matches, target, isGoto } = readRule(rule, packet);
		if (!matches || target === undefined) continue;
		if (target === 'RETURN') return undefined;
		const outcome = outcomes[target];
		if (outcome !== undefined) return { outcome, rule };
		const judged = throughChain(chains, target, packet, depth + 1);
		if (judged !== undefined) return judged;
		if (isGoto) return undefined;
	}
	return undefined;
}

type Test = (value: string, packet: Outgoing) => boolean;

const inList = (list: string, separator: string, value: number): boolean =>
	list.split(',').some((part) => {
		const [from = Number.NaN, to = from] = part.split(separator).map(Number);
		return value >= from && value <= to;
	});
const never: Test = () => false;
const always: Test = () => true;
const isEverywhere: Test = (value) => value === '0.0.0.0/0' || value === '::/0';

/** Options with one value. What is not here makes the rule match nobody. */
const tests: { readonly [option: string]: Test } = {
	'-p': (value) => value === 'tcp' || value === '6' || value === 'all',
	'-s': isEverywhere,
	'-d': isEverywhere,
	'-o': (value) => value !== 'lo',
	'-i': never,
	'--dport': (value, { port }) => inList(value, ':', port),
	'--dports': (value, { port }) => inList(value, ':', port),
	'--ports': (value, { port }) => inList(value, ':', port),
	'--uid-owner': (value, { uid }) => inList(value, '-', uid),
	'--gid-owner': (value, { gid }) => inList(value, '-', gid),
	'--ctstate': (value) => value.split(',').includes('NEW'),
	'--state': (value) => value.split(',').includes('NEW'),
	'--dst-type': (value) => value === 'UNICAST',
	'--comment': always,
	'--limit': always,
	'--limit-burst': always,
	'-m': always,
};
/** Of what is done with a packet, not of which: their values are passed over. */
const ofTargets = /^--(?:reject-with|to-ports?|to-destination|log-|nflog-|set-|random|persistent)/;
const flags: readonly string[] = ['--syn', '--suppl-groups', '-4', '-6'];

function readRule(
	rule: string,
	packet: Outgoing,
): { readonly matches: boolean; readonly target: string | undefined; readonly isGoto: boolean } {
	const words = (rule.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? []).slice(2);
	let [matches, isNegated, isGoto] = [true, false, false];
	let target: string | undefined;
	for (let at = 0; at < words.length; at += 1) {
		const word = words[at] as string;
		if (word === '!') {
			isNegated = true;
			continue;
		}
		const value = words[at + 1] ?? '';
		if (word === '-j' || word === '-g') {
			target = value;
			isGoto = word === '-g';
			at += 1;
		} else if (ofTargets.test(word)) {
			if (words[at + 1]?.startsWith('-') === false) at += 1;
		} else if (word === '--tcp-flags') at += 2;
		else if (!flags.includes(word)) {
			const test = tests[word];
			matches &&= test !== undefined && test(value, packet) !== isNegated;
			at += 1;
		}
		isNegated = false;
	}
	return { matches, target, isGoto };
}

/** Numbers of the groups whose members the rules let out to one of these ports: `--gid-owner 12`. */
export function groupsLetOut({ rules }: Chains): readonly number[] {
	const found = [...rules.values()]
		.flat()
		.filter((rule) => /-j (?:RETURN|ACCEPT)\b/.test(rule) && !/! --gid-owner/.test(rule))
		.map((rule) => Number(/--gid-owner (\d+)(?!\S)/.exec(rule)?.[1] ?? Number.NaN));
	return [...new Set(found.filter((gid) => !Number.isNaN(gid)))];
}
