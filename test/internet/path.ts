/**
 * The argument of MAIL and RCPT: `FROM:<path> KEY=value KEY …` (RFC 5321 §4.1.1.2, §4.1.1.3).
 *
 * Takes quoted local parts, UTF-8, the null path, and drops source routes (RFC 5321 §4.1.1.3, appendix C). Lenient on
 * spaces after the colon, since real receivers are. Pure.
 */
export type PathArgument = {
	/** The address as written between the angle brackets; empty for the null reverse-path. */
	readonly address: string;
	readonly localPart: string;
	readonly domain: string;
	/** ESMTP parameters by upper-case keyword; `true` when it has no value. */
	readonly parameters: { readonly [keyword: string]: string | true };
};

const PLAIN = /^ *<([^<>"@\s]*)@([^<>"@\s:,]+)>(?: +(.*))?$/;
const QUOTED = /^ *<("(?:[^"\\]|\\.)*")@([^<>"@\s]+)>(?: +(.*))?$/;
const ROUTED = /^ *<@[^<>:]*:/;
const BARE = /^ *<([^<>"@\s]*)>(?: +(.*))?$/;
const NO_PARAMETERS = Object.freeze({});

/** Reads what follows `MAIL FROM:` or `RCPT TO:`; undefined when it is no path. */
export function parsePath(text: string): PathArgument | undefined {
	const argument = ROUTED.test(text) ? text.replace(ROUTED, '<') : text;
	const full = PLAIN.exec(argument) ?? QUOTED.exec(argument);
	if (full !== null) {
		const [, localPart, domain, rest] = full;
		return {
			address: `${localPart}@${domain}`,
			localPart: localPart!,
			domain: domain!,
			parameters: parameters(rest),
		};
	}
	// <> is the null reverse-path, <postmaster> needs no domain (RFC 5321 §4.1.1.3).
	const bare = BARE.exec(argument);
	if (bare === null) return undefined;
	return {
		address: bare[1]!,
		localPart: bare[1]!,
		domain: '',
		parameters: parameters(bare[2]),
	};
}

function parameters(rest: string | undefined): PathArgument['parameters'] {
	if (rest === undefined || rest.trim() === '') return NO_PARAMETERS;
	const found: { [keyword: string]: string | true } = {};
	for (const part of rest.trim().split(/ +/)) {
		const equals = part.indexOf('=');
		if (equals < 0) found[part.toUpperCase()] = true;
		else found[part.slice(0, equals).toUpperCase()] = part.slice(equals + 1);
	}
	return found;
}
