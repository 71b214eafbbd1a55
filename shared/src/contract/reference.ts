/**
 * The configuration as a flat list of keys: for `sluice config explain`, docs/reference/configuration.md and error messages.
 *
 * Read from the JSON Schema that zod derives, so that it cannot disagree with what the parser accepts.
 */
import { z } from 'zod';
import { configSchema } from './config.ts';

export type ConfigKey = {
	/** `delivery.lane.windowMax`. */
	readonly key: string;
	readonly description: string;
	/** For people: `whole number, 1 to 1000`, `one of: exim, postfix`. */
	readonly allowed: string;
	/** Absent: no default (the key is optional or required). */
	readonly fallback?: unknown;
	readonly isRequired: boolean;
	readonly isSection: boolean;
};

type Schema = {
	readonly type?: string;
	readonly description?: string;
	readonly default?: unknown;
	readonly enum?: readonly unknown[];
	readonly anyOf?: readonly Schema[];
	readonly items?: Schema;
	readonly pattern?: string;
	readonly format?: string;
	readonly minimum?: number;
	readonly maximum?: number;
	readonly maxLength?: number;
	readonly properties?: { readonly [name: string]: Schema };
	readonly required?: readonly string[];
};

/** The JSON Schema of the file as a person writes it (defaults not yet filled in). */
export function configJsonSchema(): Schema {
	return z.toJSONSchema(configSchema, { io: 'input' }) as Schema;
}

function allowedOf(schema: Schema): string {
	if (schema.enum) return `one of: ${schema.enum.join(', ')}`;
	if (schema.anyOf) return [...new Set(schema.anyOf.map(allowedOf))].join(', or ');
	switch (schema.type) {
		case 'integer':
			// Without a bound of its own zod writes the largest number that JavaScript counts exactly.
			return schema.maximum === Number.MAX_SAFE_INTEGER
				? `whole number, from ${schema.minimum}`
				: `whole number, ${schema.minimum} to ${schema.maximum}`;
		case 'number':
			return `number, ${schema.minimum} to ${schema.maximum}`;
		case 'boolean':
			return 'true or false';
		case 'array':
			return `list of ${allowedOf(schema.items ?? {})}`;
		case 'object':
			return `section with ${Object.keys(schema.properties ?? {}).join(', ')}`;
		default:
			return schema.format ? `text (${schema.format})` : 'text';
	}
}

/** Every key in the order of the schema, sections before what they hold. */
export function configKeys(): readonly ConfigKey[] {
	const keys: ConfigKey[] = [];
	const visit = (schema: Schema, prefix: string): void => {
		for (const [name, child] of Object.entries(schema.properties ?? {})) {
			const key = prefix === '' ? name : `${prefix}.${name}`;
			keys.push({
				key,
				description: child.description ?? '',
				allowed: allowedOf(child),
				...(child.type !== 'object' && child.default !== undefined ? { fallback: child.default } : {}),
				isRequired: schema.required?.includes(name) ?? false,
				isSection: child.type === 'object',
			});
			visit(child, key);
		}
	};
	visit(configJsonSchema(), '');
	return keys;
}
