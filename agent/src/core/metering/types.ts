/**
 * The values of metering: who pays for a message, which numbers meet it, what came of measuring it.
 *
 * Not here: how each is found (chain.ts, rules.ts, measure.ts), the meter itself (meter.ts), mail that waits (waiting.ts).
 */
import type { AccountKey } from '@sluice/shared/words/account.ts';
import type { LimitMode, LimitOrigin, LimitRule, OverAction, ScopeKey } from '@sluice/shared/words/limits.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';

/** Who pays for the mail of one sender. The same value for every message of the same sender while nothing changes. */
export type Chain = {
	/** Outermost first: server, reseller, account, domain, then mailbox, script or credential. Never a plan. */
	readonly scopes: readonly ScopeKey[];
	readonly account: AccountKey;
	/** Whether the account is one that a panel named, or that limits were set for by name. */
	readonly isKnown: boolean;
	/** Reports and the machine's own mail: counted, never limited (invariant 7). */
	readonly isExempt: boolean;
	/** Scopes among them that a tenant can shape (a script on Postfix): throttled apart, never an escape (invariant 8). */
	readonly hints: readonly ScopeKey[];
};

/** One number that is set for one scope of a chain. */
export type Rule = {
	readonly scope: ScopeKey;
	readonly rule: LimitRule;
	readonly value: number;
	readonly mode: LimitMode;
	/** It is enforced, but for the server's being monitor-only. */
	readonly isSpared?: true;
	readonly origin: LimitOrigin;
	readonly untilMs?: number;
};

/** All that meets a chain: numbers of every scope, outermost first, and what happens beyond them. */
export type RuleSet = {
	readonly rules: readonly Rule[];
	readonly over: OverAction;
	readonly split: boolean;
	/** The whole server is monitor-only: nothing keeps mail, whatever its mode, nor does mail that waits in front. */
	readonly isMonitorOnly?: true;
};

/** A rule and how it stands. */
export type RuleState = {
	readonly rule: Rule;
	/** Used before this message. */
	readonly used: number;
	/** What this message would add: recipients, new different recipients, or 1. */
	readonly adds: number;
};

/** What came of measuring one message. */
export type Measurement = {
	readonly chain: Chain;
	/** Recipients that may leave now. All of them, or, when the message has more than a whole window allows, a part, or none. */
	readonly room: number;
	/** The enforced rule that keeps it, with the least room. Absent: nothing does but mail that waits in front. */
	readonly binding?: RuleState;
	/** Where it would wait: the innermost scope with a rule that keeps it. */
	readonly keptAt?: ScopeKey;
	/** Monitored rules that would have kept it. */
	readonly wouldBind: readonly RuleState[];
	/** Mail of the same sender waits already: this one queues behind it (invariant 4). */
	readonly isBehind: boolean;
	readonly over: OverAction;
};

/** A recipient that waits: its position in the envelope, and `recipientKeyOf` it. */
export type WaitingRecipient = { readonly index: number; readonly key: number };

export type WaitingMessage = {
	readonly id: MessageId;
	readonly chain: Chain;
	/** Since when it waits, epoch ms: its place in the line. */
	readonly sinceMs: number;
	/** Those that wait, in the order in which they are to leave. Kept as given. */
	readonly recipients: readonly WaitingRecipient[];
	/** Of the message, whether or not all its recipients wait. */
	readonly bytes: number;
	/** Some recipient of it has been charged, so the message has been counted. */
	readonly isCounted?: boolean;
	/** Scope of the rule that keeps it (`binding` of its measurement); the next plan finds it by itself. */
	readonly blockedAt?: ScopeKey;
};

/** What waits for a scope. */
export type WaitingTotals = {
	readonly messages: number;
	readonly recipients: number;
	readonly bytes: number;
	/** Since when the oldest waits, epoch ms; absent when nothing does. */
	readonly oldestMs?: number;
};
