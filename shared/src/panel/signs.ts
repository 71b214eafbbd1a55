/**
 * The signs beside words, as paths of a 16 by 16 box. A state is sign, word and colour, so that none of them is alone.
 */
export const signs = {
	brand: 'M2 3v10M14 3v10M2 6h12M8 6v7M5 9.5h6',
	menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
	search: 'm10.8 10.8 3.2 3.2M12 7A5 5 0 1 1 2 7a5 5 0 0 1 10 0',
	pen: 'm3 13 .6-2.8L11 2.8l2.2 2.2-7.4 7.4z',
	clock: 'M8 4.5V8l2.4 1.6M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0',
	check: 'm3 8.5 3.2 3.2L13 5',
	cross: 'm4 4 8 8M12 4l-8 8',
	pause: 'M5.5 4v8M10.5 4v8',
	stop: 'M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0M3.8 3.8l8.4 8.4',
	eye: 'M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8M8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6',
	unknown: 'M6 6.2a2 2 0 1 1 2.6 1.9c-.4.2-.6.5-.6 1v.4M8 11.6v.1',
	alert: 'M8 6v3.2M8 11.6v.1M8 2 1.5 13.5h13z',
	down: 'm4 6 4 5 4-5',
	both: 'm5 6 3-3 3 3M5 10l3 3 3-3',
	up: 'm4 10 4-5 4 5',
} as const;

export type Sign = keyof typeof signs;

/** A sign, hidden from those who hear the word beside it; its drawing stands once in the page (`spriteSvg`). */
export const signSvg = (sign: Sign): string => `<svg class="sl-i" aria-hidden="true"><use href="#sl-${sign}"/></svg>`;

/** All drawings, for the head of a page. */
export const spriteSvg = `<svg hidden>${Object.entries(signs)
	.map(([sign, path]) => `<symbol id="sl-${sign}" viewBox="0 0 16 16"><path d="${path}"/></symbol>`)
	.join('')}</svg>`;
