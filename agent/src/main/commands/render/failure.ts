/**
 * What went wrong between us and the agent: one sentence, and what to do about it.
 */
import type { ClientFailure } from '@sluice/shared/client/client.ts';
import type { ProblemDocument } from '@sluice/shared/contract/problem.ts';
import { clean } from './text.ts';

const unreachableHints: { readonly [code: string]: string } = {
	ENOENT:
		'Start it: `sluice agent run --config FILE`, on a server `systemctl start sluice-agent`. Or name its socket with --socket PATH.',
	ECONNREFUSED: 'Look at the end of its log (on a server `journalctl -u sluice-agent -n 50`) and start it again.',
	ETIMEDOUT:
		'It is being started and does not get ready, or hangs: `systemctl status sluice-agent`, `journalctl -u sluice-agent -n 20`, and `sluice config check` when its configuration was changed.',
	EACCES: 'Run this as root, or as a user of the group that owns the socket.',
	ENOTDIR: 'Part of the path is no folder. Name the socket with --socket PATH.',
};
const unreachableHint = 'Name the socket of the agent with --socket PATH.';

const problemHints: { readonly [code: string]: string } = {
	'not-found':
		'What there is: `sluice account list`, `message list`, `credential list`, `hold list`, `webhook list`, `sluice queue`.',
	forbidden: 'Run this as a user who may administrate the agent.',
	invalid: 'Correct the values; `--help` tells what is allowed.',
	conflict: '`sluice account show ID` and `sluice message trace ID` tell the present state.',
	internal: 'This is a bug or broken I/O: the log of the agent has the details.',
	unavailable: '`sluice status` tells what is wrong and what to do.',
};

const codeOf = ({ type }: ProblemDocument): string => type.replace(/^urn:sluice:/, '');

function problemSentence({ title, detail, errors }: ProblemDocument): string {
	const list = (errors ?? []).map(({ path, message }) => `${path}: ${message}`).join('; ');
	return [title, detail, list].filter((part) => part !== undefined && part !== '').join(': ');
}

const hintOf = (failure: ClientFailure): string | undefined =>
	failure.kind === 'unreachable'
		? (unreachableHints[failure.code] ?? unreachableHint)
		: problemHints[codeOf(failure.problem)];

const ended = (sentence: string): string => (/[.!?]$/.test(sentence) ? sentence : `${sentence}.`);

export function failureLines(failure: ClientFailure): readonly string[] {
	const sentence = failure.kind === 'unreachable' ? failure.text : problemSentence(failure.problem);
	const hint = hintOf(failure);
	return [clean(ended(sentence)), ...(hint === undefined ? [] : [hint])];
}

/** The problem as RFC 9457 has it; an agent out of reach is `urn:sluice:unreachable` with the system's code. */
export function failureDocument(failure: ClientFailure): ProblemDocument & { hint?: string; systemCode?: string } {
	const hint = hintOf(failure);
	const withHint = hint === undefined ? {} : { hint };
	if (failure.kind === 'problem') return { ...failure.problem, ...withHint };
	return {
		type: 'urn:sluice:unreachable',
		title: 'The agent cannot be reached',
		status: 503,
		detail: failure.text,
		systemCode: failure.code,
		...withHint,
	};
}
