/**
 * No operation whose input names an account can be forgotten: every text of every input either comes out of the table, or stands in a
 * list of what names nobody.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallInput } from '@sluice/shared/client/client.ts';
import { type OperationId, operations } from '@sluice/shared/contract/operations.ts';
import { z } from 'zod';
import { type Named, namedBy } from './named.ts';

/** Texts that name nobody wherever they stand. */
const namesNobody = new Set([
	// Yes or no, written as text in a query.
	...['near', 'waiting', 'ownLimits', 'release'],
	...['reason', 'note', 'cursor', 'since', 'until', 'replaces', 'rule', 'text', 'name'],
	// Filters: the agent answers within what the actor sees.
	...['search', 'sender', 'recipient', 'subject', 'identity', 'reference', 'reseller', 'plan'],
]);
/** Texts of one operation that name no account, and why. */
const isElse: { readonly [place: string]: string } = {
	'undoLimitChange.params.id': 'a change of the actor’s own; the agent puts back only what the actor may change',
	'createCredential.body.senderDomains': 'the agent takes only domains of the account, which is named beside',
	'changeLimits.body.target.matching': 'whatever a list has: the agent’s list for that actor',
};
/** Levels and kinds that are no account of anybody. */
const isShared = (input: string): boolean =>
	/"level":"(server|resellers|plans)"/.test(input) || /"kind":"destination"/.test(input);

type Shape = {
	readonly type?: string;
	readonly properties?: { readonly [name: string]: Shape };
	readonly items?: Shape;
	readonly anyOf?: readonly Shape[];
	readonly enum?: readonly string[];
	readonly const?: unknown;
};
type Sample = { readonly value: unknown; readonly texts: readonly (readonly [place: string, text: string])[] };

let made = 0;
/** All ways to fill a shape: one of each member of a union, one of each word of a list, a text of its own in every text. */
function samplesOf(shape: Shape, place: string): readonly Sample[] {
	if (shape.anyOf !== undefined) return shape.anyOf.flatMap((one) => samplesOf(one, place));
	if (shape.enum !== undefined) return shape.enum.map((value) => ({ value, texts: [] }));
	if (shape.properties !== undefined) {
		let all: readonly Sample[] = [{ value: {}, texts: [] }];
		for (const [name, inner] of Object.entries(shape.properties)) {
			const parts = samplesOf(inner, `${place}.${name}`);
			// Only words that decide what another text means are multiplied out.
			const used =
				name === 'level' || name === 'kind' || name === 'target' || name === 'selector' ? parts : parts.slice(0, 1);
			all = all.flatMap((so) =>
				used.map((part) => ({
					value: { ...(so.value as object), [name]: part.value },
					texts: [...so.texts, ...part.texts],
				})),
			);
		}
		return all;
	}
	if (shape.type === 'array' && shape.items !== undefined)
		return samplesOf(shape.items, place).map(({ value, texts }) => ({ value: [value], texts }));
	if (shape.type === 'string') {
		made += 1;
		const text = `t${made}.test`;
		return [{ value: text, texts: [[place, text]] }];
	}
	return [{ value: shape.type === 'boolean' ? true : shape.type === 'null' ? null : 1, texts: [] }];
}

function inputsOf(
	id: OperationId,
): readonly { readonly input: CallInput<OperationId>; readonly texts: Sample['texts'] }[] {
	const { params, query, body } = operations[id];
	const shapeOf = (schema: z.ZodType): Shape =>
		z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Shape;
	const shape: Shape = {
		properties: {
			params: shapeOf(params),
			query: shapeOf(query),
			...(body instanceof z.ZodUndefined ? {} : { body: shapeOf(body) }),
		},
	};
	const parts = Object.entries(shape.properties ?? {}).map(
		([name, inner]) => [name, samplesOf(inner, `${id}.${name}`)] as const,
	);
	let all: readonly Sample[] = [{ value: {}, texts: [] }];
	for (const [name, samples] of parts)
		all = all.flatMap((so) =>
			samples.map((part) => ({
				value: { ...(so.value as object), [name]: part.value },
				texts: [...so.texts, ...part.texts],
			})),
		);
	return all.map(({ value, texts }) => ({ input: value as CallInput<OperationId>, texts }));
}

const isForResellers = (id: OperationId): boolean => (operations[id].roles as readonly string[]).includes('reseller');

/** Texts of an operation's input that are neither named nor known to name nobody. */
function unknownTexts(id: OperationId, named: (input: CallInput<OperationId>) => readonly Named[]): readonly string[] {
	return inputsOf(id).flatMap(({ input, texts }) => {
		const said = JSON.stringify(named(input));
		return texts
			.filter(([place, text]) => {
				const last = place.slice(place.lastIndexOf('.') + 1);
				const isKnown = namesNobody.has(last) || Object.keys(isElse).some((prefix) => place.startsWith(prefix));
				return !said.includes(text) && !isKnown && !(last === 'id' && isShared(JSON.stringify(input)));
			})
			.map(([place]) => place);
	});
}

const namerOf = (id: OperationId) => namedBy[id] as (input: CallInput<OperationId>) => readonly Named[];

test('whatever a reseller may ask for that names an account is known to name it', () => {
	const ids = (Object.keys(operations) as OperationId[]).filter(isForResellers);
	assert.ok(ids.length > 15);
	assert.deepEqual(
		ids.flatMap((id) => unknownTexts(id, namerOf(id))),
		[],
	);
});

test('an operation that is forgotten is found', () => {
	const forgotten = () => [];
	for (const id of [
		'getAccount',
		'listMessages',
		'putHold',
		'createCredential',
		'changeLimits',
		'getUsage',
		'act',
	] as const)
		assert.notDeepEqual(unknownTexts(id, forgotten), [], id);
});

test('levels and selectors name what they are about', () => {
	const limits = (level: 'accounts' | 'mailboxes' | 'domains' | 'scripts' | 'plans', id: string) =>
		namedBy.getLimits({ params: { level, id } });
	assert.deepEqual(limits('accounts', 'alice'), [{ kind: 'account', id: 'alice' }]);
	assert.deepEqual(limits('mailboxes', 'Info@Site1.test'), [{ kind: 'domain', domain: 'site1.test' }]);
	assert.deepEqual(limits('scripts', 'alice:/home/alice/www'), [{ kind: 'account', id: 'alice' }]);
	assert.deepEqual(limits('plans', 'alice'), []);
	const act = (kind: 'identity' | 'message', id: string) =>
		namedBy.act({ params: { act: 'hold' }, body: { selector: { kind, id }, reason: 'x' } });
	assert.deepEqual(act('identity', 'mailbox:a@site1.test'), [{ kind: 'domain', domain: 'site1.test' }]);
	assert.deepEqual(act('identity', 'unix:7001'), [{ kind: 'unix', uid: '7001' }]);
	assert.deepEqual(act('identity', 'credential:c1'), [{ kind: 'credential', id: 'c1' }]);
	assert.deepEqual(act('message', '0000000000001'), [{ kind: 'message', id: '0000000000001' }]);
});
