import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransactionReport } from '../../ports/smtp-out.ts';
import type { Peer } from './scripted-server.ts';
import type { StageTimeouts } from './settings.ts';
import { contentText, lab, messageTo } from './testing.ts';

const ok = { code: 250, lines: ['ok'] };
const go = { code: 354, lines: ['go'] };

/** Greets with these keywords, plays the script, and gives the report of one transaction. */
async function play(
	keywords: readonly string[],
	recipients: readonly string[],
	script: (peer: Peer) => Promise<void>,
	more: { timeouts?: Partial<StageTimeouts>; content?: Uint8Array } = {},
): Promise<TransactionReport & { readonly usable: boolean }> {
	const { connect, dialer, stop } = await lab(
		async (peer) => {
			await peer.greet(...keywords);
			await script(peer);
		},
		{ ...(more.timeouts === undefined ? {} : { timeouts: more.timeouts }) },
	);
	const connection = await connect();
	const report = await connection.transact(messageTo(recipients, more.content));
	const { usable } = connection;
	dialer.giveBack(connection);
	await stop();
	return { ...report, usable };
}

test('pipelined: the envelope is one write, replies are matched by position', async () => {
	const report = await play(['PIPELINING'], ['a@two.test', 'b@two.test', 'c@two.test'], async (peer) => {
		const before = peer.reads;
		await peer.expect('MAIL FROM:<me@one.test>');
		await peer.expect('RCPT TO:<a@two.test>');
		await peer.expect('RCPT TO:<b@two.test>');
		await peer.expect('RCPT TO:<c@two.test>');
		await peer.expect('DATA');
		assert.equal(peer.reads, before + 1);
		peer.say('250 2.1.0 ok', '250 ok', '550-5.1.1 no such', '550 5.1.1 user', '451 4.7.1 later', '354 go');
		assert.equal(await peer.content(), contentText);
		peer.say('250 2.0.0 queued');
		await peer.ended();
	});
	assert.deepEqual(report, {
		mail: { code: 250, status: '2.1.0', lines: ['ok'] },
		recipients: [
			ok,
			{ code: 550, status: '5.1.1', lines: ['no such', 'user'] },
			{ code: 451, status: '4.7.1', lines: ['later'] },
		],
		data: go,
		end: { code: 250, status: '2.0.0', lines: ['queued'] },
		usable: true,
	});
});

test('not pipelined: each command waits for the answer before it', async () => {
	const report = await play([], ['a@two.test', 'b@two.test'], async (peer) => {
		const step = async (command: string, answer: string): Promise<void> => {
			await peer.expect(command);
			// Nothing may have come along with it.
			await assert.rejects(
				Promise.race([peer.bytes(1), new Promise((_, no) => setTimeout(no, 20, new Error('quiet')))]),
				{
					message: 'quiet',
				},
			);
			peer.say(answer);
		};
		await step('MAIL FROM:<me@one.test>', '250 ok');
		await step('RCPT TO:<a@two.test>', '550 no');
		await step('RCPT TO:<b@two.test>', '250 ok');
		await step('DATA', '354 go');
		await peer.content();
		peer.say('250 ok');
		await peer.ended();
	});
	assert.deepEqual(report, {
		mail: ok,
		recipients: [{ code: 550, lines: ['no'] }, ok],
		data: go,
		end: ok,
		usable: true,
	});
});

test('replies that come byte by byte are the same replies', async () => {
	const report = await play(['PIPELINING'], ['a@two.test'], async (peer) => {
		await peer.expect('MAIL');
		for (const byte of '250-ok\r\n250 ok\r\n250 ok\r\n354 go\r\n') {
			peer.write(byte);
			await new Promise(setImmediate);
		}
		await peer.expect('RCPT');
		await peer.expect('DATA');
		await peer.content();
		peer.say('250 ok');
		await peer.ended();
	});
	assert.deepEqual(report.mail?.lines, ['ok', 'ok']);
	assert.deepEqual(report.end, ok);
});

