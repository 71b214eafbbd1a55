/**
 * The map of the fake internet: which sinks there are, and which domain leads to which. Pure tables.
 *
 * All sinks live on 127.0.10.0/24 and listen on one common port, as the real ones all listen on 25. A sink's host name
 * is `NAME.sink.test`. What an address of any domain can ask for by its local part is in magic.ts.
 */
import { reply } from './reply.ts';
import type { SinkOptions } from './sink.ts';
import type { Zone, ZoneEntry, ZoneRecord } from './zone.ts';

/** On this address nobody listens: connections are refused. */
const DEAD_ADDRESS = '127.0.10.3';
/** MXs of `manymx.test`, all of one preference. */
const MANY_MX_COUNT = 6;
/** Aliases of `truncated.test`: enough of them for an answer that no UDP packet may carry. */
const TRUNCATED_MX_COUNT = 60;
const BIG_MESSAGE_BYTES_MAX = 10_000;

export type SinkPlan = SinkOptions & { readonly name: string; readonly address: string };

const many = Array.from({ length: MANY_MX_COUNT }, (_, at) => `many${at + 1}`);

/** Every sink, the ordinary one first. */
export const sinkPlans: readonly SinkPlan[] = [
	{ name: 'ordinary', address: '127.0.10.1', tls: 'good' },
	{ name: 'second', address: '127.0.10.2', tls: 'good' },
	{ name: 'badcert', address: '127.0.10.10', tls: 'bad' },
	{ name: 'tlsfail', address: '127.0.10.11', tls: 'fail' },
	{ name: 'tlsrefuse', address: '127.0.10.12', tls: 'refuse' },
	{ name: 'notls', address: '127.0.10.13' },
	{ name: 'no8bit', address: '127.0.10.14', tls: 'good', without: ['8BITMIME', 'SMTPUTF8'] },
	{ name: 'nosmtputf8', address: '127.0.10.15', tls: 'good', without: ['SMTPUTF8'] },
	{ name: 'nopipelining', address: '127.0.10.16', without: ['PIPELINING'] },
	{ name: 'nodsn', address: '127.0.10.17', tls: 'good', without: ['DSN'] },
	{ name: 'helo', address: '127.0.10.18', speaksEsmtp: false },
	{ name: 'big', address: '127.0.10.19', tls: 'good', messageBytesMax: BIG_MESSAGE_BYTES_MAX },
	{ name: 'onlyone', address: '127.0.10.20', tls: 'good', recipientsPerTransactionMax: 1 },
	{ name: 'maxconn', address: '127.0.10.21', connectionsMax: 2 },
	{ name: 'few', address: '127.0.10.22', transactionsPerConnectionMax: 2 },
	{ name: 'loop', address: '127.0.10.23', echoesEhloName: true },
	{ name: 'closed', address: '127.0.10.24', banner: reply(554, 'No SMTP service here', '5.3.2') },
	{ name: 'busy', address: '127.0.10.25', banner: reply(421, 'Too busy, try again later') },
	{ name: 'silent', address: '127.0.10.26', banner: 'silent' },
	...many.map((name, at) => ({ name, address: `127.0.10.${30 + at}`, tls: 'good' as const })),
];

/** The sink on IPv6 loopback, for machines that have one. */
export const ipv6Plan: SinkPlan = { name: 'ipv6', address: '::1', tls: 'good' };

const mx = (host: string, preference = 10): ZoneRecord => ({ type: 'MX', preference, exchange: `${host}.sink.test` });
const a = (address: string): ZoneRecord => ({ type: 'A', address });
const ordinaryAddress = '127.0.10.1';

