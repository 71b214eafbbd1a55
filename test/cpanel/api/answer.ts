/**
 * What the stand-ins of `whmapi1` and `uapi` share: reading their words, faults that are switched on, the answer on standard output.
 */
import type { Fault, StandInState } from './state.ts';

export type Words = {
	readonly flags: ReadonlyMap<string, string>;
	readonly names: readonly string[];
	readonly values: ReadonlyMap<string, string>;
};

/** `--output=json listaccts user=x`: flags, names, values. Values are decoded. */
export function wordsOf(words: readonly string[]): Words {
	const flags = new Map<string, string>();
	const names: string[] = [];
	const values = new Map<string, string>();
	for (const word of words) {
		const equals = word.indexOf('=');
		if (word.startsWith('--'))
			flags.set(word.slice(2, equals < 0 ? undefined : equals), equals < 0 ? '1' : word.slice(equals + 1));
		else if (equals < 0) names.push(word);
		else values.set(word.slice(0, equals), decodeURIComponent(word.slice(equals + 1)));
	}
	return { flags, names, values };
}

export const faultOf = (state: StandInState, name: string): Fault => ({ ...state.faults['*'], ...state.faults[name] });

/** Rows as the fault leaves them. */
export const kept = <T>(rows: readonly T[], { isHalf, isEmpty }: Fault): readonly T[] => {
	if (isEmpty === true) return [];
	return isHalf === true ? rows.filter((_, index) => index % 2 === 0) : rows;
};

/** Numbers as strings, as older servers send them. */
const stringly = (value: unknown): unknown => {
	if (typeof value === 'number' || typeof value === 'boolean') return String(Number(value));
	if (Array.isArray(value)) return value.map(stringly);
	if (typeof value === 'object' && value !== null)
		return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, stringly(one)]));
	return value;
};

/** Says the answer as the fault has it, and ends. */
export function speak(document: unknown, fault: Fault): void {
	const text = JSON.stringify(fault.asStrings === true ? stringly(document) : document);
	const end = (): void => {
		if (fault.exitCode !== undefined) {
			process.stderr.write('(stand-in) an error occurred\n');
			process.exitCode = fault.exitCode;
			return;
		}
		if (fault.garbage !== undefined) process.stdout.write(fault.garbage);
		else process.stdout.write(fault.isCut === true ? text.slice(0, text.length / 2) : text);
	};
	if (fault.slowMs === undefined) end();
	else setTimeout(end, fault.slowMs);
}
