/**
 * Episodes: a sender's mail began to wait, or all that waited is gone from the waiting room. Told once each, never for each message.
 *
 * An episode lasts while anything of the sender (the same scopes) waits. It goes on over a restart, and is not told again.
 */
import type { Chain, RuleSet, RuleState } from '../core/metering/types.ts';
import type { Flow } from './context.ts';
import type { Episode } from './episode.ts';

type Telling = Pick<Flow, 'episodes' | 'waiting' | 'events' | 'clock' | 'meter' | 'ruleSets'>;

const nameOf = (chain: Chain): string => chain.scopes.join('\n');

/** Notes an episode without telling of it: it was told before the restart. */
export function resumeEpisode({ episodes }: Pick<Flow, 'episodes'>, episode: Episode): void {
	const name = nameOf(episode.chain);
	if (!episodes.has(name)) episodes.set(name, episode);
}

/** Mail of the sender is in the waiting room: tells if it is the first. */
export function beginEpisode(flow: Telling, episode: Episode): void {
	const name = nameOf(episode.chain);
	if (flow.episodes.has(name)) return;
	const nowMs = flow.clock.now();
	const { chain } = episode;
	const rules = flow.ruleSets.of(chain, nowMs);
	const binding = episode.binding ?? fullest(rules, flow.meter, nowMs);
	const known = { ...episode, ...(binding === undefined ? {} : { binding }) };
	flow.episodes.set(name, known);
	const untilMs = flow.waiting.lastLeavesMs(chain, { rules, meter: flow.meter, nowMs });
	tell(flow, known, 'began', untilMs);
}

/** Of mail that waits behind older mail, or was released into the line: the enforced limit that is used most. */
function fullest({ rules }: RuleSet, meter: Flow['meter'], nowMs: number): RuleState | undefined {
	let found: RuleState | undefined;
	for (const rule of rules) {
		if (rule.mode !== 'enforce' || rule.rule === 'message.recipients') continue;
		const used = meter.used(rule.scope, rule.rule, nowMs);
		const share = used / Math.max(1, rule.value);
		if (found === undefined || share > found.used / Math.max(1, found.rule.value)) found = { rule, used, adds: 1 };
	}
	return found;
}

/** Waiting mail is another chain's now: its episode goes with it, and nobody is told. */
export function moveEpisode({ episodes, waiting }: Telling, from: Chain, to: Chain): void {
	const episode = episodes.get(nameOf(from));
	if (episode === undefined) return;
	resumeEpisode({ episodes }, { ...episode, chain: to });
	if (!waiting.waits(from)) episodes.delete(nameOf(from));
}

/** Something has left the waiting room: tells of the sender whose last mail that was. */
export function endEpisode(flow: Telling, chain: Chain): void {
	const name = nameOf(chain);
	const episode = flow.episodes.get(name);
	if (episode === undefined || flow.waiting.waits(chain)) return;
	flow.episodes.delete(name);
	tell(flow, episode, 'ended', undefined);
}

function tell(flow: Telling, episode: Episode, state: 'began' | 'ended', untilMs: number | undefined): void {
	const { chain, account, identity, sender, message, binding } = episode;
	const innermost = chain.scopes.at(-1) ?? '';
	flow.events.emit({
		event: 'limit.episode',
		atMs: flow.clock.now(),
		state,
		account,
		identity,
		scope: binding?.rule.scope,
		rule: binding?.rule.rule,
		value: binding?.rule.value,
		sender,
		message,
		waiting: state === 'ended' ? 0 : flow.waiting.totalsOf(innermost).recipients,
		...(untilMs === undefined ? {} : { until: new Date(untilMs).toISOString() }),
	});
}
