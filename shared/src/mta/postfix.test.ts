/** main.cf wired and unwired. That Postfix obeys is shown with a real one under test/. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { failureOf } from './checks.ts';
import { mainCfValue } from './main-cf.ts';
import { detectPostfix, findingsPostfix, removePostfix, renderPostfix, wirePostfix } from './postfix.ts';
import { checksPostfix } from './postfix-checks.ts';

const parameters = renderPostfix({ agentPort: 926 });

const value = <T>(
	result: { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown },
): T => {
	assert.ok(result.ok, JSON.stringify(result));
	return result.value;
};

const plesk = `# See /usr/share/postfix/main.cf.dist
myhostname = host.test
relayhost =
smtp_send_xforward_command = yes
transport_maps = hash:/var/spool/postfix/plesk/transport,
# why
	hash:/etc/postfix/more
smtpd_sasl_authenticated_header =
	no
`;

test('only what differs is set, what it replaces is kept in comments', () => {
	const wired = value(wirePostfix(plesk, parameters));
	assert.equal(
		wired,
		`# See /usr/share/postfix/main.cf.dist
myhostname = host.test
# sluice keeps: relayhost =
smtp_send_xforward_command = yes
transport_maps = hash:/var/spool/postfix/plesk/transport,
# why
	hash:/etc/postfix/more
# sluice keeps: smtpd_sasl_authenticated_header =
# sluice keeps: 	no
# BEGIN sluice postfix (written by sluice; removed by: sluice mta unwire)
relayhost = [127.0.0.1]:926
smtpd_sasl_authenticated_header = yes
# END sluice postfix
`,
	);
	assert.equal(value(removePostfix(wired)), plesk);
	assert.deepEqual(value(detectPostfix(wired, parameters)), { state: 'wired', differences: [], hasBlock: true });
	assert.equal(value(detectPostfix(plesk, parameters)).state, 'absent');
});

test('the last of two lines counts, as Postfix reads it', () => {
	const wired = `${value(wirePostfix(plesk, parameters))}relayhost = [other.test]\n`;
	const seen = value(detectPostfix(wired, parameters));
	assert.equal(seen.state, 'outdated');
	assert.deepEqual(seen.differences, [{ parameter: 'relayhost', wanted: '[127.0.0.1]:926', found: '[other.test]' }]);
	assert.equal(mainCfValue(plesk, 'transport_maps'), 'hash:/var/spool/postfix/plesk/transport, hash:/etc/postfix/more');
});

test('another smarthost is told, not overwritten; told to, it comes back', () => {
	const mainCf = 'relayhost = [smtp.sendgrid.net]:587\nsmtp_sasl_auth_enable = yes\n';
	const refused = wirePostfix(mainCf, parameters);
	assert.ok(!refused.ok && refused.error.kind === 'smarthost');
	assert.equal(refused.error.finding.evidence, 'relayhost = [smtp.sendgrid.net]:587');
	const wired = value(wirePostfix(mainCf, parameters, { overSmarthost: true }));
	assert.equal(mainCfValue(wired, 'relayhost'), '[127.0.0.1]:926');
	assert.equal(value(removePostfix(wired)), mainCf);
	assert.deepEqual(
		findingsPostfix(wired, parameters).map(({ code, severity }) => [code, severity]),
		[
			['smarthost', 'stops'],
			['client-login', 'note'],
		],
	);
});

test('somebody else keeps the same values: wired, and nothing of ours is written', () => {
	const mainCf = Object.entries(parameters)
		.map(([name, text]) => `${name}=${text}`)
		.join('\n');
	assert.equal(value(wirePostfix(mainCf, parameters)), mainCf);
	assert.deepEqual(value(detectPostfix(mainCf, parameters)), { state: 'wired', differences: [], hasBlock: false });
	assert.deepEqual(findingsPostfix(mainCf, parameters), []);
});

const name = fc.constantFrom(
	'relayhost',
	'myhostname',
	'smtp_send_xforward_command',
	'smtpd_sasl_authenticated_header',
);
const line = fc.oneof(
	fc.string({ maxLength: 20 }),
	fc
		.tuple(name, fc.constantFrom('=', ' = ', ' =\t'), fc.constantFrom('', 'yes', 'no', 'a b'))
		.map((parts) => parts.join('')),
	fc.constantFrom('', ' ', '\tcontinued', ' # comment', '# BEGIN', '\r'),
);
const anyMainCf = fc
	.tuple(fc.array(line, { maxLength: 12 }), fc.boolean())
	.map(([lines, hasFinalNewline]) => lines.join('\n') + (hasFinalNewline ? '\n' : ''));

test('for any main.cf: wired is in force, twice is once, taken out gives the same bytes', () => {
	fc.assert(
		fc.property(anyMainCf, fc.constantFrom(925, 926), (mainCf, otherPort) => {
			const over = { overSmarthost: true };
			const wired = value(wirePostfix(mainCf, parameters, over));
			for (const [parameter, wanted] of Object.entries(parameters)) assert.equal(mainCfValue(wired, parameter), wanted);
			assert.equal(value(detectPostfix(wired, parameters)).state, 'wired');
			assert.equal(value(removePostfix(wired)), mainCf);
			assert.equal(value(wirePostfix(wired, parameters, over)), wired);
			const again = renderPostfix({ agentPort: otherPort });
			assert.equal(value(wirePostfix(wired, again, over)), value(wirePostfix(mainCf, again, over)));
		}),
		{ numRuns: 500 },
	);
});

test('a check passes only with all it must see and nothing it must not', () => {
	const check = checksPostfix({ parameters, remoteAddress: 'probe@example.com' }).find(
		({ id }) => id === 'postfix.values',
	);
	assert.ok(check?.kind === 'command');
	const good = 'relayhost = [127.0.0.1]:926\nsmtp_send_xforward_command = yes\nsmtpd_sasl_authenticated_header = yes\n';
	assert.equal(failureOf(check, { exitCode: 0, output: good }), undefined);
	assert.match(failureOf(check, { exitCode: 0, output: good.replace('926', '925') }) ?? '', /did not print/);
	assert.match(failureOf(check, { exitCode: 0, output: `${good}postconf: fatal: x` }) ?? '', /printed "fatal:"/);
	assert.match(failureOf(check, { exitCode: 1, output: good }) ?? '', /ended with 1/);
});
