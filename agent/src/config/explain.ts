/**
 * `sluice config explain`: every key with its value, where the value comes from, what is allowed and what it means.
 */
import type { Config } from '@sluice/shared/contract/config.ts';
import { configKeys } from '@sluice/shared/contract/reference.ts';
import type { LoadedConfig } from './load.ts';

export type ExplainedKey = {
	readonly key: string;
	readonly value: unknown;
	/** `agent.yaml:3`, or `default`. */
	readonly origin: string;
	readonly allowed: string;
	readonly description: string;
};

const secretKeys: ReadonlySet<string> = new Set(['delivery.smarthost.password']);

function valueAt(config: Config, key: string): unknown {
	return key
		.split('.')
		.reduce<unknown>((value, part) => (value as { [name: string]: unknown } | undefined)?.[part], config);
}

/** Rows in the order of the schema; `under` limits them to one key or section. Secrets are shown as `(set)`. */
export function explainConfig(loaded: LoadedConfig, under = ''): readonly ExplainedKey[] {
	return configKeys()
		.filter((row) => !row.isSection && (under === '' || row.key === under || row.key.startsWith(`${under}.`)))
		.map((row) => {
			const value = valueAt(loaded.config, row.key);
			return {
				key: row.key,
				value: secretKeys.has(row.key) && value !== undefined ? '(set)' : value,
				origin: loaded.origins.get(row.key) ?? 'default',
				allowed: row.allowed,
				description: row.description,
			};
		});
}