test('MAIL refused: the answers to what was sent along are drained, the connection stays good', async () => {
	const { connect, dialer, stop, server } = await lab(async (peer) => {
		await peer.greet('PIPELINING');
		for (const command of ['MAIL', 'RCPT', 'RCPT', 'DATA']) await peer.expect(command);
		peer.say('550 5.7.1 not you', '503 no MAIL', '503 no MAIL', '503 no MAIL');
		for (const command of ['RSET', 'MAIL', 'RCPT', 'DATA']) await peer.expect(command);
		peer.say('250 ok', '250 ok', '250 ok', '354 go');
		await peer.content();
		peer.say('250 ok');
		await peer.ended();
	});
	const connection = await connect();
	const report = await connection.transact(messageTo(['a@two.test', 'b@two.test']));
	assert.deepEqual(report, { mail: { code: 550, status: '5.7.1', lines: ['not you'] }, recipients: [] });
	assert.equal(connection.usable, true);
	assert.deepEqual((await connection.transact(messageTo(['a@two.test']))).end, ok);
	assert.equal(server.connections, 1);
	dialer.giveBack(connection);
	await stop();
});

test('MAIL refused, DATA accepted: closed without a byte of content', async () => {
	const report = await play(['PIPELINING'], ['a@two.test'], async (peer) => {
		for (const command of ['MAIL', 'RCPT', 'DATA']) await peer.expect(command);
		peer.say('550 no', '503 no', '354 go');
		await assert.rejects(peer.bytes(1), /ended/);
	});
	assert.deepEqual(report, { mail: { code: 550, lines: ['no'] }, recipients: [], usable: false });
});

test('all recipients refused, DATA accepted: an empty end, and the connection stays good', async () => {
	const report = await play(['PIPELINING'], ['a@two.test', 'b@two.test'], async (peer) => {
		for (const command of ['MAIL', 'RCPT', 'RCPT', 'DATA']) await peer.expect(command);
		peer.say('250 ok', '550 no', '452 full', '354 go');
		assert.equal(await peer.content(), '');
		peer.say('554 no valid recipients');
		await peer.ended();
	});
	assert.deepEqual(report, {
		mail: ok,
		recipients: [
			{ code: 550, lines: ['no'] },
			{ code: 452, lines: ['full'] },
		],
		data: go,
		usable: true,
	});
});

test('all recipients refused without PIPELINING: DATA is not said, RSET is before the next', async () => {
	const { connect, dialer, stop } = await lab(async (peer) => {
		await peer.greet();
		await peer.expect('MAIL');
		peer.say('250 ok');
		await peer.expect('RCPT');
		peer.say('550 no');
		await peer.expect('RSET');
		peer.say('250 ok');
		await peer.expect('MAIL');
		peer.say('452 later');
		await peer.ended();
	});
	const connection = await connect();
	assert.deepEqual(await connection.transact(messageTo(['a@two.test'])), {
		mail: ok,
		recipients: [{ code: 550, lines: ['no'] }],
	});
	assert.deepEqual(await connection.transact(messageTo(['a@two.test'])), {
		mail: { code: 452, lines: ['later'] },
		recipients: [],
	});
	dialer.giveBack(connection);
	await stop();
});

test('DATA refused: reported, and RSET goes first in the next batch', async () => {
	const { connect, dialer, stop } = await lab(async (peer) => {
		await peer.greet('PIPELINING');
		for (const command of ['MAIL', 'RCPT', 'DATA']) await peer.expect(command);
		peer.say('250 ok', '250 ok', '451 4.3.0 no room');
		const before = peer.reads;
		for (const command of ['RSET', 'MAIL', 'RCPT', 'DATA']) await peer.expect(command);
		assert.equal(peer.reads, before + 1);
		peer.say('500 what');
		await peer.ended();
	});
	const connection = await connect();
	assert.deepEqual(await connection.transact(messageTo(['a@two.test'])), {
		mail: ok,
		recipients: [ok],
		data: { code: 451, status: '4.3.0', lines: ['no room'] },
	});
	assert.equal(connection.usable, true);
	// RSET refused: the server is in a state that nobody knows.
	const second = await connection.transact(messageTo(['a@two.test']));
	assert.deepEqual(second, { recipients: [], lost: { stage: 'mail', error: 'unexpected 500 what' } });
	assert.equal(connection.usable, false);
	dialer.giveBack(connection);
	await stop();
});

