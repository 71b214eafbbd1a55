/**
 * Whether anything gets out: many attempts in a row that reached no host at all are our own network's, not the receivers'.
 *
 * One dead receiver says nothing. Several destinations in a row that could not even be connected to, or whose names the DNS did not give,
 * and nobody reached in between: then the name service, the network or the smarthost is what failed, and somebody has to be told. Mail is
 * not affected: it waits and is tried again.
 */
import type { Answered } from './answered.ts';
import type { Flow } from './context.ts';

const attemptsMin = 10;
const destinationsMin = 3;

export type Reach = {
	/** After each attempt: the destination (or `smarthost`) and what came of it. */
	note(flow: Pick<Flow, 'health' | 'settings'>, destination: string, answers: readonly Answered[]): void;
};

/** Rules of outcomes for which no host was spoken to, and which say nothing about one domain alone. */
const unreached: ReadonlySet<string> = new Set(['dial.connect', 'routing.dns-temporary', 'routing.no-usable-family']);

const isUnreached = (answers: readonly Answered[]): boolean =>
	answers.length > 0 && answers.every(({ outcome }) => outcome.kind === 'deferred' && unreached.has(outcome.rule));

export function createReach(): Reach {
	const destinations = new Set<string>();
	let attempts = 0;
	return {
		note(flow, destination, answers) {
			if (!isUnreached(answers)) {
				attempts = 0;
				destinations.clear();
				flow.health.clear('no-delivery');
				return;
			}
			attempts += 1;
			if (destinations.size < destinationsMin) destinations.add(destination);
			const needed = flow.settings().routing.smarthosts.length > 0 ? 1 : destinationsMin;
			if (attempts < attemptsMin || destinations.size < needed) return;
			flow.health.raise({
				code: 'no-delivery',
				text: 'No receiving server can be reached at all: mail is accepted and waits.',
				hint: 'Look at the name service, the network and the firewall (outgoing port 25), or at the smarthost; `sluice lane list` says what failed. It clears with the first server that answers.',
				stops: 'nothing',
			});
		},
	};
}
