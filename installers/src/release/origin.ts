/** Which sources a release was built from: the commit and its date, as git tells, or as the builder's environment does. */
import { execFileSync } from 'node:child_process';

export type Origin = {
	/** `+changed` behind it when files differ from the commit; `unknown` outside of git. */
	readonly commit: string;
	/** RFC 3339, UTC, whole seconds. */
	readonly date: string;
};

/** `SOURCE_DATE_EPOCH` comes before the commit's date (https://reproducible-builds.org/specs/source-date-epoch/). */
export function originOf(root: string, env: NodeJS.ProcessEnv): Origin {
	const git = (...args: string[]): string | undefined => {
		try {
			return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
		} catch {
			return undefined;
		}
	};
	const commit = git('rev-parse', 'HEAD');
	const isChanged = commit !== undefined && git('status', '--porcelain') !== '';
	const epoch = env.SOURCE_DATE_EPOCH ?? git('show', '--no-patch', '--format=%ct', 'HEAD') ?? '0';
	if (!/^\d+$/.test(epoch)) throw new Error(`SOURCE_DATE_EPOCH is not a number of seconds: ${epoch}`);
	return {
		commit: commit === undefined ? 'unknown' : `${commit}${isChanged ? '+changed' : ''}`,
		date: new Date(Number(epoch) * 1000).toISOString().replace('.000Z', 'Z'),
	};
}
