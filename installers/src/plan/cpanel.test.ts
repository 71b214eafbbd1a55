/** What wiring cPanel's Exim comes to. That a real Exim obeys is shown in test/mta/wire-cpanel*.test.ts. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyConfLocal } from '@sluice/shared/mta/cpanel-local.ts';
import { type CpanelFacts, cpanelAclPaths, cpanelConfLocal, cpanelLocalOpts } from '../facts/cpanel.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { bareCpanel, isBuiltIn, wireCpanel } from './cpanel.ts';
import { upstreamConfig, upstreamOf } from './upstream.ts';
import type { Wiring } from './wiring.ts';

const built = `domainlist local_domains = lsearch;/etc/localdomains
begin routers
dkim_lookuphost:
  driver = dnslookup
  domains = ! +local_domains
  headers_add = "\${perl{mailtrapheaders}}"
.ifdef SRSENABLED
  transport = \${if eq{$local_part@$domain}{$original_local_part@$original_domain}{dkim_remote_smtp}{dkim_remote_forwarded_smtp}}
.else
  transport = dkim_remote_smtp
.endif
begin transports
dkim_remote_smtp:
  driver = smtp
  interface = <; \${lookup{$sender_address_domain}lsearch*{/etc/mailips}{$value}{}}
  message_linelength_limit = 2048
  dkim_domain = $sender_address_domain
  dkim_selector = default
  dkim_private_key = "/var/cpanel/domain_keys/private/\${dkim_domain}"
dkim_remote_forwarded_smtp:
  driver = smtp
  max_rcpt = 1
  return_path = \${srs_encode {SRS_SECRET}{$return_path}{$original_domain}}
begin retry
* * F,2h,15s
`;
const relay = (name: string, host = 'relay.example.net') =>
	`${name}:\n  driver = manualroute\n  domains = ! +local_domains\n  transport = relay_smtp\n  route_list = * ${host}::587\n`;
const withRelays = (...routers: readonly string[]) =>
	`${built.replace('begin routers\n', `begin routers\n${routers.join('')}`).replace('begin transports\n', 'begin transports\nrelay_smtp:\n  driver = smtp\n')}`;

const facts = (parts: Partial<CpanelFacts> = {}): CpanelFacts => ({
	kind: 'cpanel',
	version: '4.98',
	hostName: 'host.test',
	configPath: '/etc/exim.conf',
	user: { name: 'mailnull', uid: 47 },
	built,
	sources: [fileOf(cpanelLocalOpts, 'srs=0\n')],
	alias: undefined,
	isBypassed: false,
	jails: [],
	...parts,
});
const settings = { agentPort: 926, overSmarthost: false };
function wiringOf(from: CpanelFacts, with_: Partial<typeof settings & { aside: readonly string[] }> = {}): Wiring {
	const wiring = wireCpanel(from, { ...settings, ...with_ });
	assert.ok(wiring.ok, JSON.stringify(wiring));
	return wiring.value;
}
const fileIn = ({ files }: Wiring, path: string) => files.find((file) => file.path === path) ?? assert.fail(path);
const refusal = (from: CpanelFacts, with_ = {}) => {
	const wiring = wireCpanel(from, { ...settings, ...with_ });
	return wiring.ok ? undefined : wiring.error;
};
/** The same server after its files were written. */
const wired = (from: CpanelFacts, wiring: Wiring): CpanelFacts => ({
	...from,
	sources: wiring.files.map(({ path, wanted = '' }) => fileOf(path, wanted)),
});

