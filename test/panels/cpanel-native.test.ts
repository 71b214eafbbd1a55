/**
 * The plugin's own Perl and PHP, read and checked: compiles with warnings as errors, clean under taint, starts no process, trusts nothing
 * that a browser sends; registration files say what is documented.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { installMap } from '@sluice/panel-cpanel/install-map.ts';
import { type ServerBox, serverBoxUnavailable, startServerBox } from '../cpanel/whm/server-box.ts';

const skip = (await serverBoxUnavailable()) ?? false;
const native = join(import.meta.dirname, '../../panel-cpanel/native');
const map = installMap([], '0123456789ab').filter(({ of }) => of === 'native');
const textOf = (from: string): string => readFileSync(join(native, from), 'utf8');
const code = (from: string): string => textOf(from).replace(/^\s*#(?!!).*$/gm, '');
const perl = map.filter(({ from }) => /\.(pm|cgi)$/.test(from));

let server: ServerBox;
before(async () => {
	if (skip === false) server = await startServerBox(['shopmoda']);
});
after(() => server?.stop());

test('every Perl file compiles without a warning, also under taint', { skip }, async () => {
	assert.equal(perl.length, 6);
	for (const { to } of perl)
		for (const flags of [['-c'], ['-T', '-c']]) {
			const command = ['perl', ...flags, '-w', '-I/usr/local/cpanel', '-I/var/cpanel/perl', to];
			const { stderr } = await server.box.run(command);
			assert.equal(stderr, `${to} syntax OK\n`, `${flags}`);
		}
});

test('every Perl file is strict, warns, ends true and starts nothing', () => {
	for (const { from } of perl) {
		const text = code(from);
		assert.match(text, /^use strict;$/m, from);
		assert.match(text, /^use warnings;$/m, from);
		if (from.endsWith('.pm')) assert.match(text, /\n1;\n$/, from);
		assert.doesNotMatch(
			text,
			/\b(system|exec|fork|popen|readpipe|qx|open3)\b|`|\beval\s+["'$]|\|\s*['"]\s*\)|\bopen\b(?!dir)/,
			from,
		);
		assert.doesNotMatch(text, /\t/, `${from}: four blanks, as perltidy has it`);
	}
});

test('nothing that a browser sends names a person: the only names are REMOTE_USER and the admin server’s', () => {
	const cgi = code('whm/index.cgi');
	const read = [...cgi.matchAll(/\$ENV\{\s*([^}]+?)\s*\}/g)].map(([, name]) => name);
	assert.deepEqual([...new Set(read)].sort(), [
		'$name eq \'Content-Type\' ? $key : "HTTP_$key"',
		'CONTENT_LENGTH',
		'HTTP_AUTHORIZATION',
		'HTTP_COOKIE',
		'QUERY_STRING',
		'REMOTE_USER',
		'REQUEST_METHOD',
		'REQUEST_URI',
		'cp_security_token',
	]);
	assert.doesNotMatch(code('admin/Sluice/Pages.pm') + code('perl/Sluice/Wire.pm'), /ENV/);
	assert.match(code('admin/Sluice/Pages.pm'), /user => \$self->get_caller_username\(\), role => 'account'/);
});

test('under taint root’s script still answers, with the environment of an ordinary request', { skip }, async () => {
	const script = '/usr/local/cpanel/whostmgr/docroot/cgi/sluice/index.cgi';
	const env = { REMOTE_USER: 'root', REQUEST_METHOD: 'GET', cp_security_token: '/cpsess1' };
	const away = await server.box.run(['perl', '-T', script], { env: { ...env, QUERY_STRING: 'p=/accounts' } });
	assert.match(away.stdout, /^Status: 503\r\n/);
	const frame = await server.box.run(['perl', '-T', script], { env: { ...env, QUERY_STRING: 'to=/accounts' } });
	assert.match(frame.stdout, /<iframe data-sluice src="\?p=\/accounts"/);
	assert.equal(away.stderr + frame.stderr, '');
});

test('the PHP page has no fault of syntax and calls nothing that runs or includes', { skip }, async () => {
	const page = map.find(({ from }) => from.endsWith('.php'));
	assert.ok(page);
	const { stdout } = await server.box.run(['php8.2', '-l', page.to]);
	assert.match(stdout, /No syntax errors/);
	const text = textOf(page.from);
	assert.match(text, /^declare\(strict_types=1\);$/m);
	assert.doesNotMatch(
		text,
		/\b(exec|system|passthru|shell_exec|proc_open|popen|eval|unserialize|\$_(GET|POST|REQUEST|COOKIE))\b/,
	);
	assert.deepEqual(text.match(/\b(?:require|include)\w*[^;]*/g), ["require_once '/usr/local/cpanel/php/cpanel.php'"]);
});

