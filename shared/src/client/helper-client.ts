/**
 * Client of the root helper: one line of JSON out, one back, typed by the table of verbs.
 *
 * A refusal comes back as a value with the helper's own words; so does a helper that cannot be reached or answers what it should not.
 * Not here: who may ask for what (the helper and whoever calls).
 */
import { createConnection } from 'node:net';
import { type Actor, actorHeaderValue } from '../contract/actor.ts';
import {
	type HelperArgs,
	type HelperFailure,
	type HelperResult,
	type HelperVerb,
	helperAnswerSchema,
	helperLineBytesMax,
	helperVerbs,
} from '../contract/helper.ts';
import { failed, ok, type Result } from '../words/result.ts';

export type HelperClient = {
	/** A failure's code is one of the contract's, or `unreachable`. */
	call<V extends HelperVerb>(
		verb: V,
		actor: Actor,
		args: HelperArgs<V>,
	): Promise<Result<HelperResult<V>, HelperFailure>>;
};

/** A panel's own commands take seconds on a loaded server; verbs that take longer are answered as under way before that. */
const timeoutMsDefault = 30_000;

const unreachable = (text: string): Result<never, HelperFailure> => failed({ code: 'unreachable', text });

/** Sends one line and reads one, within bounds of time and size. */
function exchange(socketPath: string, line: string, timeoutMs: number): Promise<Result<string, HelperFailure>> {
	return new Promise((resolve) => {
		const socket = createConnection(socketPath);
		let read = '';
		const end = (result: Result<string, HelperFailure>): void => {
			clearTimeout(timer);
			socket.destroy();
			resolve(result);
		};
		const timer = setTimeout(() => end(unreachable('The root helper did not answer in time.')), timeoutMs);
		socket.setEncoding('utf8');
		socket.on('connect', () => socket.write(`${line}\n`));
		socket.on('data', (text: string) => {
			read += text;
			const newline = read.indexOf('\n');
			if (newline !== -1) end(ok(read.slice(0, newline)));
			else if (read.length > helperLineBytesMax) end(unreachable('The root helper’s answer is too long.'));
		});
		socket.on('end', () => end(unreachable('The root helper gave no answer.')));
		socket.on('error', (error) => end(unreachable(`The root helper is not there: ${error.message}`)));
	});
}

function answerOf(line: string): ReturnType<typeof helperAnswerSchema.safeParse> | undefined {
	try {
		return helperAnswerSchema.safeParse(JSON.parse(line));
	} catch {
		return undefined;
	}
}

export function createHelperClient(socketPath: string, timeoutMs: number = timeoutMsDefault): HelperClient {
	return {
		async call(verb, actor, args) {
			const line = JSON.stringify({ verb, actor: actorHeaderValue(actor), args });
			const answered = await exchange(socketPath, line, timeoutMs);
			if (!answered.ok) return answered;
			const answer = answerOf(answered.value);
			if (answer?.success !== true) return unreachable('The root helper’s answer is not understood.');
			if (!answer.data.ok) return failed({ code: answer.data.code, text: answer.data.text });
			const result = helperVerbs[verb].result.safeParse(answer.data.result);
			return result.success
				? ok(result.data as HelperResult<typeof verb>)
				: unreachable('The root helper’s answer is not understood.');
		},
	};
}