test('no exim.conf.local: made with all sections and our blocks, and bare it is none', () => {
	const wiring = wiringOf(facts());
	const file = fileIn(wiring, cpanelConfLocal);
	assert.equal(file.bare, undefined);
	assert.match(file.wanted ?? '', /@POSTMAILCOUNT@\n# BEGIN sluice routers .*\nsluice_route:/);
	assert.match(
		file.wanted ?? '',
		/@TRANSPORTSTART@\n# BEGIN sluice transports .*\nsluice_remote_smtp:[\s\S]*sluice_remote_forwarded_smtp:/,
	);
	assert.match(file.wanted ?? '', /@RETRYSTART@\n# BEGIN sluice retry .*\n\*@127\.0\.0\.1 \* F,4d,10s/);
	const again = wiringOf(wired(facts(), wiring));
	for (const { current, wanted } of again.files) assert.equal(current?.content, wanted, 'twice is once');
	const bare = bareCpanel(wired(facts(), wiring).sources, 926);
	assert.ok(bare.ok);
	assert.deepEqual(
		bare.value.files.map(({ path, bare: text }) => [path, text]),
		[[cpanelConfLocal, undefined], [cpanelLocalOpts, 'srs=0\n'], ...cpanelAclPaths.map((path) => [path, undefined])],
	);
});

test('what was there stays: sections, own text, and what was written while wired', () => {
	const own = emptyConfLocal.replace('@POSTMAILCOUNT@\n', '@POSTMAILCOUNT@\nown_router:\n  driver = accept\n');
	const wiring = wiringOf(facts({ sources: [fileOf(cpanelConfLocal, own)] }));
	const text = fileIn(wiring, cpanelConfLocal).wanted ?? '';
	assert.ok(text.indexOf('sluice_route:') < text.indexOf('own_router:'));
	const edited = text.replace('@CONFIG@\n', '@CONFIG@\nsmtp_banner = x\n');
	const bare = bareCpanel([fileOf(cpanelConfLocal, edited)], 926);
	assert.ok(bare.ok);
	assert.equal(fileIn(bare.value, cpanelConfLocal).bare, own.replace('@CONFIG@\n', '@CONFIG@\nsmtp_banner = x\n'));
});

test('the stock is repeated, and a domain without a key is not signed for', () => {
	const text = fileIn(wiringOf(facts()), cpanelConfLocal).wanted ?? '';
	const key = '/var/cpanel/domain_keys/private/';
	assert.ok(text.includes('  interface = <; ${lookup{$sender_address_domain}lsearch*{/etc/mailips}{$value}{}}\n'));
	assert.ok(text.includes('  headers_add = "${perl{mailtrapheaders}}"\n'));
	assert.ok(text.includes('  message_linelength_limit = 2048\n'));
	assert.ok(
		text.includes(`  dkim_domain = \${if exists{${key}\${sg{$sender_address_domain}{/}{}}}{$sender_address_domain}}\n`),
	);
	assert.match(text, /\.ifdef SRSENABLED\n {2}transport = /);
});

test('SRS is looked for where it is switched on, and only there', () => {
	const ids = (from: CpanelFacts) => wiringOf(from).checks.map(({ id }) => id);
	assert.ok(!ids(facts()).includes('exim.srs'));
	const on = facts({ built: `SRSENABLED = 1\nSRS_SECRET = x\n${built}`, alias: 'fwd@site1.test' });
	assert.deepEqual(
		ids(on).filter((id) => /srs|alias/.test(id)),
		['exim.route-alias', 'exim.srs'],
		'the route of an alias is tried, nothing is sent there',
	);
});

test('another relay: refused by router, place and host; known or overruled it is put aside and comes back', () => {
	const own = emptyConfLocal.replace('@ROUTERSTART@\n', `@ROUTERSTART@\n${relay('mailbaby')}`);
	const from = facts({ built: withRelays(relay('mailbaby')), sources: [fileOf(cpanelConfLocal, own)] });
	assert.equal(refusal(from)?.code, 'smarthost');
	assert.match(
		refusal(from)?.text ?? '',
		/router mailbaby \(@ROUTERSTART@ of \/etc\/exim\.conf\.local\).* relay\.example\.net, port 587/,
	);
	for (const over of [{ overSmarthost: true }, { aside: ['mailbaby'] }]) {
		const { wanted = '', bare } = fileIn(wiringOf(from, over), cpanelConfLocal);
		assert.match(
			wanted,
			/mailbaby:\n# BEGIN sluice aside .*\n {2}condition = \$\{if exists\{\/etc\/sluice-exim\/bypass\}\{yes\}\{no\}\}\n# END/,
		);
		assert.equal(bare, own);
		const taken = bareCpanel([fileOf(cpanelConfLocal, wanted)], 926);
		assert.ok(taken.ok && fileIn(taken.value, cpanelConfLocal).bare === own);
	}
	assert.match(
		refusal({ ...from, built: withRelays(relay('mailbaby'), relay('news')) }, { aside: ['mailbaby'] })?.text ?? '',
		/router news/,
	);
	const basic = facts({
		built: withRelays(relay('smarthost')),
		sources: [fileOf(cpanelLocalOpts, 'smarthost_routelist=* relay.example.net::587\n')],
	});
	assert.match(refusal(basic)?.text ?? '', /Basic Editor, smarthost_routelist/);
});

test('an upstream is taken over whole or not at all', () => {
	const relays =
		wiringOf(facts({ built: withRelays(relay('with_dkim'), relay('without')) }), { overSmarthost: true }).relays ?? [];
	const upstream = upstreamOf(relays);
	assert.ok(upstream.ok, 'two routers to one relay are one');
	assert.equal(
		upstreamConfig({ ...upstream.value, login: { user: 'u', password: 'p: "#' }, identityHeader: 'X-AuthUser' }),
		"# Made by `sluice mta wire --adopt-upstream` of Exim's router with_dkim, without.\ndelivery:\n  smarthost:\n" +
			'    host: "relay.example.net"\n    port: 587\n    tls: "opportunistic"\n    user: "u"\n    password: "p: \\"#"\n    identityHeader: "X-AuthUser"\n',
	);
	const two = wiringOf(facts({ built: withRelays(relay('a'), relay('b', 'other.example.net')) }), {
		overSmarthost: true,
	});
	const several = upstreamOf(two.relays ?? []);
	assert.ok(!several.ok && /several relays/.test(several.error.text));
	assert.ok(!upstreamOf([]).ok);
});

test('refused: sections missing, a damaged block, somebody else’s file, an old Exim, no stock router', () => {
	const local = (text: string, rest = {}) => facts({ sources: [fileOf(cpanelConfLocal, text, rest)] });
	assert.match(refusal(local('@AUTH@\n'))?.hint ?? '', /Advanced Editor/);
	assert.equal(refusal(local(`${emptyConfLocal}# BEGIN sluice routers\n`))?.code, 'damaged');
	assert.equal(refusal(local(emptyConfLocal, { uid: 7001 }))?.code, 'ownership');
	assert.equal(refusal(facts({ version: '4.93' }))?.code, 'version');
	assert.equal(refusal(facts({ built: built.replace('dkim_lookuphost', 'x') }))?.code, 'no-route');
});

test('replaced blocks and jails are told', () => {
	const text = `${emptyConfLocal}%RETRYBLOCK%\n* * F,1d,1h\n`;
	const { findings } = wiringOf(facts({ sources: [fileOf(cpanelConfLocal, text)], jails: ['cagefs', 'jailshell'] }));
	assert.deepEqual(
		findings.map(({ code, severity }) => [code, severity]),
		[
			['replaced-block', 'note'],
			['jail', 'note'],
			['jail', 'note'],
		],
	);
});

test('built in: every line of ours stands in the built configuration, however it is indented', () => {
	const wiring = wiringOf(facts());
	const whole = wiring.files.map(({ wanted = '' }) => wanted).join('\n');
	assert.ok(isBuiltIn(whole.replace(/^\s+/gm, '\t'), wiring));
	assert.ok(!isBuiltIn(whole.replace('  self = send', ''), wiring));
	assert.ok(!isBuiltIn(whole.replace(/ {2}warn set acl_m_sluice_cwd.*/, ''), wiring));
});
