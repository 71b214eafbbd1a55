/** CSF's settings are read, and one word of them changed, with every other byte as it was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csfConf, csfFacts, withCsfWord, withoutCsfWord } from './csf.ts';
import { fileOf, memoryMachine } from './memory-machine.fixture.ts';

const conf = (users: string) =>
	`# a comment: SMTP_ALLOWUSER = "not this"\r\nTESTING = "0"\nSMTP_BLOCK = "1"\nSMTP_PORTS = "25,465,2525"\n\tSMTP_ALLOWUSER  =  "${users}"  \nSMTP_ALLOWGROUP = "mail,mailman"\nTCP_OUT = "20,21,22,24:26,53"\n`;

test('one word comes and goes', () => {
	for (const users of ['', 'cpanel', 'cpanel, other ', 'sluicebox']) {
		const text = withCsfWord(conf(users), 'SMTP_ALLOWUSER', 'sluice') ?? assert.fail();
		assert.equal(withCsfWord(text, 'SMTP_ALLOWUSER', 'sluice'), text, 'once');
		assert.equal(withoutCsfWord(text, 'SMTP_ALLOWUSER', 'sluice'), conf(users));
		assert.notEqual(text, conf(users));
	}
	const changed = conf('sluice,added by somebody');
	assert.equal(withoutCsfWord(changed, 'SMTP_ALLOWUSER', 'sluice'), conf('added by somebody'));
	assert.equal(withCsfWord('SMTP_BLOCK = "1"\n', 'SMTP_ALLOWUSER', 'sluice'), undefined);
	assert.equal(withCsfWord(conf('$1$&'), 'SMTP_ALLOWUSER', 'sluice'), conf('$1$&,sluice'));
});

test('settings as facts; without the program there is no CSF', async () => {
	const files = [fileOf(csfConf, conf('cpanel')), fileOf('/etc/csf/version.txt', '15.01\n')];
	assert.equal(await csfFacts(memoryMachine(files)), undefined);
	const facts = (await csfFacts(memoryMachine([...files, fileOf('/usr/sbin/csf', '')]))) ?? assert.fail();
	const { conf: _, ...rest } = facts;
	assert.deepEqual(rest, {
		version: '15.01',
		isTesting: false,
		isDisabled: false,
		blocksSmtp: true,
		redirectsSmtp: false,
		smtpPorts: [25, 465, 2525],
		allowUsers: ['cpanel'],
		allowGroups: ['mail', 'mailman'],
		opensPort25: true,
		post: { path: '/etc/csf/csfpost.sh', current: undefined },
	});
});
