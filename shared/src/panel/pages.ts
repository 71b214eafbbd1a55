/**
 * Drawing: a finished view model and a template give HTML. Templates hold no decisions and no text of their own; every foreign string
 * goes through EJS's escaping (`<%= %>`).
 *
 * Each page is `page.ejs` around a content template; htmx is answered with fragments.
 */
import { join } from 'node:path';
import ejs from 'ejs';
import type { Request } from 'express';
import type { Client, ClientFailure } from '../client/client.ts';
import type { SelfDto } from '../contract/view-operations.ts';
import type { Result } from '../words/result.ts';
import type { About, Drawing, PanelAdapter } from './adapter.ts';
import { type Frame, frameOf, type Place } from './model/page-frame.ts';
import { signSvg, spriteSvg } from './signs.ts';
import { stringsOf } from './strings.ts';

const viewsFolder = join(import.meta.dirname, 'views');

export type Self = Result<SelfDto, ClientFailure>;

export type Pages = Drawing & {
	readonly adapter: PanelAdapter;
	readonly place: Place;
	/** One template by itself. */
	fragment(view: string, model: object): Promise<string>;
	frame(about: About): Frame;
	/** What the agent offers to whoever asks, and what that actor may do; asked once a request. */
	selfOf(request: Request): Promise<Self>;
};

export function createPages(adapter: PanelAdapter, place: Place, clientOf: (request: Request) => Client): Pages {
	const selves = new WeakMap<Request, Promise<Self>>();
	const draw = (view: string, model: object): Promise<string> =>
		ejs.renderFile(join(viewsFolder, `${view}.ejs`), { ...model, sign: signSvg, sprite: spriteSvg }, { cache: true });
	const frame: Pages['frame'] = (about) => frameOf(adapter, place, about);
	return {
		adapter,
		place,
		t: stringsOf(adapter.words),
		fragment: draw,
		frame,
		selfOf(request) {
			const known = selves.get(request) ?? clientOf(request).call('self', {});
			selves.set(request, known);
			return known;
		},
		async page(view, about, model) {
			const around = frame(about);
			const content = await draw(view, { ...around, ...model });
			return draw('page', { ...around, ...model, content });
		},
	};
}
