/**
 * What every page has around its content: who and where we are, when the numbers are from, what was just done.
 */

import type { Zoned } from '../../words/moment.ts';
import type { About, PanelAdapter, Said } from '../adapter.ts';
import { hiddenPath } from '../embedded.ts';
import { csrfToken } from '../signed.ts';
import { type Strings, stringsOf } from '../strings.ts';
import { moment, zoneText } from '../text/times.ts';
import type { NavItem } from './nav.ts';

export type Frame = {
	readonly t: Strings;
	/** What links to pages begin with. */
	readonly base: string;
	/** What addresses of our files begin with. */
	readonly assets: string;
	/** Shown in the panel's own page: no brand of ours, as high as its content. */
	readonly isFramed: boolean;
	/** The first field of a GET form to that link, `getform.ejs`; undefined where the action says it. */
	readonly hiddenPath: (link: string) => string | undefined;
	readonly nav: readonly NavItem[];
	/** The page of the menu that one is on, for the button of a small screen. */
	readonly hereText: string;
	readonly theme: PanelAdapter['theme'];
	readonly version: string;
	readonly title: string;
	readonly host: string;
	readonly asOf: string;
	readonly asOfMs: number;
	readonly zone: string;
	/** Charts are drawn on it: their script and style come along. */
	readonly hasCharts: boolean;
	/** Absent on pages for nobody. */
	readonly visitor?: {
		readonly name: string;
		readonly actor: string;
		readonly isViewing: boolean;
		readonly logoutPath?: string;
		readonly viewAsPath?: string;
	};
	readonly csrf: string;
	readonly said?: Said;
};

/** What of the machine the pages need. */
export type Place = Zoned & { readonly host: string; readonly version: string; readonly now: () => number };

export function frameOf(
	adapter: PanelAdapter,
	place: Place,
	{ title, visitor, said, nav = [], hasCharts = false }: About,
): Frame {
	const asOfMs = place.now();
	return {
		t: stringsOf(adapter.words),
		base: adapter.basePath,
		assets: adapter.assetPath,
		isFramed: adapter.frameAncestors === "'self'",
		hiddenPath: (link) => hiddenPath(adapter.basePath, link),
		nav,
		hereText: nav.find(({ isHere }) => isHere)?.text ?? stringsOf(adapter.words).menu,
		theme: adapter.theme,
		version: place.version,
		title,
		hasCharts,
		host: place.host,
		asOf: moment(place, asOfMs),
		asOfMs,
		zone: zoneText(place, asOfMs),
		...(visitor === undefined
			? {}
			: {
					visitor: {
						name: visitor.name,
						actor: `${visitor.actor.role} ${visitor.actor.id}`,
						isViewing: visitor.isViewing ?? false,
						...(adapter.viewAsPath === undefined ? {} : { viewAsPath: `${adapter.basePath}${adapter.viewAsPath}` }),
						...(adapter.logoutPath === undefined ? {} : { logoutPath: `${adapter.basePath}${adapter.logoutPath}` }),
					},
				}),
		csrf: visitor === undefined ? '' : csrfToken(adapter.secret, visitor.session),
		...(said === undefined ? {} : { said }),
	};
}
