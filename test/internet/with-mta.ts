/**
 * `npm start -- --mta exim|postfix`: Debian's real MTA in a private root, wired to the agent as the product wires it.
 *
 * For seeing attribution and the way back of reports with one's own eyes. Needs root and namespaces; says so when they are missing.
 */

import { renderExim } from '@sluice/shared/mta/exim.ts';
import { cpanelStockNames, readEximStock } from '@sluice/shared/mta/exim-stock.ts';
import { renderPostfix, wirePostfix } from '@sluice/shared/mta/postfix.ts';
import { type Box, boxesUnavailable } from '../mta/box.ts';
import { eximUser, startExim } from '../mta/exim.ts';
import { eximConfiguration } from '../mta/exim-configuration.ts';
import { postfixUser, startPostfix } from '../mta/postfix.ts';
import { user1 } from '../mta/sites.ts';
import { fixtureBypassPath, fixtureSecret, fixtureSecretPath, placeFixtureSecret } from '../mta/wiring-fixture.ts';

export type MtaName = 'exim' | 'postfix';

export type MtaInFront = {
	/** Lines of agent.yaml. */
	readonly config: readonly string[];
	/** For people: how to send through it. */
	readonly describe: readonly string[];
	/** The secret that the agent's configuration names, when there is one. */
	readonly secret?: string;
	stop(): Promise<void>;
};

const ttlSeconds = 8 * 3600;

function describe(box: Box, smtpPort: number, submissionPort: number, title: string): readonly string[] {
	return [
		`${title} stands in front (private root, process ${box.pid}): SMTP on 127.0.0.1:${smtpPort}, submission on 127.0.0.1:${submissionPort}.`,
		'Send as a script of the unix user webuser, and as an authenticated mailbox:',
		'',
		`  printf 'Subject: from a script\\n\\nhi\\n' | nsenter -t ${box.pid} -m -p -r -w su -s /bin/sh webuser -c '/usr/sbin/sendmail -i friend@ok.test'`,
		`  npm run send -- --port ${submissionPort} --user ${user1.user} --password ${user1.password} --from ${user1.user} --to 550-gone@ok.test`,
	];
}

async function eximInFront(agentPort: number): Promise<MtaInFront> {
	const stock = eximConfiguration({
		hostname: 'cpanel.example.test',
		smtpPort: 2,
		submissionPort: 3,
		direct: { host: '127.0.0.1', port: 9 },
	});
	const wiring = renderExim({
		agentPort,
		secretPath: fixtureSecretPath,
		bypassPath: fixtureBypassPath,
		stock: readEximStock(stock, cpanelStockNames),
	});
	const exim = await startExim({ directPort: 9, wiring, name: 'start-exim', queueRunSeconds: 10, ttlSeconds });
	await placeFixtureSecret(exim.box);
	return {
		config: [
			'wiring: { mta: exim, secretFile: SECRET }',
			`smtp: { listen: "127.0.0.1:${agentPort}", mtaUsers: [${eximUser.uid}] }`,
			`dsn: { via: { host: 127.0.0.1, port: ${exim.smtpPort} } }`,
		],
		describe: describe(exim.box, exim.smtpPort, exim.submissionPort, "Debian's Exim"),
		secret: fixtureSecret,
		stop: () => exim.stop(),
	};
}

async function postfixInFront(agentPort: number): Promise<MtaInFront> {
	const postfix = await startPostfix({ directPort: 9, name: 'start-postfix', ttlSeconds });
	const mainCf = '/etc/postfix/main.cf';
	const wired = wirePostfix(await postfix.box.readFile(mainCf), renderPostfix({ agentPort }), { overSmarthost: true });
	if (!wired.ok) throw new Error(`Postfix cannot be wired: ${JSON.stringify(wired.error)}`);
	await postfix.box.writeFile(mainCf, wired.value);
	await postfix.reload();
	return {
		config: [
			`wiring: { mta: postfix, hostNames: [${postfix.hostname}] }`,
			`smtp: { listen: "127.0.0.1:${agentPort}", mtaUsers: [${postfixUser.uid}] }`,
			`dsn: { via: { host: 127.0.0.1, port: ${postfix.smtpPort} } }`,
		],
		describe: describe(postfix.box, postfix.smtpPort, postfix.submissionPort, "Debian's Postfix"),
		stop: () => postfix.stop(),
	};
}

/** Starts the MTA. Throws with the reason where boxes cannot be had. */
export async function startMtaInFront(name: MtaName, agentPort: number): Promise<MtaInFront> {
	const reason = await boxesUnavailable();
	if (reason !== undefined) throw new Error(`no private root for an MTA here: ${reason}`);
	return name === 'exim' ? eximInFront(agentPort) : postfixInFront(agentPort);
}