test('421 at any place ends the transaction and the connection', async () => {
	const closing = { code: 421, status: '4.3.2', lines: ['closing'] };
	const answers = [
		['421 4.3.2 closing'],
		['250 ok', '421 4.3.2 closing'],
		['250 ok', '250 ok', '421 4.3.2 closing'],
		['250 ok', '250 ok', '250 ok', '421 4.3.2 closing'],
	];
	const expected: TransactionReport[] = [
		{ mail: closing, recipients: [] },
		{ mail: ok, recipients: [closing], lost: { stage: 'rcpt', error: '421 closing' } },
		{ mail: ok, recipients: [ok, closing], lost: { stage: 'rcpt', error: '421 closing' } },
		{ mail: ok, recipients: [ok, ok], data: closing },
	];
	for (const keywords of [['PIPELINING'], []]) {
		for (const [index, lines] of answers.entries()) {
			const commands = ['MAIL', 'RCPT', 'RCPT', 'DATA'];
			const report = await play(keywords, ['a@two.test', 'b@two.test'], async (peer) => {
				for (const [at, line] of lines.entries()) {
					await peer.expect(commands[at] ?? '');
					peer.say(line);
				}
				peer.close();
			});
			assert.deepEqual(report, { ...expected[index], usable: false }, `${keywords} ${index}`);
		}
	}
	const atEnd = await play(['PIPELINING'], ['a@two.test'], async (peer) => {
		for (const command of ['MAIL', 'RCPT', 'DATA']) await peer.expect(command);
		peer.say('250 ok', '250 ok', '354 go');
		await peer.content();
		peer.say('421 4.3.2 closing');
		await peer.ended();
	});
	assert.deepEqual(atEnd, { mail: ok, recipients: [ok], data: go, end: closing, usable: false });
});

/** How far a dialogue gets before something happens to it: answers given, the stage that is then lost. */
const stages: readonly { readonly answers: readonly string[]; readonly stage: string }[] = [
	{ answers: [], stage: 'mail' },
	{ answers: ['250 ok'], stage: 'rcpt' },
	{ answers: ['250 ok', '250 ok'], stage: 'rcpt' },
	{ answers: ['250 ok', '250 ok', '250 ok'], stage: 'data' },
	{ answers: ['250 ok', '250 ok', '250 ok', '354 go'], stage: 'end' },
];

for (const [how, act, error] of [
	['closed', (peer: Peer) => peer.close(), /^closed by the server$/],
	['reset', (peer: Peer) => peer.reset(), /^ECONNRESET$/],
	['garbage', (peer: Peer) => peer.say('<html>'), /^not a reply: <html>$/],
	['flooded', (peer: Peer) => peer.write(`250-${'x'.repeat(70_000)}`), /^reply over 65536 bytes$/],
	['out of step', (peer: Peer) => peer.say('334 what'), /^unexpected 334 what$/],
	['silent', () => {}, /^time-out waiting for/],
] as const) {
	test(`lost at each stage: ${how}`, async () => {
		for (const keywords of [['PIPELINING'], []]) {
			for (const { answers, stage } of stages) {
				const short = { mailMs: 60, rcptMs: 60, dataMs: 60, bodyMs: 60, endMs: 60 };
				const report = await play(
					keywords,
					['a@two.test', 'b@two.test'],
					async (peer) => {
						const commands = ['MAIL', 'RCPT', 'RCPT', 'DATA'];
						for (const [index, answer] of answers.entries()) {
							await peer.expect(commands[index] ?? '');
							peer.say(answer);
						}
						if (answers.length < 4) await peer.expect(commands[answers.length] ?? '');
						else await peer.content();
						act(peer);
						// What was sent along in the batch is still unread here.
						await peer.ended().catch(() => {});
					},
					how === 'silent' ? { timeouts: short } : {},
				);
				const where = `${how} ${keywords} ${stage}`;
				assert.equal(report.lost?.stage, stage, where);
				assert.match(report.lost?.error ?? '', error, where);
				assert.equal(report.recipients.length, Math.min(2, Math.max(0, answers.length - 1)), where);
				assert.equal(report.end, undefined, where);
				assert.equal(report.usable, false, where);
			}
		}
	});
}

test('a server that is slow but moves is not cut off', async () => {
	const report = await play(
		['PIPELINING'],
		['a@two.test', 'b@two.test', 'c@two.test'],
		async (peer) => {
			await peer.expect('MAIL');
			for (const answer of ['250 ok', '250 ok', '250 ok', '250 ok', '354 go']) {
				await new Promise((resolve) => setTimeout(resolve, 60));
				peer.say(answer);
			}
			for (const command of ['RCPT', 'RCPT', 'RCPT', 'DATA']) await peer.expect(command);
			await peer.content();
			await new Promise((resolve) => setTimeout(resolve, 60));
			peer.say('250 ok');
			await peer.ended();
		},
		{ timeouts: { mailMs: 150, rcptMs: 150, dataMs: 150, bodyMs: 150, endMs: 150 } },
	);
	assert.deepEqual(report.end, ok);
});

