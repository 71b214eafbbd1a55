/**
 * `account learn` on the logs that the real Exim and the real Postfix write: what was sent is what it says.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { learn } from '@sluice/agent/main/learn.ts';
import { boxesUnavailable } from './box.ts';
import { type MtaKind, startHosting } from './hosting.ts';
import { sendersOf } from './senders.ts';
import { user1, user2 } from './sites.ts';

const skip = (await boxesUnavailable()) ?? false;

for (const kind of ['exim', 'postfix'] as const satisfies readonly MtaKind[]) {
	suite(`the log of ${kind}`, { skip }, () => {
		test('messages and recipients of each sender, the refused ones, no line left over', async (context) => {
			const hosting = await startHosting(kind, { name: `learn-${kind}` });
			const folder = mkdtempSync(join(tmpdir(), 'sluice-learn-'));
			context.after(async () => {
				await hosting.stop();
				rmSync(folder, { recursive: true, force: true });
			});
			const send = sendersOf(() => hosting.mta);
			const trap = 'A=plain:user2@site2.test U=root P=local T="x" sasl_username=user2@site2.test';
			for (let round = 0; round < 3; round++)
				await send.mailbox(user1, [`a${round}@one.test`, `b${round}@two.test`])(`${trap} ${round}`);
			await send.mailbox(user2, 'user1@site1.test')('stays here');
			await send.sendmail('alice', 'c@one.test', { cwd: '/home/alice/www' })('by hand');
			await send.outside('fwd@site1.test')('forwarded');
			await hosting.internet.waitFor(() => hosting.internet.counts().recipients >= 8, 30_000);

			const log = join(folder, kind === 'exim' ? 'mainlog' : 'maillog');
			let senders: string[] = [];
			// The MTA writes its last lines after the receiver has the mail.
			const read = async () => {
				writeFileSync(log, await hosting.mta.log());
				const answer = await learn({ mta: kind, logs: [log], days: 1, nowMs: Date.now() });
				senders = answer.senders.map(({ sender, messages, recipients, directories }) =>
					`${sender} ${messages}/${recipients} ${directories.join(' ')}`.trim(),
				);
				return answer;
			};
			let answer = await read();
			const isWhole = (): boolean => answer.senders.reduce((sum, { recipients }) => sum + recipients, 0) >= 8;
			for (const endMs = Date.now() + 10_000; !isWhole() && Date.now() < endMs; ) answer = await read();
			assert.deepEqual(answer.reading.samples, []);
			assert.deepEqual(senders.toSorted(), [
				'mailbox:user1@site1.test 3/6',
				'relay 1/1',
				// Postfix logs the uid, and this machine has no such user.
				kind === 'exim' ? 'unix:alice 1/1 /home/alice/www' : 'unix:7001 1/1',
			]);
			assert.equal(answer.accounts.find(({ account }) => account === 'domain:site1.test')?.peakHour, 6);
		});
	});
}
