/** Rendering, placing and taking out Exim's wiring. That Exim accepts and obeys the text is shown with a real one under test/. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
	cpanelPlaces,
	detectExim,
	type EximBlocks,
	eximBlockNames,
	insertExim,
	plainPlaces,
	removeExim,
	renderExim,
} from './exim.ts';
import { cpanelStockNames, findingsExim, readEximPlain, readEximStock } from './exim-stock.ts';

const stockConfig = String.raw`primary_hostname = host.test
begin acl
acl_local:
  accept
acl_mail:
  accept
begin routers
# a comment
dkim_lookuphost:
  driver = dnslookup
  headers_add = "\${perl{mailtrapheaders}}"
.ifdef SRSENABLED
  transport = \${if eq{$local_part@$domain}{$original_local_part@$original_domain}{dkim_remote_smtp}{dkim_remote_forwarded_smtp}}
.else
  transport = dkim_remote_smtp
.endif
begin transports
remote_smtp:
  driver = smtp
  interface = wrong
dkim_remote_smtp:
  driver = smtp
  interface = <; \${lookup{$sender_address_domain}lsearch*{/etc/mailips}\
    {$value}{}}
  helo_data = \${lookup{$sender_address_domain}lsearch*{/etc/mailhelo}{$value}{$primary_hostname}}
  message_linelength_limit = 2048
  dkim_domain = $sender_address_domain
  dkim_selector = default
dkim_remote_forwarded_smtp:
  driver = smtp
  max_rcpt = 1
  dkim_domain = $sender_address_domain
  return_path = \${srs_encode {SRS_SECRET}{$return_path}{$original_domain}}
begin retry
* * F,2h,15s
`.replaceAll('\\$', '$');

const stock = readEximStock(stockConfig, cpanelStockNames);
const settings = {
	agentPort: 926,
	secretPath: '/etc/exim4/sluice/secret',
	bypassPath: '/run/sluice-mta/bypass',
	stock,
};
const blocks = renderExim(settings);
const places = plainPlaces({ aclNotSmtp: 'acl_local', aclMail: 'acl_mail' });

const value = <T>(
	result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown },
): T => {
	assert.ok(result.ok, JSON.stringify(result));
	return result.value;
};

test('the stock route is read word for word, continued lines joined', () => {
	assert.deepEqual(stock, {
		headersAdd: '"${perl{mailtrapheaders}}"',
		interface: '<; ${lookup{$sender_address_domain}lsearch*{/etc/mailips}{$value}{}}',
		helo: '${lookup{$sender_address_domain}lsearch*{/etc/mailhelo}{$value}{$primary_hostname}}',
		lineLengthLimit: '2048',
		dkim: [
			['domain', '$sender_address_domain'],
			['selector', 'default'],
		],
		forwardDkim: [['domain', '$sender_address_domain']],
		forwardReturnPath: '${srs_encode {SRS_SECRET}{$return_path}{$original_domain}}',
		forwardsIfDefined: 'SRSENABLED',
	});
	assert.deepEqual(readEximStock('begin routers\n', cpanelStockNames), {});
});

test('the router hides its header, removes copies and encodes what a tenant can shape', () => {
	const lines = blocks.routers.split('\n');
	const header = lines.find((line) => line.includes('X-Sluice-Sender: ')) ?? '';
	assert.match(header, /^ {2}hide headers_add = X-Sluice-Sender: v=1; s=\$\{if exists\{\/etc\/exim4\/sluice\/secret\}/);
	for (const key of ['auth', 'ident', 'cwd']) assert.match(header, new RegExp(`; ${key}=\\$\\{base64:`));
	assert.match(header, /; anc=\$\{if .*\$\{base64:/);
	const remove = lines.indexOf('  headers_remove = X-Sluice-Sender');
	assert.ok(remove > 0 && remove < lines.indexOf(header));
	const stock = lines.findIndex((line) => line.startsWith('  headers_add'));
	assert.ok(stock > lines.indexOf(header), 'what ends the header block comes behind ours');
	assert.ok(lines.includes('  route_list = * 127.0.0.1::926'));
	assert.ok(lines.includes('  self = send'));
});

test('without SRS forwards take the one transport', () => {
	const plain = renderExim({ ...settings, stock: {} });
	assert.match(plain.routers, /^ {2}transport = sluice_remote_smtp$/m);
	assert.doesNotMatch(plain.transports, /sluice_remote_forwarded_smtp|srs_encode/);
});

test('settings that would change the text around them are refused', () => {
	assert.throws(() => renderExim({ ...settings, secretPath: '/etc/a}b' }), RangeError);
	assert.throws(() => renderExim({ ...settings, bypassPath: '/run/a b' }), RangeError);
	assert.throws(() => renderExim({ ...settings, agentPort: 0 }), RangeError);
	assert.throws(() => renderExim({ ...settings, stock: { helo: 'a\nb' } }), RangeError);
});

test('placed, seen, taken out', () => {
	const wired = value(insertExim(stockConfig, blocks, places));
	for (const [place, first] of [
		['acl_local:', 'warn set acl_m_sluice_cwd'],
		['acl_mail:', 'warn set acl_m_sluice_port'],
		['begin routers', 'sluice_route:'],
		['begin transports', 'sluice_remote_smtp:'],
		['begin retry', '*@127.0.0.1 * F,4d,10s'],
	] as const) {
		const behind = wired.slice(wired.indexOf(`${place}\n`) + place.length + 1).split('\n');
		assert.match(behind[0] ?? '', /^# BEGIN sluice/);
		assert.ok(behind[1]?.trim().startsWith(first), behind[1]);
	}
	assert.deepEqual(value(detectExim(wired, blocks, places)), {
		main: 'absent',
		aclNotSmtp: 'present',
		aclMail: 'present',
		routers: 'present',
		transports: 'present',
		retry: 'present',
	});
	assert.equal(value(removeExim(wired)), stockConfig);
	const states = Object.values(value(detectExim(stockConfig, blocks, places)));
	assert.deepEqual(new Set(states), new Set(['absent']));
});

test('another relay is told; the stock route and our own router are none', () => {
	const wired = value(insertExim(stockConfig, blocks, places));
	assert.deepEqual(findingsExim(wired), []);
	const relay = 'mailchannels:\n  driver = manualroute\n  route_list = * smtp.mailchannels.net::25 randomize byname\n';
	const found = findingsExim(wired.replace('begin routers\n', `begin routers\n${relay}`));
	assert.deepEqual(
		found.map(({ code, evidence }) => [code, evidence]),
		[['smarthost', 'mailchannels: route_list = * smtp.mailchannels.net::25 randomize byname']],
	);
});

test('an older text is outdated and is replaced in place', () => {
	const old = value(insertExim(stockConfig, renderExim({ ...settings, agentPort: 925 }), places));
	assert.equal(value(detectExim(old, blocks, places)).routers, 'outdated');
	assert.equal(value(detectExim(old, blocks, places)).retry, 'present');
	assert.equal(value(insertExim(old, blocks, places)), value(insertExim(stockConfig, blocks, places)));
});

test('a router that somebody put in front is seen', () => {
	const wired = value(insertExim(stockConfig, blocks, places));
	const moved = wired.replace('begin routers\n', 'begin routers\nother:\n  driver = accept\n');
	assert.equal(value(detectExim(moved, blocks, places)).routers, 'misplaced');
});

test('a missing place and a damaged block are told, and nothing is written', () => {
	assert.deepEqual(insertExim('@POSTMAILCOUNT@\n@RETRYSTART@\n', blocks, cpanelPlaces), {
		ok: false,
		error: { kind: 'place-missing', block: 'transports', after: '@TRANSPORTSTART@' },
	});
	const wired = value(insertExim(stockConfig, blocks, places));
	for (const damaged of [wired.replace('# END sluice routers\n', ''), wired.replace(/# BEGIN sluice retry.*\n/, '')]) {
		assert.equal(removeExim(damaged).ok, false);
		assert.equal(insertExim(damaged, blocks, places).ok, false);
		assert.equal(detectExim(damaged, blocks, places).ok, false);
	}
});

// --- For any configuration ---

const markers = Object.values(cpanelPlaces).map((place) => (place as { after: string }).after);
const line = fc.oneof(
	fc.string({ maxLength: 20 }),
	fc.constantFrom(...markers, '', ' ', '\r', '# BEGIN', 'begin routers'),
);
/** Any text that holds the three markers, with or without a newline at its end. */
const anyConfig = fc
	.tuple(fc.array(line, { maxLength: 12 }), fc.boolean(), fc.nat())
	.map(([lines, hasFinalNewline, seed]) => {
		const text = [...lines];
		for (const [index, marker] of markers.entries()) text.splice((seed >> index) % (text.length + 1), 0, marker);
		return text.join('\n') + (hasFinalNewline ? '\n' : '');
	});
