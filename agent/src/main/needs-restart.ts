/**
 * Which changes of the configuration a running agent cannot apply: sockets, folders, and sizes of parts that are made once.
 *
 * Everything else is read anew at each use (flow/context.ts) and is in force after SIGHUP.
 */
import type { Config } from '@sluice/shared/contract/config.ts';

/** Sections made once at start, with the keys in them that are read anew all the same. */
const madeOnce: { readonly [section in keyof Config]?: readonly string[] } = {
	dataDir: [],
	// The banner says it; Received lines and reports follow at once.
	hostName: [],
	smtp: ['hopsMax'],
	// Behind an MTA the listener asks the kernel who connects.
	wiring: ['secretFile', 'hostNames', 'filterUsers', 'listUsers'],
	api: [],
	// A renewed certificate under the same name is taken over without.
	submission: [],
	spool: ['minFreeBytes', 'minFreeRatio'],
};

/** Of `delivery`, what the dialer, the resolver and the scheduler were made with. */
const deliveryMadeOnce = [
	'dnsServers',
	'deliveriesMax',
	'recipientsPerTransactionMax',
	'messagesPerConnectionMax',
	'connectTimeoutSeconds',
	'commandTimeoutSeconds',
	'dataTimeoutSeconds',
	'idleSeconds',
	'lane',
] as const satisfies readonly (keyof Config['delivery'])[];

/** Dotted names of the changed keys that only a restart applies. */
export function needsRestart(before: Config, after: Config): readonly string[] {
	const sections = Object.entries(madeOnce).flatMap(([section, readAnew]) =>
		changedKeys(section, before[section as keyof Config], after[section as keyof Config]).filter(
			(key) => !readAnew.includes(key.slice(section.length + 1)),
		),
	);
	const delivery = deliveryMadeOnce.filter((key) => !isSame(before.delivery[key], after.delivery[key]));
	return [...sections, ...delivery.map((key) => `delivery.${key}`)];
}

function changedKeys(section: string, before: unknown, after: unknown): readonly string[] {
	if (!isSection(before) || !isSection(after)) return isSame(before, after) ? [] : [section];
	const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
	return [...keys].filter((key) => !isSame(before[key], after[key])).map((key) => `${section}.${key}`);
}

const isSection = (value: unknown): value is { readonly [key: string]: unknown } =>
	typeof value === 'object' && value !== null;

const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
