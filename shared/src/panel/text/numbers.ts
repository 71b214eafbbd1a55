/**
 * Numbers for people: thousands parted, percent with a thin space, first letters of sentences.
 */

const whole = new Intl.NumberFormat('en');

/** `22,195`. */
export const count = (value: number): string => whole.format(value);

/** `86 %`; never 100 % before it is, never 0 % when something is there. */
export function percent(part: number, of: number): string {
	if (of === 0) return '100 %';
	const exact = (part / of) * 100;
	const shown = exact > 0 && exact < 1 ? 1 : exact >= 100 ? Math.round(exact) : Math.min(99, Math.round(exact));
	return `${count(shown)} %`;
}

/** First letter of a sentence; a name such as cPanel stays as it is written. */
export const capital = (word: string): string =>
	/^\p{Ll}\p{Lu}/u.test(word) ? word : `${word.charAt(0).toUpperCase()}${word.slice(1)}`;

/** `1 account`, `3 accounts`. */
export const counted = (value: number, one: string, many: string): string =>
	`${count(value)} ${value === 1 ? one : many}`;

const sizes = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/** `812 bytes`, `31 MB`, `1.4 GB`. */
export function sizeText(bytes: number): string {
	let value = bytes;
	let unit = 0;
	while (value >= 1000 && unit < sizes.length - 1) {
		value /= 1000;
		unit += 1;
	}
	return `${count(value < 10 && unit > 0 ? Math.round(value * 10) / 10 : Math.round(value))} ${sizes[unit]}`;
}

/** With one digit behind the point, and never 100 while something is missing. */
export function shareText(part: number, of: number): string {
	if (of === 0) return '–';
	const exact = (part / of) * 100;
	return part === of ? '100' : Math.min(99.9, Math.round(exact * 10) / 10).toFixed(1);
}
