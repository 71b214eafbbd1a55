/**
 * The panel's own hold and suspension of outgoing mail: what is offered on an account's page, and the question. Pure.
 *
 * Both act before the mail server gives us anything. We are not told whether they are set, so the question offers both ways.
 */
import type { AccountDto } from '../../contract/account-operations.ts';
import type { SelfDto } from '../../contract/view-operations.ts';
import type { PanelAdapter } from '../adapter.ts';
import type { ActLink } from './hold.ts';
import { accountPath } from './paths.ts';
import type { Words } from './words.ts';

export const panelActs = ['hold', 'suspend'] as const;
export type PanelAct = (typeof panelActs)[number];
export const isPanelAct = (text: unknown): text is PanelAct => panelActs.some((one) => one === text);

/** What the panel has, the agent's settings allow, and the account is one of the panel's. */
export const mayPanelAct = (
	act: PanelAct,
	account: AccountDto,
	{ acts }: Pick<PanelAdapter, 'acts'>,
	self: SelfDto | undefined,
): boolean => acts !== undefined && self?.panelActs[act] === true && account.isKnown && account.state !== 'gone';

export const panelLinksOf = (
	account: AccountDto,
	adapter: Pick<PanelAdapter, 'acts'>,
	self: SelfDto | undefined,
	{ t, base }: Words,
): readonly ActLink[] =>
	panelActs
		.filter((act) => mayPanelAct(act, account, adapter, self))
		.map((act) => ({
			path: `${accountPath(base, account.key)}/panel/${act}`,
			text: t.panelActs[act].link,
			sign: act === 'hold' ? 'pause' : 'stop',
		}));

/** Mailboxes in the choice; more are not offered here. */
const mailboxesMax = 500;

export type PanelForm = {
	readonly path: string;
	readonly backPath: string;
	readonly title: string;
	readonly effect: string;
	readonly wayBack: string;
	readonly mailboxes: readonly string[];
	readonly on: string;
	readonly off: string;
	readonly fault?: string;
};

export function panelFormOf(act: PanelAct, account: AccountDto, { t, base }: Words, fault?: string): PanelForm {
	const backPath = accountPath(base, account.key);
	const { title, effect, on, off } = t.panelActs[act];
	return {
		path: `${backPath}/panel/${act}`,
		backPath,
		title: title(account.name),
		effect,
		wayBack: t.panelBack,
		mailboxes: account.mailboxes.slice(0, mailboxesMax),
		on,
		off,
		...(fault === undefined ? {} : { fault }),
	};
}
