/**
 * From the configuration as a person writes it to the values that flow works with.
 *
 * Files and names are looked up here, once per start or reload: the wiring secret, the password of the smarthost, the uids of the
 * MTA's users. A missing file is an error that names the key.
 */
import { readFileSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import type { Config, Smarthost as ConfiguredSmarthost } from '@sluice/shared/contract/config.ts';
import { receivedToken } from '../core/header/received.ts';
import type { Smarthost } from '../core/routing/route.ts';
import type { FlowSettings } from '../flow/context.ts';

/** A mistake in the configuration that only looking at the machine could show. */
export class ConfigurationError extends Error {
	override readonly name = 'ConfigurationError';
}

const secondsMs = (seconds: number): number => seconds * 1000;

function readLines(file: string, key: string): readonly string[] {
	try {
		return readFileSync(file, 'utf8')
			.split('\n')
			.map((line) => line.trim())
			.filter((line) => line !== '');
	} catch (error) {
		throw new ConfigurationError(`${key}: ${file} cannot be read (${(error as Error).message})`);
	}
}

/** The secret of the wiring header, and the previous one while it is being changed. */
function secretsOf(file: string | undefined): readonly string[] {
	if (file === undefined) return [];
	const secrets = readLines(file, 'wiring.secretFile');
	if (secrets.length === 0)
		throw new ConfigurationError(`wiring.secretFile: ${file} is empty; without a secret nobody can be told apart`);
	return secrets;
}

/** Uids behind `smtp.mtaUsers`; root is always one of them. */
export function mtaUidsOf(config: Config): readonly number[] {
	return [0, ...uidsOf(config.smtp.mtaUsers, 'smtp.mtaUsers')];
}

function uidsOf(users: readonly (string | number)[], key: string): readonly number[] {
	return users.map((user) => {
		if (typeof user === 'number') return user;
		const row = readLines('/etc/passwd', key).find((line) => line.startsWith(`${user}:`));
		if (row === undefined) throw new ConfigurationError(`${key}: this machine has no user ${user}`);
		return Number(row.split(':')[2]);
	});
}

function smarthostsOf(configured: ConfiguredSmarthost): readonly Smarthost[] {
	// A password goes to nobody but the host it is for.
	const { host, port, user, tls = user === undefined ? 'opportunistic' : 'required' } = configured;
	const password =
		configured.passwordFile === undefined
			? configured.password
			: readLines(configured.passwordFile, 'delivery.smarthost.passwordFile')[0];
	const hosts = typeof host === 'string' ? [host] : host;
	return hosts.map((name) => ({
		host: name,
		port,
		tls: tls === 'implicit' ? 'required' : tls,
		...(tls === 'implicit' ? { implicitTls: true } : {}),
		...(user === undefined || password === undefined ? {} : { auth: { user, password } }),
		...(configured.identityHeader === undefined ? {} : { identityHeader: configured.identityHeader }),
	}));
}

function ownAddresses(): readonly string[] {
	return Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((address) => address.address));
}

export const hostNameOf = (config: Config): string => config.hostName ?? hostname();

/** A message may come back by way of others a few times before it is a loop. */
const ownPassesMax = 4;

function attributionOf(config: Config, key: string): FlowSettings['attribution'] {
	const { mta, secretFile, hostNames, filterUsers, listUsers } = config.wiring;
	const mtaUid = mtaUidsOf(config).find((uid) => uid !== 0);
	return {
		mta,
		secrets: secretsOf(secretFile),
		hostNames: hostNames.length > 0 || mta !== 'postfix' ? hostNames : [hostNameOf(config)],
		filterUserIds: filterUsers,
		listUserIds: uidsOf(listUsers, 'wiring.listUsers'),
		ownAddresses: ownAddresses(),
		ownReceivedToken: receivedToken(key),
		...(mta === 'exim' && mtaUid !== undefined ? { eximUid: mtaUid } : {}),
		...(mta === 'postfix' && mtaUid !== undefined ? { postfixUid: mtaUid } : {}),
	};
}

