/**
 * Drawing: a finished view model and a template give HTML. Templates hold no decisions and no text of their own; every foreign string
 * goes through EJS's escaping (`<%= %>`).
 *
 * Each page is `page.ejs` around a content template; htmx is answered with fragments.
 */
import { join } from 'node:path';
import ejs from 'ejs';
import type { About, Drawing, PanelAdapter } from './adapter.ts';
import { type Frame, frameOf, type Place } from './model/page-frame.ts';
import { signSvg, spriteSvg } from './signs.ts';
import { stringsOf } from './strings.ts';

const viewsFolder = join(import.meta.dirname, 'views');

export type Pages = Drawing & {
	readonly adapter: PanelAdapter;
	readonly place: Place;
	/** One template by itself. */
	fragment(view: string, model: object): Promise<string>;
	frame(about: About): Frame;
};

export function createPages(adapter: PanelAdapter, place: Place): Pages {
	const draw = (view: string, model: object): Promise<string> =>
		ejs.renderFile(join(viewsFolder, `${view}.ejs`), { ...model, sign: signSvg, sprite: spriteSvg }, { cache: true });
	const frame: Pages['frame'] = (about) => frameOf(adapter, place, about);
	return {
		adapter,
		place,
		t: stringsOf(adapter.words),
		fragment: draw,
		frame,
		async page(view, about, model) {
			const around = frame(about);
			const content = await draw(view, { ...around, ...model });
			return draw('page', { ...around, ...model, content });
		},
	};
}
