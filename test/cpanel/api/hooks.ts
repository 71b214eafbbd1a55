/**
 * Standardized hooks of the stand-in: the scripts that are registered for an event get one JSON document on standard input.
 */
import { spawnSync } from 'node:child_process';
import { readState } from './state.ts';

export type HookEvent = {
	readonly category: string;
	readonly event: string;
	readonly data: { readonly [key: string]: unknown };
};

const hookTimeoutMs = 10_000;

/** Runs them in order and gives what each answered. */
export function fireHooks(root: string, events: readonly HookEvent[]): readonly string[] {
	const { hooks } = readState(root);
	return events.flatMap(({ category, event, data }) =>
		hooks
			.filter((hook) => hook.category === category && hook.event === event && hook.stage === 'post')
			.map((hook) => {
				const context = { category, event, stage: 'post', point: 'main' };
				const document = { context, data, hook: { ...hook, hook: hook.script, exectype: 'script', id: 'stand-in' } };
				const { stdout } = spawnSync(hook.script, [], {
					input: JSON.stringify(document),
					encoding: 'utf8',
					timeout: hookTimeoutMs,
					// A hook has none of cPanel's environment.
					env: { PATH: '/usr/bin:/bin' },
				});
				return stdout ?? '';
			}),
	);
}
