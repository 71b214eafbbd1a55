/** What a live server settles, played by a machine in memory: each claim can come out either way. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyConfLocal } from '@sluice/shared/mta/cpanel-local.ts';
import { cpanelAclPaths, cpanelBuilt, cpanelConfLocal } from '../facts/cpanel.ts';
import type { FileFact } from '../facts/machine.ts';
import { fileOf, memoryMachine } from '../facts/memory-machine.fixture.ts';
import { unproved } from './unproved.ts';
import { unprovedServer } from './unproved-server.ts';

type Said = { readonly [words: string]: string };

async function settled(id: string, files: readonly FileFact[], said: Said = {}): Promise<string> {
	const item = [...unproved, ...unprovedServer].find((one) => one.id === id) ?? assert.fail(id);
	const machine = memoryMachine(files, (command) => {
		const found = Object.entries(said).find(([words]) => command.join(' ').includes(words));
		return found === undefined ? { exitCode: 127, output: '' } : { exitCode: 0, output: found[1] };
	});
	const outcome = await item.settle?.(machine);
	assert.deepEqual(
		machine.acts.filter((act) => /^(?:write|remove) /.test(act)),
		[],
		'nothing is changed',
	);
	return outcome?.outcome ?? 'no command';
}

const stock =
	'begin routers\nenforce_mail_permissions:\n  driver = redirect\ndkim_lookuphost:\n  driver = dnslookup\n  headers_add = "${perl{mailtrapheaders}}"\nbegin transports\ndkim_remote_smtp:\n  driver = smtp\n';
const wired = stock
	.replace('dkim_lookuphost:', 'sluice_route:\n  driver = manualroute\ndkim_lookuphost:')
	.replace('begin transports\n', 'begin transports\nsluice_remote_smtp:\n  driver = smtp\n');
const local = fileOf(
	cpanelConfLocal,
	emptyConfLocal.replace('@POSTMAILCOUNT@\n', '@POSTMAILCOUNT@\n# BEGIN sluice routers\n# END sluice routers\n'),
);
const built = (text: string): readonly FileFact[] => [fileOf(cpanelBuilt, text), local];
const track = (remote: number) =>
	JSON.stringify({
		metadata: { result: 1 },
		data: { records: [{ transport: 'sluice_remote_smtp', transport_is_remote: remote }] },
	});

const listed = (owner: string) =>
	JSON.stringify({ metadata: { result: 1 }, data: { acct: [{ user: 'alice', owner }] } });

test('every claim has a name of its own, and what no command settles says what to do', () => {
	assert.equal(
		new Set([...unproved, ...unprovedServer].map(({ id }) => id)).size,
		unproved.length + unprovedServer.length,
	);
	for (const { id, claim, probe } of [...unproved, ...unprovedServer])
		assert.ok(claim !== '' && probe !== '' && /^[a-z-]+$/.test(id.replace('whmapi1', '')), id);
});

test('each way a claim can come out', async () => {
	const acl = cpanelAclPaths.map((path) => fileOf(path, `  warn set acl_m_sluice_cwd = ${path}\n`));
	const rows: readonly (readonly [id: string, files: readonly FileFact[], said: Said, outcome: string])[] = [
		['exim-built-in', [fileOf(cpanelBuilt, stock)], {}, 'not-settled'],
		['exim-built-in', built(wired), {}, 'proved'],
		['exim-built-in', built(stock), {}, 'contradicted'],
		['exim-acl-files', [...built(`${wired}${acl.map(({ content }) => content).join('')}`), ...acl], {}, 'proved'],
		['exim-acl-files', [...built(wired), ...acl], {}, 'contradicted'],
		['exim-limits-first', built(wired), {}, 'proved'],
		[
			'exim-limits-first',
			built(
				wired
					.replace('enforce_mail_permissions', 'x')
					.replace('begin transports', 'enforce_mail_permissions:\n  driver = redirect\nbegin transports'),
			),
			{},
			'contradicted',
		],
		['exim-stock-names', built(stock), {}, 'proved'],
		['exim-stock-names', built(stock.replace('dkim_lookuphost', 'x')), {}, 'contradicted'],
		['exim-mailtrapheaders', built(stock), {}, 'proved'],
		['exim-mailtrapheaders', built(stock.replace('mailtrapheaders', 'x')), {}, 'contradicted'],
		['exim-user', [], { exim_user: 'exim_user = mailnull\n' }, 'proved'],
		['exim-user', [], { exim_user: 'exim_user = exim\n' }, 'contradicted'],
		['panel-eximstats', built(wired), { emailtrack_search: track(1) }, 'proved'],
		['panel-eximstats', built(wired), { emailtrack_search: track(0) }, 'contradicted'],
		['panel-eximstats', built(wired), {}, 'not-settled'],
		['panel-whmapi1', [], { version: '{"data":{},"metadata":{"result":1}}' }, 'proved'],
		['panel-whmapi1', [], { version: '{"version":"11.134"}' }, 'contradicted'],
		[
			'panel-uapi',
			[fileOf('/etc/trueuserdomains', 'site1.test: alice\n')],
			{ '--user=alice': '{"result":{"data":[],"status":1}}' },
			'proved',
		],
		['panel-uapi', [], {}, 'not-settled'],
		['panel-appconfig', [], { whostmgr: '0\n' }, 'proved'],
		['panel-appconfig', [], { whostmgr: 'registered\n' }, 'contradicted'],
		['panel-hooks', [], { list: '{}' }, 'not-settled'],
		['panel-hooks', [fileOf('/var/cpanel/sluice/sluice-hook', '')], { list: '{}' }, 'contradicted'],
		['panel-hooks', [], { list: '{"hook":"\\/var\\/cpanel\\/sluice\\/sluice-hook"}' }, 'proved'],
		[
			'panel-user-files',
			['/etc/userdomains', '/etc/trueuserdomains'].map((path) => fileOf(path, 'site1.test: alice\n*: nobody\n')),
			{},
			'proved',
		],
		[
			'panel-user-files',
			['/etc/userdomains', '/etc/trueuserdomains'].map((path) => fileOf(path, 'alice=site1.test\n')),
			{},
			'contradicted',
		],
		[
			'panel-tweaks',
			[fileOf('/var/cpanel/cpanel.config', 'maxemailsperhour=\nemail_send_limits_max_defer_fail_percentage=\n')],
			{},
			'proved',
		],
		['panel-tweaks', [fileOf('/var/cpanel/cpanel.config', 'x=1\n')], {}, 'contradicted'],
		['panel-owners', [], {}, 'contradicted'],
		['panel-owners', [fileOf('/etc/trueuserowners', 'alice: rita\n')], { listaccts: listed('rita') }, 'proved'],
		['panel-owners', [fileOf('/etc/trueuserowners', 'alice: rita\n')], { listaccts: listed('root') }, 'contradicted'],
		[
			'panel-owners',
			[fileOf('/etc/trueuserowners', 'alice: rita\n', { mode: 0o666 })],
			{ listaccts: listed('rita') },
			'contradicted',
		],
		['panel-owners', [fileOf('/etc/trueuserowners', 'alice: rita\n')], {}, 'not-settled'],
		['panel-perl', [], {}, 'not-settled'],
		['panel-perl', [fileOf('/usr/local/cpanel/Cpanel/API/Sluice.pm', '')], { '-c': 'syntax OK' }, 'proved'],
		['exim-jails', [fileOf('/usr/sbin/cagefsctl', '')], {}, 'not-settled'],
	];
	for (const [id, files, said, outcome] of rows)
		assert.equal(await settled(id, files, said), outcome, `${id}: ${JSON.stringify(said)}`);
});

const blocked = fileOf('/etc/csf/csf.conf', 'SMTP_BLOCK = "1"\nSMTP_ALLOWUSER = "sluice"\n');
const whmOn = fileOf('/var/cpanel/cpanel.config', 'smtpmailgidonly=1\n');
const installed = fileOf('/opt/sluice/current', '');
const passwd = fileOf('/etc/passwd', 'sluice:x:991:991::/:/x\n');
const csfHere = [blocked, fileOf('/usr/sbin/csf', ''), passwd];
const up = { 'is-active': 'active\nactive\nactive\n' };

test('what holds on any server: each way a claim can come out', async () => {
	const drop = '-P OUTPUT ACCEPT\n-A OUTPUT -p tcp --dport 25 -j DROP\n';
	const pass = `-P OUTPUT ACCEPT\n-A OUTPUT -p tcp --dport 25 -m owner --uid-owner 991 -j ACCEPT\n${drop}`;
	const rows: readonly (readonly [string, readonly FileFact[], Said, string])[] = [
		['server-systemd', [], up, 'not-settled'],
		['server-systemd', [installed], { ...up, '--version': 'systemd 239 (239-82)\n' }, 'proved'],
		['server-systemd', [installed], { 'is-active': 'active\nactive\nfailed\n' }, 'contradicted'],
		['server-systemd', [installed], { ...up, journalctl: 'code=killed, status=31/SIGSYS\n' }, 'contradicted'],
		['server-selinux', [installed], { ...up, getenforce: 'Permissive\n' }, 'not-settled'],
		['server-selinux', [installed], { ...up, getenforce: 'Enforcing\n', ausearch: '' }, 'proved'],
		[
			'server-selinux',
			[installed],
			{ ...up, getenforce: 'Enforcing\n', ausearch: 'avc: denied { name_connect } comm="exim"\n' },
			'contradicted',
		],
		['server-glibc', [installed], { ...up, getconf: 'glibc 2.28\n', 'process.version': 'v24.1.0\n' }, 'proved'],
		['server-glibc', [installed], { ...up, getconf: 'glibc 2.28\n' }, 'contradicted'],
		['server-way-out', [installed, passwd], { gmail: '220 mx.google.com ESMTP\n' }, 'proved'],
		['server-way-out', [installed, passwd], { gmail: '220 here.example.net ESMTP\n' }, 'contradicted'],
		['firewall-csf-word', [passwd], {}, 'not-settled'],
		['firewall-csf-word', csfHere, { iptables: pass }, 'proved'],
		['firewall-csf-word', csfHere, { iptables: drop }, 'contradicted'],
		['firewall-whm-rules', [], {}, 'not-settled'],
		['firewall-whm-rules', [whmOn], { 'iptables -w 5 -t nat': drop.replace('DROP', 'REDIRECT') }, 'proved'],
		['firewall-whm-rules', [whmOn], {}, 'contradicted'],
	];
	for (const [id, files, said, outcome] of rows)
		assert.equal(await settled(id, files, said), outcome, `${id}: ${JSON.stringify(said)}`);
});
