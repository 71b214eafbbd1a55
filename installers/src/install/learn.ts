/**
 * The mail log of the last days read while installing, and told to the agent, so that its pages have something to say at once.
 *
 * Never in the way of an installation: what cannot be read or told is said.
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { clientOf, type NestedCall } from './call.ts';

const learnDays = 7;

export async function learnLog(call: NestedCall): Promise<Result<string, string>> {
	const [{ learn, LearnError }, { learnedBody }, { failureText }] = await Promise.all([
		import('@sluice/agent/main/learn.ts'),
		import('@sluice/agent/main/learned-body.ts'),
		import('@sluice/shared/client/client.ts'),
	]);
	const nowMs = call.terminal.now();
	try {
		const answer = await learn({ logs: [], days: learnDays, nowMs });
		const body = learnedBody(answer, nowMs);
		const [most] = body.items;
		const messages = answer.accounts.reduce((sum, row) => sum + row.messages, 0);
		const text = `In the last ${learnDays} days: ${messages} messages of ${answer.senders.length} senders${
			most === undefined
				? ''
				: `; most by ${most.account}, ${most.recipients} recipients, up to ${most.peakHour} an hour`
		}. All of it: \`sluice account learn\`.`;
		call.note(text);
		const client = await clientOf(call);
		const told = await client.call('putLearned', { body });
		if (!told.ok)
			call.note(`The pages will not show it: ${failureText(told.error)} \`sluice account learn --keep\` tells them.`);
		return ok(text);
	} catch (error) {
		if (!(error instanceof LearnError)) throw error;
		call.note(`The mail log tells nothing: ${error.message}`);
		return failed(error.message);
	}
}
