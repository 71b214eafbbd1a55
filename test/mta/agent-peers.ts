/**
 * Who may hand mail to the agent: root and the MTA's user, as the kernel says, and nobody by what he says.
 *
 * The programs that connect run in the box under their real uids; the network is the host's, so /proc shows them as on any server.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { withConfig } from './agent-answers.ts';
import { headerText, runCase } from './attribution-case.ts';
import type { Hosting, MtaKind } from './hosting.ts';
import { isExim } from './hosting.ts';
import { messageText } from './senders.ts';
import { until } from './until.ts';
import { fixtureSecret } from './wiring-fixture.ts';

type World = Hosting<MtaKind>;

const BLOCK_MS_MAX = 10_000;

/** A whole wiring header, as somebody who had got hold of the secret would write it. */
const stolenHeader = `X-Sluice-Sender: v=1; s=${fixtureSecret}; id=1; proto=esmtpa; auth=${Buffer.from('victim@site1.test').toString('base64')}; uid=0; ident=; host=; port=; cwd=; anc=`;

function dialog(subject: string, to: string, hostName: string): string {
	const received = `Received: from x (x [192.0.2.1])\r\n\t(Authenticated sender: victim@site1.test)\r\n\tby ${hostName} (Postfix) with ESMTPA id Q1; x`;
	return [
		'EHLO x',
		'XFORWARD NAME=x ADDR=192.0.2.1 PROTO=ESMTP HELO=x IDENT=Q1 SOURCE=REMOTE',
		'MAIL FROM:<victim@site1.test>',
		`RCPT TO:<${to}>`,
		'DATA',
		`${messageText(subject, to, { headers: [received, stolenHeader] })}.`,
		'QUIT',
		'',
	].join('\r\n');
}

/** Connects with bash, says what comes on stdin at once, and prints the answers. */
const speak = (port: number): string => `exec 3<>/dev/tcp/127.0.0.1/${port}; cat >&3; timeout 10 cat <&3`;

export async function runTenantAtThePort(world: World): Promise<void> {
	const { rig, mta, internet } = world;
	const refused = () => rig.events.filter(({ event, uid }) => event === 'session.refused' && uid === 7001).length;
	const input = dialog('by a tenant', 'tenant@remote.test', mta.hostname);
	const { stdout } = await mta.box.runAs('alice', speak(rig.port), { input });
	assert.match(stdout, /^554 5\.7\.1 /m);
	assert.doesNotMatch(stdout, /^(?:250 2\.|354)/m);
	assert.equal(refused(), 1);
	// Once his socket is closed the kernel shows what is left of it as root's: he is gone before the agent looks.
	const sessions = () => rig.events.filter(({ event }) => event === 'session.refused').length;
	const before = sessions();
	await mta.box.writeFile('/tmp/dialog', input);
	const left = mta.box.runAs(
		'alice',
		`exec 3<>/dev/tcp/127.0.0.1/${rig.port}; cat /tmp/dialog >&3; exec 3>&-; touch /tmp/left`,
	);
	blockUntil(() => existsSync(mta.box.hostPath('/tmp/left')));
	await left;
	await until(() => sessions() > before, {
		waitMs: 10_000,
		otherwise: () => 'a session that left at once was not refused',
	});
	assert.equal(rig.count('message.accepted', { subject: 'by a tenant' }), 0);
	assert.ok(!internet.messages().some(({ content }) => headerText(content).includes('by a tenant')));
}

/** Lets nothing else in this process run, the agent neither, until others have made it so. */
function blockUntil(holds: () => boolean): void {
	const deadline = performance.now() + BLOCK_MS_MAX;
	const nothing = new Int32Array(new SharedArrayBuffer(4));
	while (!holds()) {
		if (performance.now() > deadline) throw new Error('blocked in vain');
		Atomics.wait(nothing, 0, 0, 5);
	}
}

export async function runRootAndMtaAtThePort(world: World): Promise<void> {
	const { rig, mta } = world;
	const names = isExim(mta) ? 'Debian-exim' : 'postfix';
	for (const user of ['root', names]) {
		const to = `${user.toLowerCase()}-at-port@remote.test`;
		await runCase(world, {
			name: `by ${user} at the port`,
			send: async (subject) => {
				const input = dialog(subject, to, mta.hostname);
				const { stdout } =
					user === 'root'
						? await mta.box.run(['/bin/bash', '-c', speak(rig.port)], { input })
						: await mta.box.runAs(user, speak(rig.port), { input });
				assert.match(stdout, /^250 2\.0\.0 \w+ queued/m);
			},
			arrivesAt: [to],
			// They are believed: this is what the secret and the port are worth, and why no tenant may have either.
			from: {
				class: 'mailbox',
				account: 'domain:site1.test',
				identity: 'mailbox:victim@site1.test',
				certainty: 'proved',
				evidence: /auth=victim@site1\.test$/,
			},
		});
	}
}

export async function runUnprovedIsNotBelieved(world: World): Promise<void> {
	const { rig, mta } = world;
	await withConfig(
		world,
		(config) => ({ ...config, smtp: { ...config.smtp, peers: 'anyone' } }),
		() =>
			runCase(world, {
				name: 'unproved with everything',
				send: async (subject) => {
					const input = dialog(subject, 'unproved@remote.test', mta.hostname);
					const { stdout } = await mta.box.runAs('alice', speak(rig.port), { input });
					assert.match(stdout, /^250 2\.0\.0 \w+ queued/m);
				},
				arrivesAt: ['unproved@remote.test'],
				from: {
					class: 'unattributed',
					account: '',
					identity: '',
					certainty: 'none',
					evidence: 'peer is neither root nor the MTA',
					alarms: ['wiring.peer-not-proved'],
				},
			}),
	);
}
