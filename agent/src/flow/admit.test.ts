/** What is refused at MAIL, and that status says why. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../io/system/clock.ts';
import type { MailCommand } from '../ports/smtp-in.ts';
import { admitMail } from './admit.ts';
import type { FlowSettings } from './context.ts';
import { createHealth } from './health.ts';

test('a full queue is told as such and clears with the first MAIL that there is room for', () => {
	const events = { emit: () => {} };
	const health = createHealth(systemClock, events);
	const scheduler = { openRecipients: 3 };
	const flow = {
		settings: () => ({ queueRecipientsMax: 3 }) as FlowSettings,
		health,
		scheduler: scheduler as never,
		isStopping: () => false,
		events,
		clock: systemClock,
	};
	const mail = {} as MailCommand;
	assert.equal(admitMail(flow, mail)?.code, 452);
	assert.match(admitMail(flow, mail)?.lines[0] ?? '', /Queue is full/);
	assert.deepEqual(
		health.problems().map(({ code, stops }) => [code, stops]),
		[['queue-full', 'accepting']],
	);
	scheduler.openRecipients = 2;
	assert.equal(admitMail(flow, mail), undefined);
	assert.deepEqual(health.problems(), []);
	health.raise({ code: 'disk-low', text: '', hint: '', stops: 'accepting' });
	assert.match(admitMail(flow, mail)?.lines[0] ?? '', /system storage/);
});
