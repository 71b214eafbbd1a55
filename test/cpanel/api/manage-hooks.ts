/**
 * Stand-in of `manage_hooks add|delete|list script PATH --category C --event E --stage S …`.
 */
import { locked, readState, writeState } from './state.ts';

const root = process.env.STAND_IN_ROOT ?? '';
const [act, ...rest] = process.argv.slice(2);

function flag(name: string): string {
	const at = rest.findIndex((word) => word === `--${name}` || word.startsWith(`--${name}=`));
	const word = rest[at];
	if (word === undefined) return '';
	return word.includes('=') ? word.slice(word.indexOf('=') + 1) : (rest[at + 1] ?? '');
}

const hook = { script: rest[1] ?? '', category: flag('category'), event: flag('event'), stage: flag('stage') };
const isSame = (other: typeof hook): boolean =>
	(['script', 'category', 'event', 'stage'] as const).every((key) => other[key] === hook[key]);

locked(root, () => {
	const state = readState(root);
	state.calls.push(`manage_hooks ${act}`);
	if (act === 'list') {
		process.stdout.write(`${JSON.stringify(state.hooks)}\n`);
	} else if (hook.category === '' || hook.event === '' || hook.stage === '' || !hook.script.startsWith('/')) {
		process.stderr.write('(stand-in) category, event, stage and an absolute script are needed\n');
		process.exitCode = 1;
	} else if (act === 'add') {
		state.hooks = [...state.hooks.filter((one) => !isSame(one)), hook];
		process.stdout.write(`Added hook for ${hook.category}::${hook.event} to hooks registry\n`);
	} else {
		const left = state.hooks.filter((one) => !isSame(one));
		if (left.length === state.hooks.length) process.exitCode = 1;
		state.hooks = left;
	}
	writeState(root, state);
});
