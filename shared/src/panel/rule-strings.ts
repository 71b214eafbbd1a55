/**
 * The catalogue of words about rules for many: their page, trying one on the mail of the last days, who may send as whom. Part of
 * `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { count, counted } from './text/numbers.ts';

export const ruleStringsOf = ({ account, accounts }: PanelWords) => ({
	rulesHead: (enforced: number, watching: number) =>
		enforced + watching === 0
			? 'No rule is set for many'
			: watching === 0
				? `${counted(enforced, 'rule is', 'rules are')} enforced`
				: `${count(enforced)} of ${counted(enforced + watching, 'rule is', 'rules are')} enforced, ${count(watching)} only ${watching === 1 ? 'watches' : 'watch'}`,
	rulesSay: 'A rule that only watches keeps no mail; it counts what it would have kept. Try one before you enforce it.',
	monitorOnly:
		'The server is in monitor-only: no rule limits or refuses mail, whatever its mode; each counts what it would have done.',
	rulesSayPool: `What all your ${accounts} share. The administrator sets it.`,
	rulesLink: 'Rules for many',
	rulesTry: 'Try',
	rulesTryOf: (rule: string, who: string) => `Try the ${rule} of ${who} on the mail of the last days`,

	tryTitle: 'Try a rule on the mail of the last days',
	tryPromise: 'nothing changes until you enforce it',
	tryRule: 'Rule',
	tryNumber: 'With this number',
	trySame: 'as it is',
	tryDays: 'On the mail of',
	tryDay: (days: number) => (days === 1 ? 'the last 24 hours' : `the last ${count(days)} days`),
	tryDo: 'Simulate',
	tryRuns: (days: number) =>
		`Replaying the mail of ${days === 1 ? 'the last 24 hours' : `the last ${count(days)} days`}`,
	tryReload: 'Reload',
	tryBusy: 'Another simulation is running. Try again in a moment.',
	tryFailed: (why: string) => `The simulation failed: ${why}`,
	tryGone: 'This result is too long ago. Simulate again.',
	tryNothing: (what: string) => `${what}: no mail would have waited.`,
	trySentence: (what: string, messages: number, senders: number) =>
		`${what}: ${counted(messages, 'message', 'messages')} of ${counted(senders, account, accounts)} would have waited.`,
	tryLongest: (span: string) => `The longest for ${span}; all would have left by itself.`,
	tryLeft: (span: string, left: number) =>
		`The longest for ${span}; ${counted(left, 'recipient', 'recipients')} would still wait.`,
	tryRefused: (senders: number) =>
		`Of ${counted(senders, account, accounts)} among them receivers refused mail for its content or its sender.`,
	tryFine: 'Receivers refused none of their mail for its content or its sender.',
	tryOthers: (messages: number) =>
		`Every rule counts as enforced in a simulation; other rules would have kept ${counted(messages, 'message', 'messages')} more.`,
	tryScanned: (messages: number, recipients: number, from: string) =>
		`${counted(messages, 'message', 'messages')} to ${counted(recipients, 'recipient', 'recipients')} were replayed, since ${from}.`,
	tryColumns: { who: `Whose mail`, messages: 'Would wait', longest: 'Longest wait', refused: 'Refused by receivers' },
	tryShown: (shown: number, total: number) => `Shown: ${count(shown)} of ${count(total)}. Waiting loses nothing.`,
	tryRecipients: (recipients: number) => counted(recipients, 'recipient', 'recipients'),
	tryRefusedCount: (refused: number) => (refused === 0 ? 'none' : counted(refused, 'recipient', 'recipients')),
	tryApply: (what: string, who: string) => `Enforce ${what} for ${who}`,
	tryApplied: (what: string, who: string) =>
		`${what} for ${who} is enforced: what is over it waits and leaves in pace.`,
	tryKeep: 'Keep watching only',
	tryIsEnforced: 'It is enforced with this number already.',

	ownershipTitle: 'Who may send as whom',
	ownershipSub: `only the ${account} that owns a domain may send as it, in MAIL FROM and From`,
	ownershipModes: {
		off: { badge: 'Off', tone: 'off', say: `Not looked at: an ${account} may send as any domain.` },
		monitor: {
			badge: 'Monitor-only',
			tone: 'wait',
			say: 'Only counted: nothing is refused. Each case is the event ownership.breach.',
		},
		enforce: {
			badge: 'Enforced',
			tone: 'ok',
			say: `Mail in the name of another ${account}’s domain is refused, or held, as ownership.action says.`,
		},
	},
	ownershipChange: 'Changed in the configuration of the agent, for the whole server:',
	ownershipCommand: (mode: string) =>
		`# /etc/sluice/agent.yaml\nownership:\n  mode: ${mode === 'enforce' ? 'monitor' : 'enforce'}`,
	ownershipReload: 'Then let the agent read it:',
	ownershipReloadCommand: 'systemctl reload sluice-agent',
	ownershipException: `An exception for one ${account}:`,
	ownershipExceptionCommand: 'sluice account may-send-as ACCOUNT --allow partner.test',
});
