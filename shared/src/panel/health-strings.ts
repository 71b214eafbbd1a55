/**
 * The catalogue of words about health and audit. Part of `strings.ts`.
 */
import type { PanelWords } from './panel-words.ts';
import { capital, count, counted } from './text/numbers.ts';

export const healthStringsOf = ({ mta }: PanelWords) => ({
	healthHeadline: (total: number) =>
		total === 0 ? 'Everything works' : `${counted(total, 'finding', 'findings')} on this server`,
	healthSay: {
		flows: 'Mail is taken and delivered.',
		stored: 'Mail is taken and stored. It does not leave now; nothing is lost.',
		refused: `New mail is not taken now: ${mta} keeps it and hands it over later. Nothing is lost.`,
	},
	healthFindings: 'What to mend',
	healthSince: (when: string, long: string) => `Since ${when}, ${long}`,
	healthPasses: 'What passes',
	healthMeans: {
		alive: ['Alive', 'the process answers'],
		ready: ['Takes mail', `what ${mta} hands over is written to disk before it is acknowledged`],
		delivering: ['Delivers', 'stored mail is being sent on'],
		lanes: ['Ways out', 'no destination is closed after failures'],
		projections: ['Index and history', 'are up to date with the log'],
	} as const,
	healthNot: {
		alive: ['Not alive', 'the process does not answer'],
		ready: ['Takes no mail', `${capital(mta)} keeps new mail until it is ready again`],
		delivering: ['Does not deliver', 'mail is stored and stays'],
		lanes: ['Ways out', ''],
		projections: ['Index and history', 'are behind the log; they catch up by themselves'],
	} as const,
	healthNumbers: 'Numbers',
	healthFacts: {
		version: 'Version',
		started: 'Runs since',
		messages: 'Open messages',
		recipients: 'Open recipients',
		queued: 'of these queued',
		waiting: 'wait for a limit',
		held: 'held',
		sending: 'being handed over',
		spool: 'Stored mail',
		free: 'Free on its disk',
		lag: 'Index and history behind',
		connections: 'Connections',
	},
	healthSegments: (bytes: string, segments: number) => `${bytes} in ${counted(segments, 'file', 'files')}`,
	healthConnections: (inward: number, outward: number) => `${count(inward)} in, ${count(outward)} out`,
	lanesTitle: 'Destinations that are closed',
	lanesSub: (closed: number, total: number) => `${count(closed)} of ${counted(total, 'lane is', 'lanes are')} closed`,
	lanesNone: 'None is closed: whoever is to receive mail takes it.',
	lanesColumns: { to: 'To', from: 'From', due: 'Due', reopens: 'Tried again', failure: 'Last failure, in its words' },
	lanesProbing: 'tried with one message now',
	lanesWhen: (when: string) => `at ${when}`,

	auditHeadline: 'Who changed what',
	auditSay: 'Every act of people and programs on limits, holds, mail and settings; newest first.',
	auditFilters: { actor: 'By whom', subject: 'About what', act: 'Act' },
	auditHints: { actor: 'root, nordweb …', subject: 'account, rule …', act: 'limits, hold, queue …' },
	auditZone: (zone: string) => `When, in ${zone}`,
	auditColumns: { actor: 'By', act: 'Act', subject: 'About', detail: 'What' },
	auditNone: 'Nothing was done yet',
	auditNoneSay: 'Each act appears here with who did it.',
	auditNoneFound: 'No act matches',
	auditNoneFoundSay: 'Parts of words are enough; leave fields empty for all.',
	auditShown: (shown: number) => `Shown: ${count(shown)}, newest first`,
	auditFilter: 'Filter',
});
