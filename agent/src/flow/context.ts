/**
 * What every step of flow works with: the ports, the open messages, the settings in force.
 *
 * One value, made by main and passed along. `settings` is read anew at each use, so that SIGHUP reaches everything.
 */
import type { FaultName } from '@sluice/shared/words/faults.ts';
import type { MessageId } from '@sluice/shared/words/message.ts';
import type { StandingHold } from '@sluice/shared/words/selector.ts';
import type { RetrySettings } from '../core/delivery/backoff.ts';
import type { AccountBook } from '../core/identity/accounts.ts';
import type { AttributionSettings } from '../core/identity/facts.ts';
import type { LimitBook } from '../core/metering/book.ts';
import type { Chains } from '../core/metering/chains.ts';
import type { Meter } from '../core/metering/meter.ts';
import type { Ramp, RuleSets } from '../core/metering/rules.ts';
import type { WaitingRoom } from '../core/metering/waiting.ts';
import type { Warnings } from '../core/metering/warnings.ts';
import type { WouldHave } from '../core/metering/would-have.ts';
import type { NoticeSettings } from '../core/notice/settings.ts';
import type { JudgeSettings } from '../core/policy/judge.ts';
import type { WaitingBounds } from '../core/policy/limit.ts';
import type { OwnershipSettings } from '../core/policy/ownership.ts';
import type { Rights } from '../core/policy/rights.ts';
import type { AddressRules } from '../core/routing/address-check.ts';
import type { Family } from '../core/routing/plan.ts';
import type { RoutingSettings } from '../core/routing/route.ts';
import type { Scheduler } from '../core/scheduling/scheduler.ts';
import type { Clock, Random } from '../ports/clock.ts';
import type { Resolver } from '../ports/dns.ts';
import type { Dialer, TlsPolicy } from '../ports/smtp-out.ts';
import type { Spool } from '../ports/spool.ts';
import type { History, StateStore } from '../ports/store.ts';
import type { Disk, EventSink } from '../ports/system.ts';
import type { Ended } from './ended.ts';
import type { Episodes } from './episode.ts';
import type { Health } from './health.ts';
import type { Probes } from './probes.ts';
import type { Turns } from './turns.ts';

export type FlowSettings = {
	/** Name in our banner, Received lines and reports. */
	readonly hostName: string;
	/** This installation's mark in Received lines. */
	readonly key: string;
	readonly attribution: AttributionSettings;
	readonly judge: JudgeSettings;
	readonly limits: {
		/** No rule keeps or refuses mail, whatever its mode, nor does ownership. */
		readonly isMonitorOnly: boolean;
		/** Share of a limit at which somebody is warned. */
		readonly warnPercent: number;
		readonly identitiesMax: number;
		/** Of one account. */
		readonly waiting: WaitingBounds;
		readonly waitingExpireMs: number;
		readonly ramp: Ramp;
	};
	readonly queueRecipientsMax: number;
	readonly holdExpireMs: number;
	readonly admission: {
		/** Only root and the MTA may connect. */
		readonly mtaOnly: boolean;
	};
	readonly routing: RoutingSettings;
	/** Addresses behind a smarthost or MX that are dialled although private. */
	readonly addressRules: AddressRules;
	readonly preferFamily: Family;
	readonly mxPort: number;
	readonly mxTls: TlsPolicy;
	/** For everything, instead of what the MTA showed us. */
	readonly helo?: string;
	readonly sourceAddress?: string;
	readonly retry: RetrySettings;
	readonly reportFrom: string;
	readonly reportReturnBytesMax: number;
	/** Our own reports go back through the MTA. */
	readonly reportsHaveRoute: boolean;
	/** Message bytes held in memory by deliveries under way. */
	readonly sendingBytesMax: number;
	readonly accounts: {
		/** Age of the last complete list beyond which it is old. */
		readonly staleMs: number;
		readonly shrinkPercentMax: number;
		/** How long queued mail of a gone account still goes out. */
		readonly goneGraceMs: number;
	};
	readonly notices: NoticeSettings;
	readonly ownership: OwnershipSettings;
	/** Who may decide about mail. */
	readonly rights: Rights;
	/** How long after its end discarded or expired mail can be brought back; 0: not at all. */
	readonly restoreMs: number;
	/** What our pages may do in the panel itself. */
	readonly panelActs: { readonly hold: boolean; readonly suspend: boolean };
	readonly historyDays: number;
	readonly historyMaxBytes: number;
	readonly minFreeBytes: number;
	readonly minFreeRatio: number;
};

export type Flow = {
	readonly clock: Clock;
	readonly random: Random;
	readonly events: EventSink;
	readonly spool: Spool;
	readonly scheduler: Scheduler;
	readonly dialer: Dialer;
	readonly resolver: Resolver;
	readonly history: History;
	readonly state: StateStore;
	readonly disk: Disk;
	readonly health: Health;
	readonly settings: () => FlowSettings;
	/** Accounts that panels have told of; attribution looks names up here. */
	readonly accounts: AccountBook;
	/** Whoever changes accounts, one after the other. */
	readonly accountTurns: Turns;
	/** Limits that are set. */
	readonly limits: LimitBook;
	/** What each scope has used. Whoever lets mail go charges it before the log is written, and takes that back if it cannot be. */
	readonly meter: Meter;
	/** Who pays for the mail of a sender, and which numbers meet it. */
	readonly chains: Chains;
	readonly ruleSets: RuleSets;
	/** Mail over a limit: every recipient that is `waiting`, and those that are about to be. */
	readonly waiting: WaitingRoom;
	readonly episodes: Episodes;
	readonly warnings: Warnings;
	/** What monitored rules would have done. */
	readonly wouldHave: WouldHave;
	/** Somebody may leave, or wait, now: asks pace to look. Never waits. */
	readonly wakePace: () => void;
	readonly domainToAscii: (domain: string) => string;
	/** Standing holds in force, kept in memory; the store has them too. */
	readonly holds: Map<string, StandingHold>;
	/** Domains whose mail shows the way to us and nothing else. */
	readonly probes: Probes;
	/** Discarded and expired messages that can be brought back. */
	readonly ended: Ended;
	/** The queue index need not keep these any longer. Never waits. */
	readonly forgetEnded: (ids: readonly MessageId[]) => void;
	/** Acts that are in the log but not yet in the queue: while there are any, no message is written anew (sweep). */
	readonly acts: { underWay: number };
	/** Asks dispatch to look for work. Never waits. */
	readonly wake: () => void;
	/** Set while the agent is being stopped. */
	readonly isStopping: () => boolean;
};

/** The one place where flow tells of an error that is a bug or broken I/O: with its stack, for the operator. */
export function reportError(
	flow: Pick<Flow, 'events' | 'clock'>,
	where: string,
	error: unknown,
	fault: FaultName = 'internal',
): void {
	const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
	flow.events.emit({ event: 'source.failed', atMs: flow.clock.now(), where, fault, error: text });
}