test('a right for resellers, as WHM reads it', { skip }, async () => {
	const script = `use lib '/usr/local/cpanel'; require Cpanel::Config::ConfigObj::Driver::Sluice; require Cpanel::Config::ConfigObj::Driver::Sluice::META;
		my $driver = Cpanel::Config::ConfigObj::Driver::Sluice->init({});
		my ($acl) = @{ $driver->acl_desc() };
		print join "\\n", $acl->{acl}, $acl->{default_value}, $driver->{thirdparty_ns}, Cpanel::Config::ConfigObj::Driver::Sluice::META::get_driver_name();`;
	const { stdout } = await server.box.run(['perl', '-w', '-e', script]);
	assert.deepEqual(stdout.split('\n'), ['software-Sluice', '0', 'Sluice', 'Sluice_driver']);
	assert.ok(code('whm/index.cgi').includes("'software-Sluice'"), 'the script asks for that right');
});

test('registration: AppConfig, the item in Jupiter, the feature, fields of packages', () => {
	const conf = Object.fromEntries(
		textOf('whm/sluice.conf')
			.split('\n')
			.filter((line) => line !== '' && !line.startsWith('#'))
			.map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
	);
	assert.deepEqual(
		[conf.name, conf.service, conf.user, conf.url, conf.acls, conf.icon],
		['sluice', 'whostmgr', 'root', '/cgi/sluice/', 'software-Sluice', 'sluice.png'],
	);
	const docroot = '/usr/local/cpanel/whostmgr/docroot';
	const places = new Set(map.map(({ to }) => to));
	assert.ok(places.has(`${docroot}/cgi/${conf.entryurl}`));
	assert.ok(places.has(`${docroot}/addon_plugins/${conf.icon}`));
	const [item] = JSON.parse(textOf('jupiter/install.json')) as { uri: string; icon: string; feature: string }[];
	assert.ok(item !== undefined && places.has(`/usr/local/cpanel/base/frontend/jupiter/${item.uri}`));
	assert.ok([...places].some((to) => to.endsWith(`/jupiter/${item.icon}`)));
	assert.equal(textOf('jupiter/feature'), `${item.feature}:Outgoing mail (Sluice)\n`);
	assert.ok(places.has(`/usr/local/cpanel/whostmgr/addonfeatures/${item.feature}`));
	assert.ok(code('admin/Sluice/Pages.pm').includes(`my $FEATURE = '${item.feature}'`));
	const fields = [...textOf('packages/sluice').matchAll(/^(\w+)=/gm)]
		.map(([, name]) => name)
		.filter((name) => name !== '_NAME');
	const template = textOf('packages/sluice.tt2');
	for (const field of fields) assert.ok(template.includes(`name="${field}"`), field);
	for (const [, shown] of template.matchAll(/\[%\s*(data\.[\w.]+)([^%]*)%\]/g))
		assert.match(template, new RegExp(`${shown} \\| html`));
	const png = readFileSync(join(native, 'whm/sluice.png'));
	assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [48, 48]);
});

test('every file of native is in the map, each place once, nothing writable by others', () => {
	const files = readdirSync(native, { recursive: true, encoding: 'utf8' }).filter((name) =>
		statSync(join(native, name)).isFile(),
	);
	const mapped = new Set(map.map(({ from }) => from));
	assert.deepEqual(
		files.filter((name) => !mapped.has(name) && !name.startsWith('hooks/')),
		[],
	);
	assert.equal(new Set(map.map(({ to }) => to)).size, map.length);
	for (const { mode, to } of map) assert.equal(mode & 0o022, 0, to);
});
