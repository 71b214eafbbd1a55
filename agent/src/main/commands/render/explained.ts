/** `sluice config explain`: keys as a list one can read and copy from. */
import type { ExplainedKey } from '../../../config/explain.ts';
import { clean, hanging } from './text.ts';
import { proseWidth, type View } from './view.ts';

const valueText = (value: unknown): string =>
	value === undefined ? '(not set)' : typeof value === 'string' ? value : (JSON.stringify(value) ?? '(not set)');

export function explainedLines(rows: readonly ExplainedKey[], view: View): readonly string[] {
	const columns = proseWidth(view);
	return rows.flatMap(({ key, value, origin, allowed, description }, index) => [
		...(index === 0 ? [] : ['']),
		...hanging('', `${view.paint.strong(key)}: ${clean(valueText(value))} ${view.paint.faint(`(${origin})`)}`, columns),
		...hanging('    ', clean(description), columns),
		...hanging('    ', `Allowed: ${clean(allowed)}.`, columns),
	]);
}