/** Domains with a behaviour of their own: what they do, for people, and what DNS says. */
export const domainPlans: { readonly [domain: string]: readonly [does: string, entry: ZoneEntry] } = {
	'ok.test': ['takes everything, as any other name under .test does', [mx('ordinary'), a(ordinaryAddress)]],
	'xn--bcher-kva.test': ['is bücher.test', [mx('ordinary')]],
	'broken-first-mx.test': ['first MX refuses connections, second works', [mx('dead', 10), mx('second', 20)]],
	'all-mx-down.test': ['every MX refuses connections', [mx('dead', 10), mx('dead2', 20)]],
	'multi-address.test': ['the MX has two addresses, one refuses connections', [mx('two')]],
	'manymx.test': [`${MANY_MX_COUNT} MXs of one preference`, many.map((host) => mx(host))],
	'nomx.test': ['has no MX but an address, which takes mail', [a(ordinaryAddress)]],
	'nomx-nothing.test': ['exists, has neither MX nor address', [{ type: 'TXT', text: 'nothing here' }]],
	'null-mx.test': [
		'says by a null MX that it takes no mail',
		[{ type: 'MX', preference: 0, exchange: '.' }, a(ordinaryAddress)],
	],
	'cname.test': ['is an alias of ok.test', [{ type: 'CNAME', target: 'ok.test' }]],
	'cname-loop.test': ['is an alias of itself', [{ type: 'CNAME', target: 'cname-loop.test' }]],
	'nxdomain.test': ['does not exist', 'nxdomain'],
	'servfail.test': ['DNS fails', 'servfail'],
	'dnstimeout.test': ['DNS never answers', 'timeout'],
	'slowdns.test': ['DNS takes a second', { records: [mx('ordinary')], delayMs: 1000 }],
	'mx-nxdomain.test': ['the MX is a host that does not exist', [mx('gone')]],
	'mx-servfail.test': ['DNS fails for the host of the MX', [mx('failing')]],
	'truncated.test': [
		'DNS answer too long for UDP',
		{ records: Array.from({ length: TRUNCATED_MX_COUNT }, (_, at) => mx(`alias${at}`)) },
	],
	'localhost-mx.test': ['the MX is 127.0.0.1', [mx('localhost')]],
	'loop.test': ["the MX answers with the client's own name", [mx('loop')]],
	'ipv6.test': ['the MX has only an IPv6 address', [mx('ipv6')]],
	'badcert.test': ['STARTTLS with a self-signed, expired certificate of another name', [mx('badcert')]],
	'tlsfail.test': ['offers STARTTLS, then cuts the connection', [mx('tlsfail')]],
	'tlsrefuse.test': ['offers STARTTLS, then answers 454', [mx('tlsrefuse')]],
	'notls.test': ['no STARTTLS', [mx('notls')]],
	'no8bit.test': ['no 8BITMIME, refuses eight-bit content', [mx('no8bit')]],
	'nosmtputf8.test': ['no SMTPUTF8', [mx('nosmtputf8')]],
	'nopipelining.test': ['no PIPELINING, 503 to who does it all the same', [mx('nopipelining')]],
	'nodsn.test': ['no DSN', [mx('nodsn')]],
	'helo.test': ['knows only HELO', [mx('helo')]],
	'big.test': [`takes at most ${BIG_MESSAGE_BYTES_MAX} bytes`, [mx('big')]],
	'onlyone.test': ['one recipient per transaction, 452 to more', [mx('onlyone')]],
	'maxconn.test': ['two connections at one time, 421 to more', [mx('maxconn')]],
	'few.test': ['two messages per connection, then 421', [mx('few')]],
	'closed.test': ['554 instead of a greeting', [mx('closed')]],
	'busy.test': ['421 instead of a greeting', [mx('busy')]],
	'silent.test': ['takes connections, says nothing', [mx('silent')]],
};

/** Domains whose MX hosts are named as those of known providers, so that pages which count by provider have something to show. */
const atProviders: { readonly [domain: string]: string } = {
	'gmail.test': 'gmail-smtp-in.l.google.com',
	'outlook.test': 'outlook-com.olc.protection.outlook.com',
	'gmx.test': 'mx00.emig.gmx.net',
	'web.test': 'mx-ha03.web.de',
	'telekom.test': 'mx00.t-online.de',
	'posteo.test': 'mx01.posteo.de',
};

/** The whole zone: domains, hosts of sinks, and the rest of .test, which all leads to the ordinary sink. */
export function zoneOf(): Zone {
	const domains = Object.entries(domainPlans).map(([domain, [, entry]]) => [domain, entry] as const);
	const hosts = sinkPlans.map(({ name, address }) => [`${name}.sink.test`, [a(address)]] as const);
	return {
		'*.test': [mx('ordinary'), a(ordinaryAddress)],
		'*.sink.test': 'nxdomain',
		// A blocklist lists nobody by itself; tests set entries below it.
		'*.dnsbl.test': 'nxdomain',
		localhost: [a('127.0.0.1')],
		...Object.fromEntries(domains),
		...Object.fromEntries(hosts),
		...Object.fromEntries(
			Object.entries(atProviders).flatMap(([domain, exchange]): readonly [string, ZoneEntry][] => [
				[domain, [{ type: 'MX', preference: 10, exchange }]],
				[exchange, [a(ordinaryAddress)]],
			]),
		),
		...Object.fromEntries(
			Array.from({ length: TRUNCATED_MX_COUNT }, (_, at) => [`alias${at}.sink.test`, [a(ordinaryAddress)]]),
		),
		'dead.sink.test': [a(DEAD_ADDRESS)],
		'dead2.sink.test': [a(DEAD_ADDRESS)],
		'two.sink.test': [a(DEAD_ADDRESS), a('127.0.10.2')],
		'failing.sink.test': 'servfail',
		'localhost.sink.test': [a('127.0.0.1')],
		'ipv6.sink.test': [{ type: 'AAAA', address: '::1' }],
	};
}
