/**
 * The catalogue of words about one account: use over time, raising a limit for a day, the panel's own hold and suspension. Part of
 * `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { capital, count } from './text/numbers.ts';

export const accountStringsOf = ({ account, panel, mta }: PanelWords) => ({
	contactOf: (contact: string) => `notices to ${contact}`,
	moreDomains: (more: number) => `${count(more)} more ${more === 1 ? 'domain' : 'domains'}`,

	useTitle: 'Use over time',
	useUnit: (step: string) => `Recipients counted per ${step}`,
	useLabel: (step: string, highest: number, at: string) =>
		`Recipients counted per ${step}; highest ${count(highest)}, ${at}`,
	useCounted: 'counted',
	useLimit: (span: string) => `limit ${span}`,
	useUsual: 'usual at this hour, low to high',
	useUsualFrom: (days: number) => `Usual: the same hours of the ${count(days)} days before, in steps of 4 hours.`,
	useUsualNot: 'What is usual is told once there are counts of four days.',
	useLimitAbove: (text: string) => `The limit, ${text}, is far above this drawing.`,
	useEmpty: 'Nothing was counted in this time',

	raise: 'Raise for a day',
	raiseTitle: (name: string) => `Raise the limit of ${name} for a day?`,
	raiseNow: (text: string, used: number, waiting: number) =>
		`Now: ${text}; ${count(used)} are used${waiting === 0 ? '' : `, ${count(waiting)} wait and would leave at once as far as the new number goes`}.`,
	raiseEffect: (until: string) => `It ends by itself ${until}; then what is in force now applies again.`,
	raiseBound: (who: string, value: number) => `${who} allows ${count(value)} at most.`,
	raiseBoundServer: 'The whole server',
	raiseBoundReseller: (id: string) => `Reseller ${id}`,
	raiseNone: (name: string) => `${name} has no limit that could be raised`,
	raiseNoneSay: 'Nothing of it waits because of a number. The list shows what is set where.',

	panelMenu: `In ${panel}`,
	panelActs: {
		hold: {
			link: `Hold in ${panel} …`,
			title: (name: string) => `Hold outgoing mail of ${name} in ${panel}?`,
			effect: `${capital(panel)} tells ${mta} to keep its new mail in the queue. Nothing of it reaches Sluice until it is let go, and no limit of ours is asked.`,
			on: 'Hold',
			off: 'Let go again',
		},
		suspend: {
			link: `Suspend in ${panel} …`,
			title: (name: string) => `Suspend outgoing mail of ${name} in ${panel}?`,
			effect: `${capital(panel)} refuses its new mail: programs see an error at once. What Sluice has already goes on.`,
			on: 'Suspend',
			off: 'Lift the suspension',
		},
	},
	panelWhom: 'For whom',
	panelWhole: `the whole ${account}`,
	panelBack: 'This form takes it back as well: choose the other act.',
	panelWhy: 'Why (for the audit)',
	panelNotOffered: `${capital(panel)} offers this, or the agent’s settings allow it, not here.`,
	panelUndone: (text: string) => `As before: ${text}`,
});