/** `key` is this installation's own mark in Received lines. Throws ConfigurationError. */
export function flowSettingsOf(config: Config, key: string): FlowSettings {
	const { accounts, delivery, queue, dsn, spool, history, limits, smtp } = config;
	const hostName = hostNameOf(config);
	const smarthosts = delivery.smarthost === undefined ? [] : smarthostsOf(delivery.smarthost);
	const reports: readonly Smarthost[] = dsn.via === undefined ? [] : [{ ...dsn.via, tls: 'none' }];
	const { retry } = delivery;
	return {
		hostName,
		key,
		attribution: attributionOf(config, key),
		judge: {
			hopsMax: smtp.hopsMax,
			ownPassesMax,
			accountRecipientsMax: queue.accountRecipientsMax,
			accountBytesMax: queue.accountBytesMax,
			goneGraceMs: secondsMs(accounts.goneGraceSeconds),
		},
		limits: {
			isMonitorOnly: limits.monitorOnly,
			warnPercent: limits.warnPercent,
			identitiesMax: limits.identitiesMax,
			waiting: {
				recipientsMax: limits.waiting.recipientsMax,
				bytesMax: limits.waiting.bytesMax,
				ageMsMax: secondsMs(limits.waiting.ageSeconds),
			},
			waitingExpireMs: secondsMs(limits.waiting.expireSeconds),
			ramp: limits.ramp,
		},
		queueRecipientsMax: queue.recipientsMax,
		holdExpireMs: secondsMs(queue.holdExpireSeconds),
		admission: { mtaOnly: smtp.peers === 'mta' },
		routing: { routes: [], smarthosts, reports },
		addressRules: { allow: delivery.allowAddresses, own: ownAddresses() },
		preferFamily: delivery.preferFamily === 'ipv4' ? 4 : 6,
		mxPort: delivery.port,
		mxTls: delivery.tls,
		...(delivery.helo === undefined ? {} : { helo: delivery.helo }),
		...(delivery.sourceAddress === undefined ? {} : { sourceAddress: delivery.sourceAddress }),
		retry: {
			firstDelayMs: secondsMs(retry.firstSeconds),
			factor: retry.factor,
			delayMsMax: secondsMs(retry.maxSeconds),
			greylistFirstDelayMs: Math.min(secondsMs(retry.firstSeconds), 120_000),
			jitter: retry.jitter,
			expireAfterMs: secondsMs(retry.expireSeconds),
			expireReportAfterMs: Math.min(secondsMs(retry.expireSeconds), 86_400_000),
			delayNoticeAfterMs: secondsMs(retry.delayNoticeSeconds),
		},
		reportFrom: dsn.from ?? `mailer-daemon@${hostName}`,
		reportReturnBytesMax: dsn.returnBytesMax,
		reportsHaveRoute: reports.length > 0,
		sendingBytesMax: spool.sendingBytesMax,
		accounts: {
			staleMs: secondsMs(accounts.staleSeconds),
			shrinkPercentMax: accounts.shrinkPercentMax,
			goneGraceMs: secondsMs(accounts.goneGraceSeconds),
		},
		notices: {
			to: config.notices.to,
			from: config.notices.from ?? dsn.from ?? `mailer-daemon@${hostName}`,
			owners: config.notices.owners,
			senders: config.notices.senders,
			zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
		},
		ownership: {
			...config.ownership,
			isMonitorOnly: limits.monitorOnly,
			hostNames: [hostName, ...config.wiring.hostNames].map((name) => name.toLowerCase()),
		},
		rights: config.rights,
		restoreMs: secondsMs(queue.restoreSeconds),
		panelActs: config.panel.acts,
		historyDays: history.days,
		historyMaxBytes: history.maxBytes,
		minFreeBytes: spool.minFreeBytes,
		minFreeRatio: spool.minFreeRatio,
	};
}