const anyBlocks: fc.Arbitrary<EximBlocks> = fc.constantFrom(
	blocks,
	renderExim({ ...settings, agentPort: 1, stock: {} }),
	{
		...blocks,
		routers: '',
	},
);

test('for any configuration: putting in and taking out gives the same bytes; putting in twice is once', () => {
	fc.assert(
		fc.property(anyConfig, anyBlocks, anyBlocks, (config, first, second) => {
			const once = value(insertExim(config, first, cpanelPlaces));
			assert.equal(value(removeExim(once)), config);
			assert.equal(value(insertExim(once, first, cpanelPlaces)), once);
			assert.equal(value(insertExim(once, second, cpanelPlaces)), value(insertExim(config, second, cpanelPlaces)));
			const seen = value(detectExim(once, first, cpanelPlaces));
			for (const name of eximBlockNames) assert.equal(seen[name], name in cpanelPlaces ? 'present' : 'absent');
		}),
		{ numRuns: 500 },
	);
});

test('a block stands before a line, or at the start, and comes out again byte for byte', () => {
	const blocks = renderExim(settings);
	const places = { main: 'start', routers: { before: 'dkim_lookuphost:' } } as const;
	const wired = insertExim(stockConfig, { ...blocks, main: 'acl_not_smtp = x' }, places);
	assert.ok(wired.ok);
	assert.match(wired.value, /^# BEGIN sluice main /);
	assert.match(wired.value, /# END sluice routers\ndkim_lookuphost:\n/);
	assert.deepEqual(removeExim(wired.value), { ok: true, value: stockConfig });
	const moved = wired.value.replace('dkim_lookuphost:\n', 'another:\n  driver = accept\ndkim_lookuphost:\n');
	const found = detectExim(moved, { ...blocks, main: 'acl_not_smtp = x' }, places);
	assert.ok(found.ok);
	assert.deepEqual([found.value.main, found.value.routers], ['present', 'misplaced']);
});

test('the remote route of a configuration without a panel, as Exim prints it', () => {
	const printed = `# Exim Configuration (4.96)
domainlist local_domains = @:localhost
domainlist relay_to_domains =
acl_smtp_mail = acl_check_mail
begin acl
  acl_check_mail:
    accept
begin routers
  sluice_route:
    driver = manualroute
    domains = ! +local_domains
    transport = sluice_remote_smtp
  hubbed_hosts:
    driver = manualroute
    domains = "\${if exists{/etc/exim4/hubbed_hosts}{partial-lsearch;/etc/exim4/hubbed_hosts}fail}"
    route_data = \${lookup{$domain}partial-lsearch{/etc/exim4/hubbed_hosts}}
    transport = remote_smtp
  dnslookup_relay_to_domains:
    driver = dnslookup
    domains = ! +local_domains : +relay_to_domains
    transport = remote_smtp
  dnslookup:
    driver = dnslookup
    domains = ! +local_domains
    transport = remote_smtp
begin transports
  remote_smtp:
    driver = smtp
    return_path = \${lookup{x}lsearch{/y}}
`;
	assert.deepEqual(readEximPlain(printed), {
		router: 'dnslookup',
		transport: 'remote_smtp',
		aclNotSmtp: undefined,
		aclMail: 'acl_check_mail',
		hasLocalDomains: true,
		hasRelayDomains: true,
	});
	assert.deepEqual(findingsExim(printed), [], 'hubbed hosts are no relay for all');
	assert.equal(readEximPlain(printed.replaceAll('domains = ! +local_domains', 'domains = *')), undefined);
	const names = { routers: ['dnslookup'], transports: ['remote_smtp'], forwardTransports: [] };
	const rendered = renderExim({ ...settings, stock: readEximStock(printed, names), remoteDomains: '! +x' });
	assert.match(rendered.transports, /return_path = \$\{lookup\{x\}/);
	assert.match(rendered.routers, /domains = ! \+x\n/);
	assert.throws(() => renderExim({ ...settings, remoteDomains: 'a\nb' }), RangeError);
});
