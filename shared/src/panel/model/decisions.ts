/**
 * What of a server, or of a reseller's accounts, needs a person: found from what the agent answered, most harmful first, then oldest.
 *
 * What could not be asked for is named, never taken for nothing. Pure: no asking (read-overview.ts), no drawing.
 */
import { failureText } from '../../client/client.ts';
import type { OverviewFacts } from '../read-overview.ts';
import { byHarm, type Decision, type Reach } from './decision.ts';
import { heldDecisions, nearDecisions, usedUpDecisions } from './decisions-mail.ts';
import { discardDecisions, healthDecisions, readyDecisions, unknownDecisions } from './decisions-server.ts';
import type { Words } from './words.ts';

const shownMax = 4;

export type Decisions = {
	readonly headline: string;
	/** The same without numbers that go on: the name of the page in a browser's tabs. */
	readonly title: string;
	readonly shown: readonly Decision[];
	/** Behind "2 more". */
	readonly folded: readonly Decision[];
	/** What could not be asked for. */
	readonly unread?: string;
};

export function decisionsOf(facts: OverviewFacts, words: Words, reach: Reach): Decisions {
	const { t } = words;
	const all = [
		...heldDecisions(facts, words),
		...healthDecisions(facts, words),
		...unknownDecisions(facts, words),
		...discardDecisions(facts, words, reach),
		...usedUpDecisions(facts, words, reach),
		...nearDecisions(facts, words),
		...readyDecisions(facts, words, reach),
	].sort(byHarm);
	const lost = [facts.held, facts.waiting, facts.near, facts.health].find((answer) => answer?.ok === false);
	const unread = lost?.ok === false ? t.decisions.partly(failureText(lost.error)) : undefined;
	const used = facts.hour.ok ? facts.hour.value.total.accepted : undefined;
	const fine = used === undefined ? t.decisions.none : t.decisions.noneWith(used);
	return {
		title: all.length > 0 ? t.decisions.some(all.length) : unread === undefined ? t.decisions.none : t.decisions.unread,
		headline: all.length > 0 ? t.decisions.some(all.length) : unread === undefined ? fine : t.decisions.unread,
		shown: all.slice(0, shownMax),
		folded: all.slice(shownMax),
		...(unread === undefined ? {} : { unread }),
	};
}
