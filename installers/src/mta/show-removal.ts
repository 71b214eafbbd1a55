/**
 * What taking out does to files, before it is asked: those that go by name, for their text is ours and was shown when it came; those that
 * stay as diffs.
 */
import { unifiedDiff } from '../plan/wiring.ts';
import type { Speaker } from './speak.ts';

export type FileRemoval = {
	readonly path: string;
	/** Undefined: there is none. */
	readonly before: string | undefined;
	/** Undefined: it goes. */
	readonly after: string | undefined;
};

/** Answers all of it as diffs, for programs. */
export function showRemoval(speaker: Pick<Speaker, 'diff'>, files: readonly FileRemoval[]): string {
	const diffOf = ({ path, before, after }: FileRemoval): string => unifiedDiff(path, before, after);
	const gone = files.filter(({ after }) => after === undefined);
	for (const file of files) if (file.after !== undefined) speaker.diff(diffOf(file));
	if (gone.length > 0) speaker.diff(['Files that go:', ...gone.map(({ path }) => `  ${path}`)].join('\n'));
	return files.map(diffOf).join('');
}
