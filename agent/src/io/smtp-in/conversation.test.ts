import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ReceptionHandlers } from '../../ports/smtp-in.ts';
import { Conversation } from './conversation.ts';
import { defaultSmtpInSettings } from './settings.ts';

const handlers: ReceptionHandlers = {
	connect: () => undefined,
	mail: () => undefined,
	recipient: () => undefined,
	message: () => Promise.reject(new Error('not here')),
	refused: () => {},
};

function greeted(changed: Partial<ReceptionHandlers> = {}): Conversation {
	const conversation = new Conversation(
		{
			id: 'one',
			settings: { hostName: 'relay.test', ...defaultSmtpInSettings },
			handlers: { ...handlers, ...changed },
			hasTls: true,
		},
		{ address: '127.0.0.1', port: 1, localAddress: '127.0.0.1', localPort: 2, proved: true },
	);
	say(conversation, 'EHLO client.test');
	return conversation;
}

const say = (conversation: Conversation, text: string): string => conversation.answer({ text });

test('what XFORWARD said holds for one transaction, however that ends', () => {
	const ends: Readonly<Record<string, (conversation: Conversation) => void>> = {
		'the end of data': (conversation) => conversation.endContent(),
		RSET: (conversation) => say(conversation, 'RSET'),
		EHLO: (conversation) => say(conversation, 'EHLO client.test'),
		TLS: (conversation) => conversation.secure(),
	};
	for (const [name, end] of Object.entries(ends)) {
		const conversation = greeted();
		say(conversation, 'XFORWARD ADDR=192.0.2.7');
		say(conversation, 'XFORWARD IDENT=Q1');
		say(conversation, 'MAIL FROM:<a@one.test>');
		assert.deepEqual(conversation.session.xforward, { addr: '192.0.2.7', ident: 'Q1' });
		end(conversation);
		assert.deepEqual(conversation.session.xforward, {}, name);
	}
});

test('no text of flow becomes a second reply', () => {
	const conversation = greeted({ mail: () => ({ code: 550, lines: ['no\r\n250 yes', 'grün'] }) });
	assert.equal(say(conversation, 'MAIL FROM:<a@one.test>'), '550-no??250 yes\r\n550 gr?n\r\n');
});

test('flow hears of a broken client often, but not without end', () => {
	let told = 0;
	const conversation = greeted({ refused: () => told++ });
	say(conversation, 'MAIL FROM:<a@one.test>');
	for (let count = 0; count < 1_000; count++) say(conversation, 'RCPT TO:<no address>');
	assert.equal(told, 50);
});
