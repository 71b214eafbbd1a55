/** Which block goes where, and when nothing goes anywhere. That a real Exim obeys is shown in test/mta/wire-exim.test.ts. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eximFactsOf } from '../facts/exim.fixture.ts';
import type { EximFacts, EximLayout } from '../facts/exim.ts';
import type { FileFact } from '../facts/machine.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { bareExim, wireExim } from './exim.ts';

const single = `primary_hostname = host.test
domainlist local_domains = @
acl_smtp_mail = acl_check_mail
begin acl
acl_check_mail:
  accept
begin routers
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
begin transports
remote_smtp:
  driver = smtp
  helo_data = mail.host.test
  headers_rewrite = *@host.test $1@example.test
  dkim_domain = host.test
begin retry
* * F,2h,15m
`;
const settings = { agentPort: 926, overSmarthost: false };
const path = '/etc/exim4/exim4.conf';

const factsOf = (text: string, rest: Partial<EximFacts> = {}, file: Partial<FileFact> = {}): EximFacts =>
	eximFactsOf(fileOf(path, text, file), rest);

const wantedOf = (facts: EximFacts): string => {
	const wiring = wireExim(facts, settings);
	assert.ok(wiring.ok, JSON.stringify(wiring));
	return wiring.value.files.map(({ wanted }) => wanted).join('\n');
};

const refusalOf = (facts: EximFacts, over = false): string => {
	const wiring = wireExim(facts, { ...settings, overSmarthost: over });
	return wiring.ok ? 'none' : wiring.error.code;
};

test('one file: before the stock router, at the head of the other sections, and out again byte for byte', () => {
	const wanted = wantedOf(factsOf(single));
	assert.match(wanted, /# END sluice routers\ndnslookup:/);
	assert.match(wanted, /begin transports\n# BEGIN sluice transports/);
	assert.match(wanted, /begin retry\n# BEGIN sluice retry/);
	assert.match(wanted, /acl_check_mail:\n# BEGIN sluice acl-mail/);
	assert.match(wanted, /^# BEGIN sluice main [^\n]*\nacl_not_smtp = sluice_not_smtp\n/, 'only the one that is not set');
	assert.match(
		wanted,
		/helo_data = mail\.host\.test[\s\S]*headers_rewrite = [\s\S]*dkim_domain = host\.test[\s\S]*remote_smtp:/,
	);
	const bare = bareExim([fileOf(path, wanted)], 926);
	assert.ok(bare.ok);
	assert.equal(bare.value.files[0]?.bare, single);
});

test('wired once, it is wired: the text is its own fixed point, though Exim now names our ACL', () => {
	const wanted = wantedOf(factsOf(single));
	const again = wireExim(factsOf(wanted), settings);
	assert.ok(again.ok);
	assert.equal(again.value.files[0]?.wanted, wanted);
});

test('domains for which mail is relayed inwards are left alone', () => {
	assert.doesNotMatch(wantedOf(factsOf(single)), /relay_to_domains/);
	const relaying = single.replace('begin acl', 'domainlist relay_to_domains = backup.test\nbegin acl');
	assert.match(wantedOf(factsOf(relaying)), /domains = ! \+local_domains : ! \+relay_to_domains\n/);
});

function splitFacts(stockRouterFile: string): EximFacts {
	const section = (name: string, from: string, to: string): string =>
		`${name}\n${single.slice(single.indexOf(from), to === '' ? undefined : single.indexOf(to)).replace(`${from}\n`, '')}`;
	const part = (folder: string, name: string, text: string) => fileOf(`/etc/exim4/conf.d/${folder}/${name}`, text);
	return factsOf(single, {
		layout: 'split' satisfies EximLayout,
		sources: [
			part('main', '02_options', single.slice(0, single.indexOf('begin acl'))),
			part('acl', '30_check_mail', section('', 'begin acl', 'begin routers')),
			part('router', stockRouterFile, section('', 'begin routers', 'begin transports')),
			part('transport', '30_remote', section('', 'begin transports', 'begin retry')),
			part('retry', '30_retry', section('', 'begin retry', '')),
		],
	});
}

test('split: files of our own, but for the ACL that exists; the router file sorts before the stock one', () => {
	const wiring = wireExim(splitFacts('200_primary'), settings);
	assert.ok(wiring.ok);
	assert.deepEqual(
		wiring.value.files.map((file) => [file.path.replace('/etc/exim4/conf.d/', ''), file.bare === undefined]),
		[
			['acl/01_sluice', true],
			['acl/30_check_mail', false],
			['main/01_sluice', true],
			['retry/01_sluice', true],
			['router/190_sluice', true],
			['transport/01_sluice', true],
		],
	);
});

test('split with the stock router early: the block goes into its file', () => {
	const wiring = wireExim(splitFacts('150_primary'), settings);
	assert.ok(wiring.ok);
	const file = wiring.value.files.find((each) => each.path.endsWith('router/150_primary'));
	assert.match(file?.wanted ?? '', /# END sluice routers\ndnslookup:/);
});

test('a block that stands where this wiring has none is taken out', () => {
	const facts = splitFacts('200_primary');
	const leftover = fileOf('/etc/exim4/conf.d/router/170_sluice', '# old\n');
	const wiring = wireExim({ ...facts, sources: [...facts.sources, leftover] }, settings);
	assert.ok(wiring.ok);
	const file = wiring.value.files.find((each) => each.path === leftover.path);
	assert.deepEqual([file?.bare, file?.wanted], [undefined, undefined]);
});

test('each thing that stands in the way is a refusal of its own', () => {
	const smarthost = single.replace(
		'begin routers\n',
		'begin routers\nrelay:\n  driver = manualroute\n  route_list = * r.test\n',
	);
	const cases: readonly (readonly [string, EximFacts])[] = [
		['version', factsOf(single, { version: '4.92' })],
		['version', factsOf(single, { version: '3.36' })],
		['none', factsOf(single, { version: '5.0' })],
		['smarthost', factsOf(smarthost)],
		['no-route', factsOf(single.replace('domains = ! +local_domains', 'domains = x.test'))],
		['local-domains', factsOf(single.replace('domainlist local_domains = @\n', ''))],
		['acl', factsOf(single.replace('acl_smtp_mail = acl_check_mail', 'acl_smtp_mail = ${if eq{1}{1}{a}{b}}'))],
		['ownership', factsOf(single, {}, { uid: 1000 })],
		['ownership', factsOf(single, {}, { mode: 0o666 })],
		['place', factsOf(single, { sources: [fileOf(path, '.include /etc/exim4/rest\n')] })],
		['damaged', factsOf(single, { sources: [fileOf(path, `${single}# BEGIN sluice retry\n`)] })],
	];
	for (const [code, facts] of cases) assert.equal(refusalOf(facts), code);
	assert.equal(refusalOf(factsOf(smarthost), true), 'none', 'told to');
});

test('routes to named domains are no relay for all', () => {
	const partner = single.replace(
		'begin routers\n',
		'begin routers\npartner:\n  driver = manualroute\n  domains = partner.test\n  route_list = * 10.0.0.1\n',
	);
	assert.equal(refusalOf(factsOf(partner)), 'none');
});
