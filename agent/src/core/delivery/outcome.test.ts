import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Reply } from '@sluice/shared/words/reply.ts';
import {
	type AttemptResult,
	outcomeOfRouting,
	outcomesOfDial,
	outcomesOfTransaction,
	type RoutingProblem,
	refusedBeforehand,
	type TransactionReport,
} from './outcome.ts';
import { parseReply } from './reply-text.ts';

const said = (text: string): Reply => parseReply(text) as Reply;
const fine = said('250 2.1.0 Ok');
const go = said('354 go ahead');

/** What became of each recipient, in a word, then the lane, then whether the next host may be asked. */
const words = (result: AttemptResult): string =>
	[
		...result.outcomes.map((outcome) => {
			if (outcome.kind === 'again') return `again:${outcome.reason}`;
			if (outcome.kind === 'delivered') return 'delivered';
			return `${outcome.kind}:${outcome.cause}${outcome.mayBeTwice ? ':twice' : ''}`;
		}),
		`lane=${result.lane.kind}${result.lane.kind === 'failure' ? `:${result.lane.failure}` : ''}`,
		...(result.nextHost ? ['next-host'] : []),
	].join(' ');

const lostAt = (stage: 'mail' | 'rcpt' | 'data' | 'body' | 'end') => ({ stage, error: 'ECONNRESET' }) as const;

const transactions: readonly (readonly [string, TransactionReport, boolean, number, string])[] = [
	['all taken', { mail: fine, recipients: [fine, fine], data: go, end: fine }, false, 2, 'delivered delivered lane=ok'],
	[
		'each recipient has its own answer',
		{ mail: fine, recipients: [fine, said('550 5.1.1 no such user'), said('452 4.2.2 full')], data: go, end: fine },
		false,
		3,
		'delivered bounced:recipient-gone deferred:mailbox-full lane=ok',
	],
	[
		'MAIL refused for good',
		{ mail: said('550 5.7.23 SPF validation failed'), recipients: [] },
		false,
		2,
		'bounced:sender-auth bounced:sender-auth lane=ok',
	],
	[
		'421 at MAIL on a new connection: another host may take it',
		{ mail: said('421 4.3.2 shutting down'), recipients: [] },
		false,
		1,
		'deferred:destination-down lane=failure:busy next-host',
	],
	[
		'421 at MAIL on a kept connection: it was over before',
		{ mail: said('421 4.4.2 idle'), recipients: [said('421 4.4.2 idle')] },
		true,
		1,
		'again:stale-connection lane=ok',
	],
	[
		'lost before MAIL was answered, kept connection',
		{ recipients: [], lost: lostAt('mail') },
		true,
		2,
		'again:stale-connection again:stale-connection lane=ok',
	],
	[
		'lost before MAIL was answered, new connection',
		{ recipients: [], lost: lostAt('mail') },
		false,
		1,
		'deferred:destination-down lane=failure:lost next-host',
	],
	[
		'452 4.5.3: those taken are delivered, the rest goes again without an attempt',
		{
			mail: fine,
			recipients: [fine, said('452 4.5.3 Too many recipients'), said('452 Too many recipients')],
			data: go,
			end: fine,
		},
		false,
		3,
		'delivered again:recipient-limit again:recipient-limit lane=ok',
	],
	[
		'552 5.5.3 counts as 452 (RFC 5321 §4.5.3.1.10)',
		{ mail: fine, recipients: [fine, said('552 5.5.3 Too many recipients')], data: go, end: fine },
		false,
		2,
		'delivered again:recipient-limit lane=ok',
	],
	[
		'a recipient limit that takes not one recipient is a deferral, or it would go on for ever',
		{ mail: fine, recipients: [said('452 4.5.3 Too many recipients')] },
		false,
		1,
		'deferred:rate lane=ok',
	],
	[
		'a full mailbox that says 552 is no recipient limit',
		{ mail: fine, recipients: [fine, said('552 5.2.2 mailbox full')], data: go, end: fine },
		false,
		2,
		'delivered bounced:mailbox-full lane=ok',
	],
	[
		'lost while recipients are named: a refusal stands, the others may try the next host',
		{ mail: fine, recipients: [said('550 5.1.1 unknown'), fine], lost: lostAt('rcpt') },
		false,
		3,
		'bounced:recipient-gone deferred:destination-down deferred:destination-down lane=failure:lost next-host',
	],
	[
		'DATA refused',
		{ mail: fine, recipients: [fine, said('550 5.1.1 unknown')], data: said('451 4.3.0 later') },
		false,
		2,
		'deferred:destination-down bounced:recipient-gone lane=ok',
	],
	[
		'DATA answered with 250 is no answer',
		{ mail: fine, recipients: [fine], data: fine },
		false,
		1,
		'deferred:protocol lane=ok',
	],
	[
		'lost in the body: perhaps delivered, no other host is asked',
		{ mail: fine, recipients: [fine], data: go, lost: lostAt('body') },
		false,
		1,
		'deferred:destination-down:twice lane=failure:lost',
	],
	[
		'lost after the final dot: perhaps delivered, no other host is asked',
		{ mail: fine, recipients: [fine, said('550 5.1.1 unknown')], data: go, lost: lostAt('end') },
		true,
		2,
		'deferred:destination-down:twice bounced:recipient-gone lane=failure:lost',
	],
	[
		'content refused',
		{ mail: fine, recipients: [fine], data: go, end: said('554 5.7.1 Message identified as SPAM') },
		false,
		1,
		'bounced:content lane=ok',
	],
	[
		'a rate limit slows the lane',
		{ mail: fine, recipients: [fine], data: go, end: said('421 4.7.28 unusual rate of unsolicited mail') },
		false,
		1,
		'deferred:rate lane=slower',
	],
	[
		'a block of our address closes it',
		{
			mail: said(
				"550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. part of their network is on our block list (S3140)",
			),
			recipients: [],
		},
		false,
		1,
		'bounced:our-ip lane=closed',
	],
	[
		'a recipient who gets too much mail does not slow the lane',
		{
			mail: fine,
			recipients: [said('450 4.2.1 The user you are trying to contact is receiving mail too quickly')],
		},
		false,
		1,
		'deferred:rate lane=ok',
	],
];

