/**
 * Many clients at once through each MTA: everything arrives, once, and in a time that says nothing got stuck.
 */
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { assertCounts } from './agent-answers.ts';
import { boxesUnavailable } from './box.ts';
import { type Hosting, type MtaKind, startHosting } from './hosting.ts';
import { sendersOf } from './senders.ts';
import { user1, user2 } from './sites.ts';

const skip = (await boxesUnavailable()) ?? false;
const isLong = process.env.SLUICE_LONG !== undefined;
const messages = isLong ? 1500 : 300;
const clients = 20;
const domains = ['one.test', 'two.test', 'three.test', 'four.test', 'five.test'];

for (const kind of ['exim', 'postfix'] as const satisfies readonly MtaKind[]) {
	suite(`load through ${kind}`, { skip }, () => {
		let hosting: Hosting<MtaKind>;
		before(async () => {
			hosting = await startHosting(kind, { name: `agent-load-${kind}` });
		});
		after(() => hosting?.stop());

		test(`${messages} messages of ${clients} clients arrive once each`, async (context) => {
			const { ledger, internet } = hosting;
			const send = sendersOf(() => hosting.mta);
			const waiting = Array.from({ length: messages }, (_, at) => ({
				subject: `load ${at}`,
				to: `load-${at}@${domains[at % domains.length]}`,
				user: at % 3 === 0 ? user2 : user1,
			}));
			for (const { subject, to } of waiting) ledger.arrives(subject, [to]);
			const beganMs = performance.now();
			const client = async (): Promise<void> => {
				for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
					await send.mailbox(next.user, next.to)(next.subject);
			};
			await Promise.all(Array.from({ length: clients }, client));
			const acceptedMs = performance.now() - beganMs;
			await internet.waitFor(() => internet.counts().recipients >= messages, 60_000);
			const arrivedMs = performance.now() - beganMs;
			assert.deepEqual(await ledger.settled(), []);
			assertCounts(hosting);
			context.diagnostic(
				`${kind}: taken by the MTA in ${Math.round(acceptedMs)} ms, all at the receivers after ${Math.round(arrivedMs)} ms`,
			);
		});
	});
}
