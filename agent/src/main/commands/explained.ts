/**
 * `sluice config explain` where there is no file yet: the defaults alone, and the nearest key to one that does not exist.
 */
import { configKeys } from '@sluice/shared/contract/reference.ts';
import type { ExplainedKey } from '../../config/explain.ts';
import { nearest } from '../../config/nearest.ts';

/** What to say of a key that does not exist; undefined when it does. */
export function unknownKey(key: string): string | undefined {
	const known = configKeys().map((row) => row.key);
	if (known.includes(key)) return undefined;
	const close = nearest(key, known);
	return `unknown key ${key}${close === undefined ? '; `sluice config explain` lists all' : `; did you mean ${close}?`}`;
}

/** A section that may be left out as a whole asks for its keys only when it is there. */
function requiredText(key: string): string {
	const section = key.split('.').slice(0, -1).join('.');
	return section === '' ? 'required' : `required where ${section} is set`;
}

export function explainDefaults(under = ''): readonly ExplainedKey[] {
	return configKeys()
		.filter((row) => !row.isSection && (under === '' || row.key === under || row.key.startsWith(`${under}.`)))
		.map(({ key, fallback, isRequired, allowed, description }) => ({
			key,
			value: fallback,
			origin: isRequired ? requiredText(key) : 'default',
			allowed,
			description,
		}));
}
