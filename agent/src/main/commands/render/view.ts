/**
 * How values are to look: the moment, the zone, the room, the colours. Renderers take it and give lines; they write nothing.
 */

export type Paint = {
	readonly strong: (text: string) => string;
	readonly faint: (text: string) => string;
	readonly good: (text: string) => string;
	readonly warning: (text: string) => string;
	readonly bad: (text: string) => string;
};

export type View = {
	readonly nowMs: number;
	/** IANA name. */
	readonly zone: string;
	/** Columns of a table; Infinity: no bound. */
	readonly width: number;
	readonly paint: Paint;
};

const sgr =
	(on: number, off: number) =>
	(text: string): string =>
		text === '' ? '' : `\x1b[${on}m${text}\x1b[${off}m`;

const colours: Paint = {
	strong: sgr(1, 22),
	faint: sgr(2, 22),
	good: sgr(32, 39),
	warning: sgr(33, 39),
	bad: sgr(31, 39),
};

const asIs = (text: string): string => text;
export const plain: Paint = { strong: asIs, faint: asIs, good: asIs, warning: asIs, bad: asIs };

type Seen = { readonly now: () => number; readonly zone: string; readonly width: number; readonly hasColour: boolean };

export const viewOf = ({ now, zone, width, hasColour }: Seen): View => ({
	nowMs: now(),
	zone,
	width,
	paint: hasColour ? colours : plain,
});

const proseColumnsMax = 100;
/** Columns of running text: long lines are hard to read even where there is room. */
export const proseWidth = (view: View): number => Math.min(view.width, proseColumnsMax);
