/**
 * The agent's user gets out past WHM's SMTP Restrictions and CSF's SMTP_BLOCK in each way that can be chosen, for real: Debian's iptables, the
 * kernel's rules in a network of the box's own, and connections of three users. WHM and CSF are played by scripts that make the rules
 * as their documentation shows them.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { runSteps } from '@sluice/installers/apply/run-steps.ts';
import { csfConf } from '@sluice/installers/facts/csf.ts';
import {
	exemptScript,
	exemptTimer,
	exemptUnit,
	type FirewallChoice,
	firewallFacts,
} from '@sluice/installers/facts/firewall.ts';
import { firewallSteps } from '@sluice/installers/plan/firewall-steps.ts';
import type { Step } from '@sluice/installers/plan/step.ts';
import { type Box, startBox } from '../mta/box.ts';
import { machineOf } from '../mta/box-machine.ts';
import { unpackedLayer } from '../mta/debs.ts';
import { until } from '../mta/until.ts';
import { csfProgram, csfSettings, listener, reached as reachedBy, useIptables, whmRules } from './restrictions.ts';
import { serversUnavailable } from './server-box.ts';

const skip = (await serversUnavailable()) ?? false;

/** An address that is not loopback's. */
const far = '203.0.113.9';
let box: Box;

before(async () => {
	if (skip) return;
	box = await startBox({
		name: 'firewall',
		layers: [await unpackedLayer('iptables'), await unpackedLayer('server')],
		users: [
			{ name: 'sluice', uid: 990, system: true },
			{ name: 'alice', uid: 7001 },
		],
		init: 'systemd',
		ttlSeconds: 120,
	});
	const sh = (script: string) => box.run(['bash', '-c', script]);
	await useIptables(box);
	await box.writeFile('/listen.pl', listener);
	await sh(
		`ip addr add ${far}/32 dev lo; for pair in '${far} far' '127.0.0.1 back'; do setsid perl /listen.pl $pair </dev/null >/dev/null 2>&1 & done`,
	);
	await until(async () => (await reached('root')) === 'far', { waitMs: 5000, otherwise: () => 'nobody listens' });
});

after(() => box?.stop());

/** Who answers: `far` itself, this server (`back`), or nobody. */
const reached = (user: string, group = user, groups = '--clear-groups'): Promise<string> =>
	reachedBy(box, user, far, { group, groups });

const rules = async () =>
	(await box.run(['bash', '-c', 'iptables -t nat -S; iptables -S; ip6tables -t nat -S; ip6tables -S'])).stdout;

async function perform(choice: FirewallChoice, more: readonly Step[] = []) {
	const machine = machineOf(box);
	const plan = firewallSteps(await firewallFacts(machine), { choice, smarthostPort: undefined });
	assert.ok(plan.ok, JSON.stringify(plan));
	return runSteps([...plan.value.steps, ...more], {
		machine,
		test: () => assert.fail('no test'),
		reloadAgent: () => assert.fail('no reload'),
		onStep: () => {},
	});
}

const breaks: Step = {
	id: 'x',
	what: 'x',
	doneWhen: { kind: 'never' },
	apply: [{ kind: 'run', command: ['false'] }],
	undo: [],
};

test('WHM: the agent is led back, a rule of ours lets it out and nobody else, is put in front again, and goes without trace', {
	skip,
}, async () => {
	await box.run(['bash', '-c', whmRules]);
	const theirs = await rules();
	const facts = await firewallFacts(machineOf(box));
	assert.deepEqual(
		facts.stops.map(({ outcome }) => outcome),
		['redirected'],
	);
	assert.deepEqual(facts.groupsLetOut, ['mail']);
	assert.deepEqual([await reached('sluice'), await reached('alice'), await reached('root')], ['back', 'back', 'far']);

	const done = await perform('rule');
	assert.ok(done.ok, JSON.stringify(done));
	assert.deepEqual([await reached('sluice'), await reached('alice'), await reached('root')], ['far', 'back', 'far']);
	assert.equal(
		(await box.run(['systemctl', 'is-active', exemptTimer], { allowFailure: true })).stdout.trim(),
		'active',
	);
	const both = await rules();
	await box.run([exemptScript]);
	assert.equal(await rules(), both, 'nothing is done where it stands first');

	// Theirs are made anew, in front of ours: the unit that the timer starts puts it right.
	await box.run(['bash', '-c', 'iptables -t nat -I OUTPUT -p tcp --dport 587 -m owner ! --uid-owner 0 -j REDIRECT']);
	assert.equal(await reached('sluice'), 'back');
	await box.run(['systemctl', 'start', exemptUnit]);
	assert.equal(await reached('sluice'), 'far');
	assert.equal((await rules()).match(/sluice-out/g)?.length, both.match(/sluice-out/g)?.length, 'no rule twice');
	await box.run(['bash', '-c', 'iptables -t nat -D OUTPUT -p tcp --dport 587 -m owner ! --uid-owner 0 -j REDIRECT']);

	const undone = await perform('rule', [breaks]);
	assert.ok(!undone.ok && undone.error.stuck.length === 0, JSON.stringify(undone));
	assert.equal(await rules(), theirs);
	assert.equal(await machineOf(box).exists(exemptScript), false);
});

test('the mail group has to be the first of a process: a supplementary one is led back all the same', {
	skip,
}, async () => {
	assert.equal(await reached('sluice', 'sluice', '--groups=mail'), 'back');
	assert.equal(await reached('sluice', 'mail', '--groups=sluice'), 'far');
});

test('CSF: a word in SMTP_ALLOWUSER, and taken back; or a rule of ours that outlives csf -r', { skip }, async () => {
	await box.writeFile('/usr/sbin/csf', csfProgram, { mode: 0o755 });
	await box.writeFile(csfConf, csfSettings, { mode: 0o600 });
	await box.run(['csf', '-r']);
	assert.deepEqual([await reached('sluice'), await reached('alice')], ['refused', 'refused']);
	const undone = await perform('exempt', [breaks]);
	assert.ok(!undone.ok && undone.error.stuck.length === 0, JSON.stringify(undone));
	assert.equal(await box.readFile(csfConf), csfSettings);
	assert.equal(await reached('sluice'), 'refused');
	const done = await perform('exempt');
	assert.ok(done.ok, JSON.stringify(done));
	assert.deepEqual([await reached('sluice'), await reached('alice')], ['far', 'refused']);

	await box.writeFile(csfConf, csfSettings, { mode: 0o600 });
	const ruled = await perform('rule');
	assert.ok(ruled.ok, JSON.stringify(ruled));
	await box.run(['csf', '-r']);
	assert.deepEqual([await reached('sluice'), await reached('alice')], ['far', 'refused']);
});
