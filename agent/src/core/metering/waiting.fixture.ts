/**
 * A waiting room that is too simple to be wrong: all that waits, looked through from the oldest on, against a naive recount.
 */
import type { LimitRule, ScopeKey } from '@sluice/shared/words/limits.ts';
import { type AccountTurns, payerOf } from './account-turns.ts';
import { chainOfScopes } from './chain.fixture.ts';
import type { createMeter } from './meter.ts';
import { observe, type Recount, record, recounted } from './recount.fixture.ts';
import type { Chain, Rule, RuleSet, WaitingRecipient } from './types.ts';
import type { Release, WaitingRoom } from './waiting.ts';

export const chains: readonly Chain[] = [
	chainOfScopes('server:server', 'reseller:r', 'account:a', 'domain:a.test', 'mailbox:m@a.test'),
	chainOfScopes('server:server', 'reseller:r', 'account:a', 'domain:a.test', 'mailbox:n@a.test'),
	chainOfScopes('server:server', 'reseller:r', 'account:a'),
	chainOfScopes('server:server', 'reseller:r', 'account:b', 'script:b:/www'),
	chainOfScopes('server:server', 'account:c', 'domain:c.test', 'mailbox:m@c.test'),
];
export const scopes = [...new Set(chains.flatMap((chain) => chain.scopes))];
export const windowRules: readonly LimitRule[] = [
	'minute.messages',
	'minute.recipients',
	'hour.messages',
	'hour.recipients',
	'day.recipients',
	'hour.uniqueRecipients',
];

export type Modelled = {
	readonly id: string;
	readonly chain: Chain;
	readonly sinceMs: number;
	recipients: readonly WaitingRecipient[];
	isCounted: boolean;
};

export type World = {
	readonly room: WaitingRoom;
	readonly meter: ReturnType<typeof createMeter>;
	readonly waiting: Modelled[];
	readonly recount: Recount;
	rules: Rule[];
	/** One value for each chain until rules change, as the cache gives it. */
	ruleSets: Map<Chain, RuleSet>;
	/** Of the model; the room has its own. */
	readonly turns: AccountTurns;
	nowMs: number;
	sequence: number;
	added: number;
	left: number;
};

const isOlder = (one: Modelled, other: Modelled): number => one.sinceMs - other.sinceMs || (one.id < other.id ? -1 : 1);

/** What the rules let go of a message, and the scopes that keep the rest. */
function modelRoom({ recount, rules }: World, { chain, recipients, isCounted }: Modelled, count: number) {
	const binding = new Set<ScopeKey>();
	let isLarge = isCounted;
	for (const { scope, rule, value } of rules) {
		if (!chain.scopes.includes(scope)) continue;
		const used = recounted(recount, scope, rule);
		const keys = recipients.slice(0, count).map(({ key }) => key);
		const seen = new Set(
			recount.charges.filter((one) => one.scopes.includes(scope) && !one.hourIsOver).flatMap((one) => one.keys),
		);
		const fresh = new Set(keys.filter((key) => !seen.has(key))).size;
		const adds = rule.endsWith('.messages') ? (isCounted ? 0 : 1) : rule.endsWith('uniqueRecipients') ? fresh : count;
		const all = rule.endsWith('uniqueRecipients') ? new Set(keys).size : count;
		if (!rule.endsWith('.messages') && all > value) isLarge = true;
		if (used + adds > value) binding.add(scope);
	}
	return { binding, isLarge };
}

/** Whoever begins or ends to wait, of all that waits now. */
export function modelTurns({ turns, waiting }: World): void {
	for (const payer of new Set(chains.map(payerOf))) {
		if (waiting.some(({ chain }) => payerOf(chain) === payer)) turns.begin(payer);
		else turns.end(payer);
	}
}

export function modelPlan(world: World): Release[] {
	observe(world.recount, world.nowMs);
	const releases: Release[] = [];
	const blocked = new Set<ScopeKey>();
	const blockedLines = new Set<Chain>();
	const asked = [...world.waiting].sort(isOlder);
	while (asked.length > 0) {
		const first = Math.min(...asked.map(({ chain }) => world.turns.of(payerOf(chain))));
		const place = asked.findIndex(({ chain }) => world.turns.of(payerOf(chain)) === first);
		const [message] = asked.splice(place, 1) as [Modelled];
		if (blockedLines.has(message.chain) || message.chain.scopes.some((scope) => blocked.has(scope))) {
			blockedLines.add(message.chain);
			continue;
		}
		const { binding, isLarge } = modelRoom(world, message, message.recipients.length);
		let count = binding.size === 0 ? message.recipients.length : 0;
		if (isLarge && binding.size > 0) {
			count = message.recipients.length;
			while (count > 0 && modelRoom(world, message, count).binding.size > 0) count--;
		}
		if (count === 0) {
			blockedLines.add(message.chain);
			const keeping = isLarge ? modelRoom(world, message, 1).binding : binding;
			const innermost = message.chain.scopes.findLast((scope) => keeping.has(scope));
			if (innermost !== undefined) blocked.add(innermost);
			continue;
		}
		const leaving = message.recipients.slice(0, count);
		const messages = message.isCounted ? 0 : 1;
		const keys = leaving.map(({ key }) => key);
		record(world.recount, message.chain.scopes, world.nowMs, { messages, recipients: count, keys });
		releases.push({
			id: message.id,
			chain: message.chain,
			indexes: leaving.map(({ index }) => index),
			keys,
			messages,
		});
		world.turns.serve(payerOf(message.chain), count);
		message.recipients = message.recipients.slice(count);
		message.isCounted = true;
		if (message.recipients.length === 0) world.waiting.splice(world.waiting.indexOf(message), 1);
		else asked.splice(place, 0, message);
		modelTurns(world);
	}
	return releases;
}
