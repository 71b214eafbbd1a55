/**
 * A command that is spoken to by a program: what it says at the end as one value, for the helper and for what looks after a server.
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { Refusal } from '../facts/refusal.ts';
import type { Speaker } from './speak.ts';

/** `isChanged`: it has changed something; else there was nothing to do. */
export type Said = { readonly text: string; readonly isChanged: boolean };

export type Listener = {
	readonly speaker: Speaker;
	/** Once the command is over. */
	said(): Result<Said, Refusal>;
};

const silent: Refusal = { code: 'silent', text: 'Nothing was said.', hint: 'That is a bug of ours.' };

export function listener(): Listener {
	let said: Result<Said, Refusal> = failed(silent);
	const lines: string[] = [];
	return {
		speaker: {
			say: (text) => void lines.push(text),
			diff: () => {},
			begin: () => {},
			failed: (what) => void lines.push(what),
			step: (what) => void lines.push(what),
			end(code, report, last = []) {
				const text = [...last, report.text].find((one): one is string => typeof one === 'string') ?? lines.at(-1);
				const isChanged = Array.isArray(report.steps) && report.steps.length > 0;
				said =
					code === 0
						? ok({ text: text ?? 'Done.', isChanged })
						: failed({ code: 'failed', text: text ?? 'Not done.', hint: '' });
			},
			refuse(refusal) {
				said = failed(refusal);
			},
		},
		said: () => said,
	};
}
