/**
 * After an act: what has changed to htmx, a redirect with what was done to a browser without script; and what forms bring.
 */
import type { Request, Response } from 'express';
import type { Client } from '../client/client.ts';
import type { Said } from './adapter.ts';
import { isFragment, mayFor, toast, wordsOf } from './answer.ts';
import { visitorOf } from './guard.ts';
import type { Where } from './limit-acts.ts';
import { limitLines } from './model/account.ts';
import type { Spot } from './model/cell.ts';
import { type Given, textOf, trimmedOf } from './model/given.ts';
import { groupsOf } from './model/group.ts';
import { rowOf } from './model/list.ts';
import { panelOwnOf } from './model/panel-own.ts';
import { accountPath } from './model/paths.ts';
import { rulesHeadOf, rulesOf } from './model/rules.ts';
import type { Pages } from './pages.ts';
import { readAccount, readBook } from './read.ts';
import { opened, sealed } from './signed.ts';

/** A note that was not opened in that time is worth nothing; the toast stands 10 s, a page without script as long as it is read. */
const undoMs = 10 * 60_000;
/** Of a reason; the agent takes no more. */
const reasonCharsMax = 500;

/** What every act needs: drawing, and the agent for whoever asks. */
export type Desk = { readonly pages: Pages; readonly clientOf: (request: Request) => Client };
export type Exchange = { readonly request: Request; readonly response: Response };

export const fieldsOf = (request: Request): Given => (request.body ?? {}) as Given;
/** Why somebody acts, in their own words; empty when they say nothing. */
export const reasonOf = (request: Request): string => trimmedOf(fieldsOf(request).reason, reasonCharsMax);
export const spotOf = (value: unknown): Spot => (value === 'account' ? 'account' : 'list');
/** Back to the list as it was: a query of ours, or nothing. */
export const backOf = (value: unknown): string => (/^\?[\w=&%.+~-]{1,1000}$/.test(textOf(value)) ? textOf(value) : '');

export function pathOf({ adapter: { basePath } }: Pages, where: Where): string {
	if (where.at === 'rules') return `${basePath}/rules`;
	if (where.at === 'groups') return `${basePath}/${where.kind}`;
	return where.at === 'account' ? accountPath(basePath, where.account) : `${basePath}/accounts${where.back}`;
}

/** What has changed on the page, for htmx. */
async function changed({ pages, clientOf }: Desk, request: Request, where: Where): Promise<string> {
	const client = clientOf(request);
	const words = wordsOf(pages);
	const may = await mayFor(pages, request);
	const frame = pages.frame({ title: '', visitor: visitorOf(request) });
	if (where.at === 'rules') {
		const rules = rulesOf(await readBook(client), words, may);
		return pages.fragment('rules', {
			...frame,
			rules,
			head: rulesHeadOf(rules, may, words.t),
			back: where.back,
			isPool: !may.switchShared,
			canTry: may.tryRules,
			swap: true,
		});
	}
	if (where.at === 'groups') {
		const [answer, book] = await Promise.all([
			client.call('listGroups', { params: { kind: where.kind } }),
			readBook(client),
		]);
		if (!answer.ok) return '';
		return pages.fragment('groups', {
			...frame,
			groups: groupsOf(where.kind, answer.value, { book, may }, words),
			swap: true,
		});
	}
	const one = await readAccount(client, where.account);
	if (!one.ok) return '';
	if (where.at === 'account')
		return pages.fragment('limits', {
			...frame,
			lines: limitLines(one.value, words, may),
			panelOwn: panelOwnOf(one.value.account, one.value.view, words.t),
			account: one.value.account.key,
			swap: true,
		});
	const row = rowOf({ ...one.value, back: where.back, may }, words);
	return pages.fragment('row-parts', { ...frame, row });
}

export async function done(desk: Desk, { request, response }: Exchange, where: Where, said: Said): Promise<void> {
	const { pages } = desk;
	if (isFragment(request)) {
		const parts = await Promise.all([changed(desk, request, where), toast(pages, request, said)]);
		response.type('html').send(parts.join('\n'));
		return;
	}
	backTo(pages, { request, response }, pathOf(pages, where), said);
}

/** What was done just before, from the address of a page. */
export function saidIn({ adapter, place }: Pages, request: Request): { readonly said?: Said } {
	const note = opened(adapter.secret, visitorOf(request).session, request.query.said, place.now());
	return note === undefined ? {} : { said: note as Said };
}

/** Back to a page that says what was done. */
export function backTo({ adapter, place }: Pages, { request, response }: Exchange, path: string, said: Said): void {
	const note = sealed(adapter.secret, visitorOf(request).session, said, place.now() + undoMs);
	response.redirect(303, `${path}${path.includes('?') ? '&' : '?'}said=${encodeURIComponent(note)}`);
}

/** What a form brings back of `undoNote`; undefined: too late, not of this session, or of another kind of act. */
export function undoNoteIn<T extends { readonly act: string }>(
	{ adapter, place }: Pages,
	request: Request,
	acts: readonly T['act'][],
): T | undefined {
	const note = opened(adapter.secret, visitorOf(request).session, fieldsOf(request).note, place.now()) as T | undefined;
	return note !== undefined && acts.includes(note.act) ? note : undefined;
}

/** A note for the way back, of whatever kind of act. */
export function undoNote({ adapter, place }: Pages, request: Request, note: object): string {
	return sealed(adapter.secret, visitorOf(request).session, note, place.now() + undoMs);
}
