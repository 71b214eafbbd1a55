/**
 * Holding and releasing the mail of an account: what is offered, and the question before it: object, count, effect, way back.
 */
import type { AccountDto } from '../../contract/account-operations.ts';
import type { OperationOutput } from '../../contract/operations.ts';
import type { May } from './may.ts';
import { accountPath } from './paths.ts';
import type { Words } from './words.ts';

export type Hold = OperationOutput<'listHolds'>['items'][number];

export type HoldAct = 'hold' | 'release';

export type ActLink = { readonly path: string; readonly text: string; readonly sign: string };

/** What a person may do here now. What a panel suspended is let go by the panel. */
export function actsOf(account: AccountDto, holds: readonly Hold[], { t, base }: Words, may: May): readonly ActLink[] {
	if (!may.hold || account.state !== 'active') return [];
	const path = accountPath(base, account.key);
	return [
		...(holds.length > 0 || account.held > 0
			? [{ path: `${path}/release`, text: t.release, sign: 'up' } as const]
			: []),
		...(holds.length === 0 ? [{ path: `${path}/hold`, text: t.hold, sign: 'pause' } as const] : []),
	];
}

export type HoldForm = {
	readonly name: string;
	readonly path: string;
	readonly backPath: string;
	readonly title: string;
	readonly count: string;
	readonly effect: string;
	readonly wayBack: string;
	readonly why: string;
	readonly times: readonly { readonly value: string; readonly text: string; readonly isChosen: boolean }[];
	/** Of a hold: a box to tick. */
	readonly leave?: string;
	readonly verb: string;
	readonly fault?: string;
};

export const holdSecondsDefault = '86400';

/** `open`: recipients that are queued or wait now. */
export function holdFormOf(
	act: HoldAct,
	{
		account,
		open,
		holds,
		fault,
	}: {
		readonly account: AccountDto;
		readonly open: number;
		readonly holds: readonly Hold[];
		readonly fault?: string;
	},
	{ t, base }: Words,
): HoldForm {
	const backPath = accountPath(base, account.key);
	const about = { name: account.name, path: `${backPath}/${act}`, backPath, ...(fault === undefined ? {} : { fault }) };
	return act === 'hold'
		? {
				...about,
				title: t.holdTitle(account.name),
				count: t.holdCount(open),
				effect: t.holdEffect,
				wayBack: t.holdBack,
				why: t.holdWhy,
				times: Object.entries(t.holdTimes).map(([value, text]) => ({
					value,
					text,
					isChosen: value === holdSecondsDefault,
				})),
				leave: t.holdLeave,
				verb: t.holdDo(open),
			}
		: {
				...about,
				title: t.releaseTitle(account.name),
				count: t.releaseCount(account.held),
				effect: t.releaseEffect(holds.length),
				wayBack: t.releaseBack,
				why: t.releaseWhy,
				times: [],
				verb: t.releaseDo(account.held),
			};
}