test('a large message goes in slabs and arrives as it is', async () => {
	const content = Buffer.alloc(5_000_002, 'line of text, ninety-nine\r\n');
	content.write('\r\n', content.length - 2);
	const report = await play(
		['PIPELINING'],
		['a@two.test'],
		async (peer) => {
			for (const command of ['MAIL', 'RCPT', 'DATA']) await peer.expect(command);
			peer.say('250 ok', '250 ok', '354 go');
			assert.equal((await peer.bytes(content.length + 3)) === `${content.toString('latin1')}.\r\n`, true);
			peer.say('250 ok');
			await peer.ended();
		},
		{ content },
	);
	assert.deepEqual(report.end, ok);
});

test('a server that moves just fast enough does not keep a transaction for ever', async () => {
	for (const keywords of [['PIPELINING'], []]) {
		let answered = 0;
		const report = await play(
			keywords,
			Array.from({ length: 60 }, (_, index) => `${index}@two.test`),
			async (peer) => {
				await peer.expect('MAIL');
				peer.say('250 ok');
				for (; answered < 60; answered++) {
					await peer.expect('RCPT').catch(() => {});
					await new Promise((resolve) => setTimeout(resolve, 10));
					peer.say('250 ok');
				}
			},
			{ timeouts: { rcptMs: 1_000, transactionMs: 250 } },
		);
		assert.equal(report.lost?.stage, 'rcpt');
		assert.match(report.lost?.error ?? '', /^time-out waiting for RCPT$/);
		assert.ok(report.recipients.length > 0 && report.recipients.length < 50, String(report.recipients.length));
	}
});

test('a server that stops reading is given up in the stage `body`', async () => {
	const content = Buffer.alloc(30_000_000, 'line of text, ninety-nine\r\n');
	content.write('\r\n', content.length - 2);
	const report = await play(
		['PIPELINING'],
		['a@two.test'],
		async (peer) => {
			for (const command of ['MAIL', 'RCPT', 'DATA']) await peer.expect(command);
			peer.stall();
			peer.say('250 ok', '250 ok', '354 go');
		},
		{ timeouts: { bodyMs: 150 }, content },
	);
	assert.deepEqual(report.lost, { stage: 'body', error: 'time-out waiting for the server to take the content' });
});

test('a refusal in the middle of the content is its answer', async () => {
	const content = Buffer.alloc(30_000_000, 'line of text, ninety-nine\r\n');
	content.write('\r\n', content.length - 2);
	const report = await play(
		['PIPELINING'],
		['a@two.test'],
		async (peer) => {
			for (const command of ['MAIL', 'RCPT', 'DATA']) await peer.expect(command);
			peer.say('250 ok', '250 ok', '354 go');
			await peer.bytes(100_000);
			peer.stall();
			peer.say('552 5.3.4 too big');
		},
		{ content },
	);
	assert.deepEqual(report.end, { code: 552, status: '5.3.4', lines: ['too big'] });
	assert.equal(report.lost, undefined);
	assert.equal(report.usable, false);
});

test('what would be read as commands is not sent', async () => {
	const { connect, dialer, stop } = await lab(async (peer) => {
		await peer.greet('PIPELINING');
		await peer.ended();
	});
	const connection = await connect();
	const faults: string[] = [];
	for (const message of [
		messageTo([]),
		messageTo(['a@two.test>\r\nRCPT TO:<b@two.test']),
		messageTo(['a@two.test'], Buffer.from('no end')),
		messageTo(['a@two.test'], Buffer.from('bare\n')),
	]) {
		const { lost } = await connection.transact(message);
		assert.equal(lost?.stage, 'mail');
		faults.push(lost?.error ?? '');
	}
	assert.deepEqual(faults, [
		'no recipients',
		'control characters in an address',
		'the content does not end with CRLF',
		'the content does not end with CRLF',
	]);
	assert.equal(connection.usable, true);
	dialer.giveBack(connection);
	await stop();
});
