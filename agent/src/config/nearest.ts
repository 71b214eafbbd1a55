/** The known word closest to a misspelt one, for `did you mean`. */

const distanceMax = 4;

/** Levenshtein distance by the two-row method. Words here are short; cost does not matter. */
function distance(left: string, right: string): number {
	let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
	for (let row = 1; row <= left.length; row++) {
		const current = [row];
		for (let column = 1; column <= right.length; column++) {
			const substitute = (previous[column - 1] as number) + (left[row - 1] === right[column - 1] ? 0 : 1);
			current.push(Math.min(substitute, (previous[column] as number) + 1, (current[column - 1] as number) + 1));
		}
		previous = current;
	}
	return previous[right.length] as number;
}

/** undefined when nothing is close enough to be a likely slip of the pen. */
export function nearest(word: string, known: readonly string[]): string | undefined {
	let best: string | undefined;
	let bestDistance = Math.min(distanceMax, Math.ceil(word.length / 2)) + 1;
	for (const candidate of known) {
		const apart = distance(word.toLowerCase(), candidate.toLowerCase());
		if (apart < bestDistance) {
			best = candidate;
			bestDistance = apart;
		}
	}
	return best;
}
