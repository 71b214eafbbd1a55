/** Letting the agent out is a choice: what each comes to, what it refuses, and that it can be taken back by others' changes too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { csfConf } from '../facts/csf.ts';
import {
	exemptScript,
	type FirewallChoice,
	firewallChoices,
	firewallFacts,
	mailGroupDropIn,
} from '../facts/firewall.ts';
import { fileOf, memoryMachine } from '../facts/memory-machine.fixture.ts';
import { withCsfPost, withoutCsfPost, withoutOurs } from './firewall-files.ts';
import { firewallSteps } from './firewall-steps.ts';

const redirect =
	'-P OUTPUT ACCEPT\n-A OUTPUT -p tcp -m multiport --dports 25,465,587 -m owner --gid-owner 12 -j RETURN\n-A OUTPUT -p tcp -m multiport --dports 25,465,587 -j REDIRECT\n';
const csf = fileOf(
	csfConf,
	'SMTP_BLOCK = "1"\nSMTP_ALLOWUSER = "cpanel"\nSMTP_ALLOWGROUP = "mail,mailman"\nTCP_OUT = "25"\n',
	{ mode: 0o600 },
);
const system = [
	fileOf('/usr/sbin/iptables', ''),
	fileOf('/etc/group', 'root:x:0:\nmail:x:12:\n'),
	fileOf('/etc/passwd', 'alice:x:1001:1001::/home2/alice:/bin/bash\nroot:x:0:0::/root:/bin/bash\n'),
];
const servers = {
	free: memoryMachine(system),
	whm: memoryMachine([...system, fileOf('/var/cpanel/cpanel.config', 'smtpmailgidonly=1\n')], (command) => ({
		exitCode: 0,
		output: command.join(' ') === 'iptables -w 5 -t nat -S' ? redirect : '',
	})),
	csf: memoryMachine([...system, csf, fileOf('/usr/sbin/csf', '')]),
} as const;

async function planned(server: keyof typeof servers, choice?: FirewallChoice, smarthostPort?: number): Promise<string> {
	const plan = firewallSteps(await firewallFacts(servers[server]), { choice, smarthostPort });
	return plan.ok
		? [plan.value.choice, ...plan.value.steps.map(({ id }) => id), ...plan.value.notes.map(() => 'note')].join(', ')
		: `refused: ${plan.error.code}`;
}

test('what each choice comes to on each server; without one where one is needed: refused, and all are named', async () => {
	const rows: readonly (readonly [keyof typeof servers, FirewallChoice | undefined, number | undefined, string])[] = [
		['free', undefined, undefined, ''],
		['free', 'exempt', undefined, 'refused: firewall-choice'],
		['free', 'mail-group', undefined, 'refused: firewall-choice'],
		['whm', undefined, undefined, 'refused: firewall'],
		['whm', undefined, 587, 'refused: firewall'],
		['whm', undefined, 2525, ''],
		['whm', 'exempt', undefined, 'refused: firewall-choice'],
		['whm', 'rule', undefined, 'rule, firewall rule'],
		['whm', 'mail-group', undefined, 'mail-group, firewall mail-group'],
		['whm', 'smarthost', undefined, 'refused: firewall-choice'],
		['whm', 'smarthost', 465, 'refused: firewall-choice'],
		['whm', 'smarthost', 2525, 'smarthost, note'],
		['whm', 'none', undefined, 'none, note'],
		['csf', undefined, undefined, 'refused: firewall'],
		['csf', 'exempt', undefined, 'exempt, firewall csf'],
		['csf', 'rule', undefined, 'rule, firewall rule, firewall csfpost'],
		['csf', 'mail-group', undefined, 'mail-group, firewall mail-group'],
	];
	for (const [server, choice, port, wanted] of rows)
		assert.equal(await planned(server, choice, port), wanted, `${server} ${choice} ${port}`);
	const refused = firewallSteps(await firewallFacts(servers.csf), { choice: undefined, smarthostPort: undefined });
	for (const choice of firewallChoices)
		assert.ok(!refused.ok && refused.error.hint.includes(`--firewall ${choice}`), choice);
});

test('what was chosen once stays when nobody chooses again', async () => {
	for (const [path, wanted] of [
		[exemptScript, 'rule'],
		[mailGroupDropIn, 'mail-group'],
	] as const) {
		servers.whm.files.set(path, fileOf(path, ''));
		assert.equal((await planned('whm')).split(',')[0], wanted);
		servers.whm.files.delete(path);
	}
});

test('the agent in the mail group sees no home, wherever homes are', async () => {
	const plan = firewallSteps(await firewallFacts(servers.whm), { choice: 'mail-group', smarthostPort: undefined });
	const [action] = plan.ok ? (plan.value.steps[0]?.apply ?? []) : [];
	assert.ok(action?.kind === 'write');
	assert.match(action.file.content, /^Group=mail$/m);
	assert.match(action.file.content, /^InaccessiblePaths=-\/home -\/home2 -\/var\/mail -\/var\/spool\/mail$/m);
});

test('what is ours comes out of what others have changed since', () => {
	const others = '#!/bin/bash\niptables -A INPUT -j ACCEPT';
	for (const text of [others, `${others}\n`]) {
		const ours = withCsfPost(text);
		assert.equal(withCsfPost(ours), ours);
		assert.equal(withoutCsfPost(ours), `${others}\n`);
		assert.deepEqual(withoutOurs('/etc/csf/csfpost.sh', `${ours}echo later\n`), {
			kind: 'keep',
			content: `${others}\necho later\n`,
		});
	}
	assert.equal(withoutCsfPost(withCsfPost(undefined)), undefined);
	assert.deepEqual(withoutOurs(csfConf, 'X = "1"\nSMTP_ALLOWUSER = "a,sluice,b"\n'), {
		kind: 'keep',
		content: 'X = "1"\nSMTP_ALLOWUSER = "a,b"\n',
	});
	assert.deepEqual(withoutOurs(exemptScript, 'changed'), { kind: 'remove' });
	assert.equal(withoutOurs('/etc/passwd', ''), undefined);
});
