/**
 * What this agent offers, and what the one who asks may do here: from what the menus of the pages are made.
 *
 * Not here: whose mail and accounts are seen (visibility.ts), whether a single act is allowed (core/policy/rights.ts).
 */
import type { Role } from '@sluice/shared/contract/actor.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { Capability } from '@sluice/shared/contract/view-operations.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { mayAsk, mayOf, type Rights } from '../../core/policy/rights.ts';
import type { ApiContext } from './context.ts';

const everyone: readonly Role[] = ['admin', 'reseller', 'customer', 'account'];
const sellers: readonly Role[] = ['admin', 'reseller'];
const admin: readonly Role[] = ['admin'];

/** Whom it is offered to. What is not here, this agent cannot do. `holds` and `restore` are narrowed by the settings too. */
const offered: { readonly [C in Capability]?: readonly Role[] } = {
	overview: everyone,
	accounts: everyone,
	messages: everyone,
	open: everyone,
	limits: everyone,
	groups: sellers,
	'change-limits': sellers,
	simulate: admin,
	ownership: admin,
	holds: sellers,
	restore: everyone,
	providers: admin,
	health: admin,
	audit: admin,
};

function offersOf(role: Role, rights: Rights, restoreMs: number): Capability[] {
	const isOffered = (capability: Capability): boolean => {
		if (!(offered[capability] ?? []).includes(role)) return false;
		if (capability === 'holds') return mayAsk('hold', role, rights);
		if (capability === 'restore') return restoreMs > 0 && mayAsk('restore', role, rights);
		return true;
	};
	return (Object.keys(offered) as Capability[]).filter(isOffered);
}

export function createSelfHandlers({ flow, version }: ApiContext): Pick<OperationHandlers, 'self'> {
	return {
		self: async (_input, actor) => {
			const { attribution, limits, ownership, panelActs, historyDays, restoreMs, rights } = flow.settings();
			const role = actor?.role ?? 'account';
			return ok({
				version,
				offers: offersOf(role, rights, restoreMs),
				may: mayOf(role, rights),
				mta: attribution.mta,
				ownership: ownership.mode,
				...(limits.isMonitorOnly ? { monitorOnly: true as const } : {}),
				panelActs: role === 'admin' ? panelActs : { hold: false, suspend: false },
				historyDays,
				restoreSeconds: restoreMs / 1000,
			});
		},
	};
}
