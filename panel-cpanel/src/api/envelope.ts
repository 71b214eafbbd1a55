/**
 * The two envelopes of cPanel's answers, opened: WHM API 1 `{data, metadata: {result, reason}}` and UAPI `{result: {data, status, errors}}`.
 *
 * Both have been seen with and without an outer `result` or `cpanelresult`, with numbers as strings; all are taken. Result 0 is a refusal
 * with cPanel's own reason. Not here: the shapes inside (shapes.ts).
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { flagOf, textOf } from './loose.ts';
import type { ApiFailure } from './outcome.ts';

type Fields = { readonly [name: string]: unknown };

const reasonCharsMax = 300;

const fieldsOf = (value: unknown): Fields | undefined =>
	typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

function parsed(text: string, name: string): Result<Fields, ApiFailure> {
	try {
		const fields = fieldsOf(JSON.parse(text));
		if (fields !== undefined) return ok(fields);
	} catch {
		// Told below: what it said is not repeated.
	}
	return failed(garbage(name, 'no whole JSON document'));
}

export const garbage = (name: string, what: string): ApiFailure => ({
	kind: 'garbage',
	text: `${name}: the answer of cPanel cannot be understood: ${what}.`,
});

const refused = (name: string, reason: string): ApiFailure => ({
	kind: 'refused',
	text: `${name}: ${oneLine(reason) || 'refused without a reason'}`,
});

const oneLine = (text: string): string =>
	text
		.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
		.trim()
		.slice(0, reasonCharsMax);

/** The `data` of an answer of `whmapi1`; an empty object where there is none. */
export function openWhm(text: string, name: string): Result<Fields, ApiFailure> {
	const outer = parsed(text, name);
	if (!outer.ok) return outer;
	const inner = fieldsOf(outer.value.result) ?? outer.value;
	const metadata = fieldsOf(inner.metadata) ?? fieldsOf(outer.value.metadata);
	if (metadata === undefined || metadata.result === undefined) {
		// What cpsrvd itself says when it cannot even begin: {"cpanelresult":{"error":…}}.
		const said = textOf(fieldsOf(outer.value.cpanelresult)?.error) ?? textOf(outer.value.error);
		return failed(said === undefined ? garbage(name, 'no metadata.result') : refused(name, said));
	}
	if (!flagOf(metadata.result)) return failed(refused(name, textOf(metadata.reason) ?? ''));
	return ok(fieldsOf(inner.data) ?? {});
}

/** The `data` of an answer of `uapi`. */
export function openUapi(text: string, name: string): Result<unknown, ApiFailure> {
	const outer = parsed(text, name);
	if (!outer.ok) return outer;
	const inner = fieldsOf(outer.value.result) ?? fieldsOf(fieldsOf(outer.value.cpanelresult)?.result) ?? outer.value;
	if (inner.status === undefined) return failed(garbage(name, 'no status'));
	if (!flagOf(inner.status)) {
		const errors = Array.isArray(inner.errors) ? inner.errors : [inner.errors];
		return failed(refused(name, errors.flatMap((error) => textOf(error) ?? []).join('; ')));
	}
	return ok(inner.data);
}
