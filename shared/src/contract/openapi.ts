/**
 * openapi.json from the table of operations. OpenAPI 3.1, whose schemas are JSON Schema as zod writes it.
 */
import { z } from 'zod';
import { actorHeader, roles } from './actor.ts';
import type { Operation } from './operation.ts';
import { operations, otherResources } from './operations.ts';
import { problemSchema } from './problem.ts';

type Json = { [key: string]: unknown };

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
	const { $schema: _, ...rest } = z.toJSONSchema(schema, {
		io,
		unrepresentable: 'any',
	}) as Json;
	return rest;
}

function parametersOf(operation: Operation): readonly Json[] {
	const from = (schema: z.ZodType, place: 'path' | 'query'): Json[] => {
		const json = jsonSchema(schema, 'input') as {
			properties?: { [name: string]: Json };
			required?: string[];
		};
		return Object.entries(json.properties ?? {}).map(([name, shape]) => ({
			name,
			in: place,
			required: place === 'path' || (json.required?.includes(name) ?? false),
			schema: shape,
		}));
	};
	const actor = operation.roles.length === 0 ? [] : [actorParameter];
	return [...actor, ...from(operation.params, 'path'), ...from(operation.query, 'query')];
}

const actorParameter = { $ref: '#/components/parameters/Actor' } as const;

const answer = (mediaType: string, schema?: Json): Json => ({
	description: 'Done.',
	content: { [mediaType]: schema === undefined ? {} : { schema } },
});

const problemAnswer: Json = {
	description: 'A problem (RFC 9457).',
	content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/** The document that `GET /openapi.json` answers. */
export function openApiDocument(version: string): Json {
	const paths: { [path: string]: Json } = {};
	for (const [id, operation] of Object.entries<Operation>(operations)) {
		paths[operation.path] ??= {};
		(paths[operation.path] as Json)[operation.method] = {
			operationId: id,
			summary: operation.summary,
			'x-roles': operation.roles,
			parameters: parametersOf(operation),
			...(operation.body instanceof z.ZodUndefined
				? {}
				: {
						requestBody: {
							required: true,
							content: {
								'application/json': {
									schema: jsonSchema(operation.body, 'input'),
								},
							},
						},
					}),
			responses: {
				200: answer('application/json', jsonSchema(operation.response, 'output')),
				default: problemAnswer,
			},
		};
	}
	for (const { id, method, path, summary, roles: may, mediaType } of otherResources) {
		paths[path] = {
			[method]: {
				operationId: id,
				summary,
				'x-roles': may,
				parameters: may.length === 0 ? [] : [actorParameter],
				responses: { 200: answer(mediaType), default: problemAnswer },
			},
		};
	}
	return {
		openapi: '3.1.0',
		info: {
			title: 'Sluice agent',
			version,
			description: 'Over the local unix socket. The file mode of the socket says who may speak.',
		},
		paths,
		components: {
			parameters: {
				Actor: {
					name: actorHeader,
					in: 'header',
					required: true,
					description: `${roles.join('|')} ID[; as=IMPERSONATOR]`,
					schema: { type: 'string' },
				},
			},
			schemas: { Problem: jsonSchema(problemSchema, 'output') },
		},
	};
}
