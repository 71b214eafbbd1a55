/**
 * The catalogue of words about plans and resellers. Part of `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { count, counted } from './text/numbers.ts';

export const groupStringsOf = ({ account, accounts, panel }: PanelWords) => ({
	groupsHead: {
		plans: (total: number) => counted(total, 'plan', 'plans'),
		resellers: (total: number) => counted(total, 'reseller', 'resellers'),
	},
	groupsNear: (near: number) => `${counted(near, 'reseller has', 'resellers have')} used 80 % or more of the pool`,
	groupsSay: {
		plans: `A plan gives each of its ${accounts} a number; it is no pool. A number of the ${account} itself stands before it.`,
		resellers: `A reseller’s number is a pool: all its ${accounts} share it. What is over it waits and leaves in pace.`,
	},
	groupsNone: {
		plans: `No ${account} has a plan yet`,
		resellers: `No ${account} has a reseller yet`,
	},
	groupsNoneSay: `Plans and resellers come from ${panel} with its ${accounts}.`,
	groupsUngrouped: {
		plans: (total: number) => `${counted(total, `${account} has`, `${accounts} have`)} no plan.`,
		resellers: (total: number) => `${counted(total, `${account} belongs`, `${accounts} belong`)} to no reseller.`,
	},
	groupsColumns: {
		plans: 'Plan',
		resellers: 'Reseller',
		use: 'Last 60 minutes',
		eachLimit: `Hourly limit of each ${account}`,
		poolLimit: 'Hourly pool of all',
		mode: 'Rule',
		day: 'Last 24 h',
		waiting: 'Waiting',
		held: 'Held',
	},
	groupAccounts: (total: number) => counted(total, account, accounts),
	groupSuspended: (total: number) => `${count(total)} suspended`,
	groupUsed: (used: number) => counted(used, 'recipient', 'recipients'),
	groupOthers: (texts: readonly string[]) => `also ${texts.join(', ')}`,
	groupHidden: 'set by the administrator',
	groupWho: { plans: (id: string) => `plan ${id}`, resellers: (id: string) => `reseller ${id}` },
	groupSaved: {
		plans: (id: string, value: string, lasting: string) =>
			`Each ${account} of plan ${id} may send ${value} ${lasting}.`,
		resellers: (id: string, value: string, lasting: string) =>
			`All ${accounts} of reseller ${id} together may send ${value} ${lasting}.`,
	},
	groupRemoved: (who: string, rule: string) => `${who} has no own ${rule} any more.`,
});