for (const [name, report, reused, recipients, expected] of transactions)
	test(`transaction: ${name}`, () => {
		assert.equal(words(outcomesOfTransaction({ report, recipients, reused })), expected);
	});

const dials: readonly (readonly [string, Parameters<typeof outcomesOfDial>[0]['failure'], string, string])[] = [
	[
		'refused',
		{ stage: 'connect', error: 'connect ECONNREFUSED 192.0.2.1:25' },
		'deferred:destination-down lane=failure:connect next-host',
		'refused the connection',
	],
	[
		'timed out',
		{ stage: 'connect', error: 'connect ETIMEDOUT' },
		'deferred:destination-down lane=failure:connect next-host',
		'in time',
	],
	[
		'no route',
		{ stage: 'connect', error: 'connect ENETUNREACH 2001:db8::1:25' },
		'deferred:destination-down lane=failure:connect next-host',
		'over the network',
	],
	[
		'554 greeting is about us, not about the recipient',
		{ stage: 'greeting', reply: said('554 5.7.1 no') },
		'deferred:policy lane=failure:greeting next-host',
		'no',
	],
	[
		'a block said in the greeting',
		{
			stage: 'greeting',
			reply: said(
				'554-gmx.net Nemesis ESMTP Service not available\n554-No SMTP service\n554 IP address is block listed.',
			),
		},
		'deferred:our-ip lane=closed next-host',
		'block listed',
	],
	[
		'too many connections',
		{ stage: 'greeting', reply: said('421 4.7.0 too many connections from 192.0.2.1') },
		'deferred:rate lane=slower next-host',
		'too many',
	],
	[
		'a changed password bounces nothing',
		{ stage: 'auth', reply: said('535 5.7.8 authentication failed') },
		'deferred:protocol lane=failure:auth next-host',
		'authentication failed',
	],
	[
		'required TLS that fails',
		{ stage: 'tls', error: 'self-signed certificate' },
		'deferred:protocol lane=failure:tls next-host',
		'encrypted',
	],
	[
		'silence after connecting',
		{ stage: 'greeting', error: 'timeout' },
		'deferred:destination-down lane=failure:greeting next-host',
		'before it was ready',
	],
];

