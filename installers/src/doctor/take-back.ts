/** Taking a path back from others: what `--repair` may do about owner and mode, whatever look has found it. */
import { run } from '../plan/step.ts';
import type { Repair } from './finding.ts';

export type Wanted = {
	/** As chown takes it; undefined: whoever. */
	readonly owner: string | undefined;
	/** As chmod takes it. */
	readonly mode: string;
	/** With everything in it. */
	readonly isDeep?: boolean;
};

export function takeBack(path: string, { owner, mode, isDeep = false }: Wanted): Repair {
	const deep = isDeep ? ['-R'] : [];
	return {
		id: 'modes',
		what: `Take ${path} back from others.`,
		apply: [...(owner === undefined ? [] : [run('chown', ...deep, owner, path)]), run('chmod', ...deep, mode, path)],
	};
}
