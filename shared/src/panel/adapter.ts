/**
 * PanelAdapter: the port that a panel implements so that the pages can stand in it.
 *
 * The pages know accounts, limits and the agent. What differs from panel to panel is behind this port: who is at the keyboard, what an
 * account is called, where the pages stand, what the frame around them looks like. An adapter that has a login brings its own routes.
 * Not here: what a visitor may see; the agent decides that by the actor, and the panel's own check comes before it.
 */
import type { RequestHandler } from 'express';
import type { Actor } from '../contract/actor.ts';
import type { Result } from '../words/result.ts';
import type { NavItem } from './model/nav.ts';
import type { PanelWords } from './panel-words.ts';
import type { Strings } from './strings.ts';

/** Who asks, as the panel has proved it. */
export type Visitor = {
	readonly actor: Actor;
	/** For the corner of the page. */
	readonly name: string;
	/** What CSRF tokens are bound to: an id of the session that no other session has. Never shown. */
	readonly session: string;
	/** An administrator who looks at what somebody else sees. */
	readonly isViewing?: boolean;
};

/** What was done, with the way back while there is one. */
export type Said = {
	readonly text: string;
	readonly isFailure?: boolean;
	/** A sealed note that undoes it, and which acts it belongs to; absent: limits. */
	readonly undo?: string;
	readonly undoOf?: 'holds' | 'mail' | 'changes' | 'panel';
};

export type About = {
	readonly title: string;
	readonly visitor?: Visitor;
	readonly said?: Said;
	readonly nav?: readonly NavItem[];
	readonly hasCharts?: boolean;
};

/** What an adapter draws its own pages with. */
export type Drawing = {
	readonly t: Strings;
	/** The whole page around a template of `views/`. */
	page(view: string, about: About, model: object): Promise<string>;
};

/** The panel's own hold and suspension of outgoing mail, which act before the MTA gives us anything. */
export type PanelActs = {
	/** Sets it or takes it back (`on: false`). What was done as one sentence, or why it was not. */
	set(
		visitor: Visitor,
		act: {
			readonly what: 'hold' | 'suspend';
			readonly user: string;
			readonly mailbox?: string;
			readonly on: boolean;
			readonly reason: string;
		},
	): Promise<Result<string, string>>;
};

export type PanelTheme = 'auto' | 'light' | 'dark';

export type PanelAdapter = {
	readonly words: PanelWords;
	readonly theme: PanelTheme;
	/**
	 * What links to a page begin with, before its path: `` for a port of their own; `?p=` in a panel, where every page is one script of
	 * the panel's own folder and links stay relative, so that the panel's security token in the address survives.
	 */
	readonly basePath: string;
	/** What addresses of our files begin with, without a slash at the end: `/assets`, or relative to the panel's script. */
	readonly assetPath: string;
	/** Where a person finds them in the panel's menu: `Plugins › Sluice`. Empty: nowhere else. */
	readonly menuPlace: string;
	/** Which pages may show ours in a frame: CSP `frame-ancestors`. */
	readonly frameAncestors: "'none'" | "'self'";
	/** Key of CSRF tokens and undo notes, at least 32 bytes of randomness. */
	readonly secret: string;
	/** Where one logs out; undefined where the panel does that. */
	readonly logoutPath?: string;
	/** Where an administrator asks to see the pages as somebody else does (POST role, id, csrf; without: as oneself again). */
	readonly viewAsPath?: string;
	/** Absent: this panel has none, or our pages may not. The agent's `self.panelActs` says which are switched on. */
	readonly acts?: PanelActs;
	/** The adapter's own routes, before every page: a login. It renders with our views. */
	routes?(drawing: Drawing): RequestHandler;
	/** Undefined: nobody we know; then `turnAway` answers. */
	visitorOf(request: Parameters<RequestHandler>[0]): Visitor | undefined;
	/** Answers a request of nobody we know: a way to the login, or why there is none. */
	turnAway: (request: Parameters<RequestHandler>[0], response: Parameters<RequestHandler>[1]) => void;
};