for (const [name, failure, expected, text] of dials)
	test(`dial: ${name}`, () => {
		const result = outcomesOfDial({ failure, recipients: 2 });
		assert.equal(result.outcomes.length, 2);
		assert.equal(words({ ...result, outcomes: result.outcomes.slice(0, 1) }), expected);
		const [outcome] = result.outcomes;
		assert.ok(outcome?.kind === 'deferred' && outcome.reply.lines.join(' ').includes(text));
	});

test('a dial failure never shows the inside (invariant 12)', () => {
	const result = outcomesOfDial({
		failure: { stage: 'connect', error: 'connect EFOO /run/secret 10.0.0.1' },
		recipients: 1,
	});
	assert.doesNotMatch(JSON.stringify(result), /EFOO|secret|10\.0\.0\.1/);
});

const routings: Readonly<Record<RoutingProblem, string>> = {
	'bad-domain': 'bounced 501 5.1.2',
	'no-such-domain': 'bounced 550 5.1.2',
	'no-host-address': 'bounced 550 5.4.4',
	'null-mx': 'bounced 556 5.1.10', // RFC 7505 §4.2
	'loops-back': 'bounced 554 5.4.6',
	'address-refused': 'bounced 550 5.4.4',
	'no-usable-family': 'deferred 451 4.4.1',
	'dns-temporary': 'deferred 451 4.4.3',
};

for (const [problem, expected] of Object.entries(routings))
	test(`routing: ${problem}`, () => {
		const outcome = outcomeOfRouting(problem as RoutingProblem);
		assert.ok(outcome.kind === 'bounced' || outcome.kind === 'deferred');
		assert.equal(`${outcome.kind} ${outcome.reply.code} ${outcome.reply.status}`, expected);
	});

const before = (changes: Partial<Parameters<typeof refusedBeforehand>[0]>) =>
	refusedBeforehand({
		extensions: { smtpUtf8: false },
		reversePath: 'ann@site1.test',
		recipients: ['bob@example.net', 'jörg@example.net'],
		bytes: 2_000,
		...changes,
	}).map((outcome) => (outcome?.kind === 'bounced' ? outcome.reply.status : outcome?.kind));

test('an international address is refused where SMTPUTF8 is not offered, its neighbour is not', () => {
	assert.deepEqual(before({}), [undefined, '5.6.7']);
	assert.deepEqual(before({ extensions: { smtpUtf8: true } }), [undefined, undefined]);
	assert.deepEqual(before({ reversePath: 'änn@site1.test' }), ['5.6.7', '5.6.7']);
	assert.deepEqual(before({ utf8Header: true }), ['5.6.7', '5.6.7']);
});

test('a message over the announced size is refused; no size or 0 is no bound (RFC 1870 §3)', () => {
	assert.deepEqual(before({ extensions: { smtpUtf8: true, sizeMax: 1_999 } }), ['5.3.4', '5.3.4']);
	assert.deepEqual(before({ extensions: { smtpUtf8: true, sizeMax: 2_000 } }), [undefined, undefined]);
	assert.deepEqual(before({ extensions: { smtpUtf8: true, sizeMax: 0 } }), [undefined, undefined]);
});
