/** Names in a sentence: the first few, and how many more there are. Pure. */

const namesShown = 5;

/** `a, b, c, d, e and 7 more`; empty for none. */
export const firstNames = (names: readonly string[]): string =>
	names.length <= namesShown
		? names.join(', ')
		: `${names.slice(0, namesShown).join(', ')} and ${names.length - namesShown} more`;
