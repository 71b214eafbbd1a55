/**
 * Runs one of cPanel's programs: by its path and a list of words, never through a shell; bounded in time and in what it may say.
 *
 * Standard error is kept apart, because cPanel's programs warn there and the JSON must stay whole. What a program says when it fails is not
 * handed on: it may repeat its arguments. Not here: what an answer means (envelope.ts).
 */
import { execFile } from 'node:child_process';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { ApiFailure } from './outcome.ts';

export type Program = {
	/** Absolute. */
	readonly path: string;
	readonly words: readonly string[];
	readonly timeoutMs: number;
};

/** Standard output, or why there is none. */
export type RunProgram = (program: Program) => Promise<Result<string, ApiFailure>>;

/** 50,000 accounts of a kilobyte each, and room. */
const outputBytesMax = 96 << 20;
const environment = {
	PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
	LC_ALL: 'C',
	HOME: '/root',
};

export const runProgram: RunProgram = ({ path, words, timeoutMs }) =>
	new Promise((resolve) => {
		const child = execFile(
			path,
			words,
			{
				cwd: '/',
				env: environment,
				encoding: 'utf8',
				maxBuffer: outputBytesMax,
				timeout: timeoutMs,
				killSignal: 'SIGKILL',
			},
			(error, stdout) => {
				if (error === null) return resolve(ok(stdout));
				// A program that says what is wrong in its answer may end with a code too: the answer is worth more.
				if (typeof error.code === 'number' && stdout.trimStart().startsWith('{')) return resolve(ok(stdout));
				resolve(failed(failureOf(path, error, timeoutMs)));
			},
		);
		child.stdin?.on('error', () => {});
		child.stdin?.end();
	});

type ExecError = Error & { readonly code?: number | string | null; readonly killed?: boolean };

function failureOf(path: string, { code, killed }: ExecError, timeoutMs: number): ApiFailure {
	if (code === 'ENOENT' || code === 'EACCES') return { kind: 'missing', text: `${path} cannot be run here (${code}).` };
	if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
		return { kind: 'too-large', text: `${path} said more than ${outputBytesMax} bytes.` };
	if (killed === true) return { kind: 'timeout', text: `${path} did not answer within ${timeoutMs / 1000} s.` };
	return { kind: 'exit', text: `${path} ended with ${code ?? 'a signal'}.` };
}
