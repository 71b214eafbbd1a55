/**
 * Settings of the parts that are made once at start, from the configuration.
 */
import type { Config } from '@sluice/shared/contract/config.ts';
import { dsnDestination } from '../core/scheduling/queued.ts';
import type { SchedulerSettings } from '../core/scheduling/scheduler.ts';
import { schedulerDefaults } from '../core/scheduling/settings.ts';
import { defaultSmtpInSettings, type SmtpInSettings } from '../io/smtp-in/settings.ts';
import { type DialerSettings, dialerDefaults } from '../io/smtp-out/settings.ts';
import type { SpoolSettings } from '../io/spool/settings.ts';

/** Behind a smarthost there is one lane; our own reports keep theirs, to the MTA. */
const smarthostLane = 'smarthost';

export function schedulerSettingsOf({ delivery, dsn }: Config): SchedulerSettings {
	const { lane, smarthost } = delivery;
	const isOwnLane = (destination: string): boolean => destination === dsnDestination && dsn.via !== undefined;
	return {
		...schedulerDefaults,
		deliveriesMax: delivery.deliveriesMax,
		recipientsPerTransactionMax: delivery.recipientsPerTransactionMax,
		...(smarthost === undefined
			? {}
			: { laneOf: (destination: string) => (isOwnLane(destination) ? destination : smarthostLane) }),
		feedback: {
			...schedulerDefaults.feedback,
			windowInitial: lane.windowInitial,
			windowMax: lane.windowMax,
			cohortsMax: lane.failedCohortsMax,
			reopenMs: lane.reopenSeconds * 1000,
			reopenMaxMs: lane.reopenMaxSeconds * 1000,
		},
	};
}

export function spoolSettingsOf({ spool }: Config): Partial<SpoolSettings> {
	return { segmentBytes: spool.segmentBytes, reserveBytes: spool.reserveBytes, cacheBytesMax: spool.bodyCacheBytes };
}

export function dialerSettingsOf({ delivery }: Config): Partial<DialerSettings> {
	const commandMs = delivery.commandTimeoutSeconds * 1000;
	return {
		timeouts: {
			...dialerDefaults.timeouts,
			connectMs: delivery.connectTimeoutSeconds * 1000,
			greetingMs: commandMs,
			ehloMs: commandMs,
			mailMs: commandMs,
			rcptMs: commandMs,
			dataMs: Math.min(commandMs, dialerDefaults.timeouts.dataMs),
			endMs: delivery.dataTimeoutSeconds * 1000,
		},
		transactionsMax: delivery.messagesPerConnectionMax,
		idleMs: delivery.idleSeconds * 1000,
		idlePerTargetMax: delivery.lane.windowMax,
		// Stopping has waited for what is under way before.
		stopWithinMs: 1_000,
	};
}

export function smtpInSettingsOf({ smtp, wiring }: Config, hostName: string): SmtpInSettings {
	return {
		...defaultSmtpInSettings,
		hostName,
		bareNewline: smtp.bareNewline,
		// In a checkout without wiring there is nothing that a peer could prove.
		peerLookup: smtp.peers === 'mta' || wiring.mta !== 'none',
		messageBytesMax: smtp.messageBytesMax,
		headerBytesMax: smtp.headerBytesMax,
		lineBytesMax: smtp.lineBytesMax,
		recipientsMax: smtp.recipientsMax,
		connectionsMax: smtp.connectionsMax,
		idleTimeoutSeconds: smtp.idleTimeoutSeconds,
		dataTimeoutSeconds: smtp.dataTimeoutSeconds,
		bodyMemoryBytesMax: smtp.bodyMemoryBytesMax,
	};
}
