/** Other relays as their makers' snippets set them up. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relaysIn } from './exim-relays.ts';

type Parts = { readonly route?: string; readonly router?: string; readonly transport?: string; readonly auth?: string };

const config = ({ route = '* relay.example.net::587', router = '', transport = '', auth = '' }: Parts): string => `
begin routers
out:
  driver = manualroute
  domains = ! +local_domains
  transport = out_smtp
  route_list = ${route}
${router}
dkim_lookuphost:
  driver = dnslookup
  domains = ! +local_domains
  transport = dkim_remote_smtp
begin transports
out_smtp:
  driver = smtp
${transport}
begin authenticators
${auth}`;

const read = (parts: Parts) => {
	const [relay, ...rest] = relaysIn(config(parts));
	assert.ok(relay !== undefined && rest.length === 0);
	return relay;
};
const plaintext = (send: string) => `a:\n  driver = plaintext\n  public_name = LOGIN\n  hide client_send = ${send}\n`;

test('hosts and port, in the ways they are written', () => {
	const rows: readonly (readonly [string, readonly string[], number])[] = [
		['* relay.example.net::587', ['relay.example.net'], 587],
		['* smtp.example.net::25 randomize byname', ['smtp.example.net'], 25],
		['$domain filter.example.net::2525', ['filter.example.net'], 2525],
		['"* a.example.net:b.example.net"', ['a.example.net', 'b.example.net'], 25],
		['* a.example.net::587:b.example.net::587 byname', ['a.example.net', 'b.example.net'], 587],
		// Two ports are not what the agent knows; a host that Exim computes is none.
		['* a.example.net::587:b.example.net::25', [], 25],
		['* ${lookup{$sender_address_domain}lsearch{/etc/relays}}', [], 25],
	];
	for (const [route, hosts, port] of rows) {
		const relay = read({ route });
		assert.deepEqual([relay.hosts, relay.port], [hosts, port], route);
		assert.equal(relay.problems.length, hosts.length === 0 ? 1 : 0, route);
	}
	assert.equal(read({ route: '* relay.example.net', transport: '  port = 2587' }).port, 2587);
	const implicit = read({ route: '* relay.example.net', transport: '  protocol = smtps' });
	assert.deepEqual([implicit.tls, implicit.port], ['implicit', 465]);
});

test('TLS as the transport has it', () => {
	for (const [transport, tls] of [
		['', 'opportunistic'],
		['  hosts_require_tls = *', 'required'],
		['  hosts_require_tls = $host_address', 'required'],
		['  hosts_avoid_tls = *', 'none'],
	] as const)
		assert.equal(read({ transport }).tls, tls, transport);
});

test('the login: of LOGIN and PLAIN, doubled colons, none where none is used', () => {
	const transport = '  hosts_require_auth = *';
	const expected = { user: 'me@example.net', password: 'p:w d' };
	for (const send of [': me@example.net : p::w d', '"^me@example.net^p::w d"', '^me@example.net^p::w d'])
		assert.deepEqual(read({ transport, auth: plaintext(send) }).login, expected, send);
	assert.equal(read({ auth: plaintext(': a : b') }).login, undefined);
	const both = `${plaintext(': a : b')}${plaintext('^a^b').replace('a:', 'c:').replace('LOGIN', 'PLAIN')}`;
	assert.deepEqual(read({ transport, auth: both }).login, { user: 'a', password: 'b' });
});

test('a login that is not certain is a problem, never a guess', () => {
	const transport = '  hosts_require_auth = $host_address';
	const perDomain = plaintext(': ${extract{user}{${lookup{$sender_address_domain}lsearch{/etc/x}}}} : secret');
	for (const [auth, problem] of [
		[perDomain, /computed for each message \(authenticator a\)/],
		[`${plaintext(': a : b')}${plaintext(': c : d').replace('a:', 'b:')}`, /several logins \(authenticators a, b\)/],
		['', /no client authenticator/],
	] as const) {
		const relay = read({ transport, auth });
		assert.equal(relay.login, undefined);
		assert.match(relay.problems.join(), problem);
	}
});

test('the header that names the sender, on the transport or the router', () => {
	const value = '${if match{$authenticated_id}{@}{$authenticated_id}{${authenticated_id}@$primary_hostname}}';
	const header = `  headers_add = X-AuthUser: ${value}`;
	assert.equal(read({ transport: header }).identityHeader, 'X-AuthUser');
	assert.equal(
		read({ router: `  headers_add = "${'${perl{mailtrapheaders}}'}"\n${header}` }).identityHeader,
		'X-AuthUser',
	);
	assert.equal(read({ transport: '  headers_add = X-Forwarded-For: $original_domain' }).identityHeader, undefined);
});

test('a route for some domains, a stock router and our own are no relays', () => {
	const some = config({}).replace('domains = ! +local_domains', 'domains = partner.test');
	assert.deepEqual(relaysIn(some), []);
	assert.deepEqual(relaysIn(config({}).replace('out:', 'sluice_route:')), []);
});
