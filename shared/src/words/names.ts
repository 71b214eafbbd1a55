/** Names in a sentence: the first few, and how many more there are. Pure. */

const namesShown = 5;

/** `a, b, c, d, e and 7 more`; empty for none. */
export const firstNames = (names: readonly string[], shown = namesShown): string =>
	names.length <= shown ? names.join(', ') : `${names.slice(0, shown).join(', ')} and ${names.length - shown} more`;
