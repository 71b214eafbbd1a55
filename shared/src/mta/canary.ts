/**
 * Canary: only the mail of named senders is led to the agent, everybody else's goes as before.
 *
 * Who is named is a list of keys, `domain=site1.test` and `user=alice`. Exim looks it up in a file at each message, so that a change needs
 * no rebuild, and no file means everybody. Each key has a word in front, so that an empty name (a null sender, nobody logged in) is never
 * looked up as an empty key. One key of ours is always in it: a domain nobody has, with which the route can be tried. Postfix has the same
 * list as a map of senders: there only the envelope's sender counts.
 *
 * Pure, text to text. Not here: whose domains an account has (installers).
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import { probeParent } from '../words/probe.ts';

/** `domain=NAME` or `user=NAME`, lower case. */
export type CanaryKey = `domain=${string}` | `user=${string}`;

/** Sender domain with which the route of a canary can be tried. */
export const canaryProbeDomain = `canary.${probeParent}`;

export const canaryListHead =
	'# A file of Sluice: while it is there, only mail of these senders goes to the agent (`sluice stage`).\n';

const keyShape = /^(?:domain=[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|user=[a-z_][a-z0-9_.-]{0,63})$/;
export const isCanaryKey = (text: string): text is CanaryKey => keyShape.test(text);

const sorted = (keys: readonly CanaryKey[]): readonly CanaryKey[] => [...new Set(keys)].toSorted();

/** The list as Exim's lsearch reads it. Throws for what is no key. */
export function canaryList(keys: readonly CanaryKey[]): string {
	const all = sorted([`domain=${canaryProbeDomain}`, ...keys]);
	const odd = all.find((key) => !isCanaryKey(key));
	if (odd !== undefined) throw new RangeError(`no key of a canary: ${odd}`);
	return `${canaryListHead}${all.map((key) => `${key}:\n`).join('')}`;
}

/** The list as Postfix's texthash reads it: sender, then where its mail goes. `origin`: domain of a user's own address. */
export function canarySenders(
	keys: readonly CanaryKey[],
	{ origin, nextHop }: { origin: string; nextHop: string },
): string {
	const all = sorted([`domain=${canaryProbeDomain}`, ...keys]);
	const sender = (key: CanaryKey): string =>
		key.startsWith('domain=') ? `@${key.slice('domain='.length)}` : `${key.slice('user='.length)}@${origin}`;
	return `${canaryListHead}${all.map((key) => `# ${key}\n${sender(key)} ${nextHop}\n`).join('')}`;
}

/** The keys in either of the two texts, but for our own. */
export function canaryKeysIn(text: string): readonly CanaryKey[] {
	const own: CanaryKey = `domain=${canaryProbeDomain}`;
	return text.split('\n').flatMap((line) => {
		const key = line.replace(/^# /, '').replace(/:$/, '').trim();
		return isCanaryKey(key) && key !== own ? [key] : [];
	});
}

/**
 * Exim's condition on the router: everybody, unless the list is there. A sender is known by the domain of the envelope, by a login, by the
 * unix user of a program, and a forward by the domain it was written to. Mail to probe domains always comes, or nothing could be proved.
 */
export function canaryCondition(listPath: string): string {
	const listed = (key: string): string => `{bool{\${lookup{${key}}lsearch{${listPath}}{yes}{no}}}}`;
	const any = [
		`{match_domain{$domain}{*.${probeParent}}}`,
		listed('domain=$sender_address_domain'),
		listed('domain=$original_domain'),
		listed('domain=${domain:$authenticated_id}'),
		listed('user=$authenticated_id'),
		`{and{{match{$received_protocol}{\\N^local\\N}}${listed('user=$sender_ident')}}}`,
	].join('');
	return `\${if exists{${listPath}}{\${if or{${any}}{yes}{no}}}{yes}}`;
}
