/**
 * The catalogue of words about changing one number of many accounts. Part of `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { capital, count, counted } from './text/numbers.ts';

export const changeStringsOf = ({ account, accounts }: PanelWords) => {
	const many = (total: number): string => counted(total, account, accounts);
	return {
		tickAll: `Select all ${accounts} on this page`,
		bulkSelected: 'selected',
		bulkTicked: 'Set limit of the selected',
		bulkAll: (total: number) => `Set limit of all ${count(total)}`,
		bulkAllFiltered: (total: number) => `Set limit of all ${count(total)} that match`,
		chips: {
			near: 'near a limit',
			waiting: 'mail waits',
			own: 'own limits',
			suspended: 'suspended',
			gone: 'removed',
		},
		changeTitle: (total: number | undefined) =>
			total === undefined ? `Set a limit of all ${accounts}` : `Set a limit of ${many(total)}`,
		changeTicked: (names: readonly string[], more: number) =>
			`${names.join(', ')}${more > 0 ? ` and ${count(more)} more` : ''}.`,
		changeAll: (total: number | undefined, filters: readonly string[]) =>
			`All ${total === undefined ? accounts : many(total)}${filters.length === 0 ? '' : ` that match: ${filters.join(', ')}`}, also those that are not on this page.`,
		changeNumber: 'Number',
		changeUnit: 'Of what',
		changeLasting: 'How long',
		changeMode: 'What is over it',
		changeModes: { enforce: 'waits and leaves in pace', monitor: 'is only counted (monitor-only)' },
		changePreview: 'See what it changes',
		changeRemove: 'Take own numbers away',
		changeNoneYet: 'Nothing is changed yet.',
		changeNobody: `Select at least one ${account}, or all that match.`,
		changeNothing: 'Nothing would change',
		changeRemoval: (rule: string) => `no own ${rule}`,
		changeQuestion: (what: string, changed: number) => `${capital(what)} for ${many(changed)}?`,
		changeCount: (changed: number, total: number) =>
			changed === total
				? `${capital(many(changed))} ${changed === 1 ? 'changes' : 'change'}.`
				: `${count(changed)} of ${many(total)} ${changed === 1 ? 'changes' : 'change'}; the others have it already or stay.`,
		changeWatches: 'It only watches: nothing waits because of it.',
		changeCapped: (capped: number) =>
			`${count(capped)} ${capped === 1 ? 'is' : 'are'} capped: something above allows less. The number is kept and counts as soon as that allows it.`,
		changeOver: (over: number) =>
			`${count(over)} ${over === 1 ? 'has' : 'have'} used more already: their next mail waits and leaves in pace; nothing is lost.`,
		changeKept: (kept: number) =>
			`${count(kept)} ${kept === 1 ? 'stays' : 'stay'} as ${kept === 1 ? 'it is' : 'they are'}: an administrator has set the numbers.`,
		changeColumns: { account: capital(account), from: 'Now', to: 'Then', used: 'Used' },
		changeMore: (more: number) => `and ${count(more)} more; those that have used most are shown.`,
		changeWayBack:
			'Undo puts back what stood before, for seven days; whoever is changed by somebody else meanwhile stays.',
		changeDo: (changed: number) => `Change ${count(changed)}`,
		changeEdit: 'Back to the form',
		changeDone: (what: string, changed: number) => `${capital(what)} for ${many(changed)}.`,
		changeDoneCapped: (capped: number) => `${count(capped)} of them ${capped === 1 ? 'is' : 'are'} capped from above.`,
		changeMoved: (now: number) =>
			`Since you looked, others match: it is about ${many(now)} now. Nothing was changed; look again.`,
		changeUndone: (restored: number) => `As before for ${many(restored)}.`,
		changeUndoneKept: (kept: number) =>
			`${count(kept)} ${kept === 1 ? 'was' : 'were'} changed by somebody since and ${kept === 1 ? 'stays' : 'stay'}.`,
	};
};
