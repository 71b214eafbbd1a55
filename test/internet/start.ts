/**
 * `npm start`: the agent, its pages and a fake internet, so that anybody can watch mail being relayed in a fresh checkout.
 *
 * Everything is on loopback. Waits are short, so that deferrals, delay notices and bounces are seen within minutes. The agent's
 * data stays in ./var between starts: stop it with mail in the queue, start it again, and the mail goes on.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig, problemText } from '@sluice/agent/config/load.ts';
import { startAgent } from '@sluice/agent/main/agent.ts';
import { version as agentVersion } from '@sluice/agent/main/version.ts';
import { createClient } from '@sluice/shared/client/client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import { type NoPanel, startNoPanel } from '@sluice/shared/panel/none/start.ts';
import type { SluiceEvent } from '@sluice/shared/words/events.ts';
import { type DemoMail, isDemoAddress, seedDemo, startDemoMail } from './demo.ts';
import { lineOf } from './follow.ts';
import { type Internet, startInternet } from './internet.ts';
import { type MtaInFront, startMtaInFront } from './with-mta.ts';
import { readWords } from './words.ts';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const dataDir = join(root, 'var');
const relayPort = 2526;
const pagePort = 2580;

const usage = `npm start -- [--mta exim|postfix]

  --mta  put Debian's Exim or Postfix in front, in a private root (needs root)`;

async function giveUp(error: Error): Promise<never> {
	console.error(`It did not start: ${error.message}`);
	await internet.stop();
	process.exit(1);
}

/** The port itself when it is free, else one that is. */
async function freePort(wanted: number): Promise<number> {
	const attempt = (port: number): Promise<number> =>
		new Promise((resolve, reject) => {
			const server = createServer();
			server.once('error', reject);
			server.listen(port, '127.0.0.1', () => {
				const { port: found } = server.address() as { port: number };
				server.close(() => resolve(found));
			});
		});
	return attempt(wanted).catch(() => attempt(0));
}

const secretFile = join(dataDir, 'wiring-secret');
const demoSecretFile = join(dataDir, 'demo-secret');

/** The secret that the demonstration accounts' mail is named with; the same at every start. */
function demoSecret(): string {
	if (!existsSync(demoSecretFile)) writeFileSync(demoSecretFile, randomBytes(24).toString('hex'), { mode: 0o600 });
	return readFileSync(demoSecretFile, 'utf8');
}

/**
 * What stands in for the MTA when there is none: anybody on the machine may hand mail in, and who runs this may name senders as
 * Exim does.
 */
function frontOf(mta: MtaInFront | undefined, port: number): readonly string[] {
	if (mta === undefined)
		return [
			`smtp: { listen: "127.0.0.1:${port}", mtaUsers: [${process.getuid?.() ?? 0}] }`,
			`wiring: { mta: exim, secretFile: ${JSON.stringify(demoSecretFile)} }`,
		];
	if (mta.secret === undefined) return mta.config;
	writeFileSync(secretFile, mta.secret, { mode: 0o600 });
	return mta.config.map((line) => line.replace('SECRET', JSON.stringify(secretFile)));
}

function configText(internet: Internet, front: readonly string[]): string {
	return [
		'# Written by npm start, anew each time. Try: npx sluice config explain --config var/agent.yaml',
		`dataDir: ${JSON.stringify(dataDir)}`,
		'hostName: relay.sluice.test',
		...front,
		'delivery:',
		`  dnsServers: [127.0.0.1:${internet.dnsPort}]`,
		`  port: ${internet.smtpPort}`,
		'  allowAddresses: [127.0.10.0/24, "::1/128"]   # the fake internet lives here',
		'  lane: { reopenSeconds: 10, reopenMaxSeconds: 60 }',
		'  retry: { firstSeconds: 10, maxSeconds: 60, delayNoticeSeconds: 60, expireSeconds: 600 }',
		'spool: { minFreeBytes: 100000000, minFreeRatio: 0.01 }',
		'rights: { owners: { release: true, discard: true } }',
		'',
	].join('\n');
}

/** Where the pages are and how one gets in; the password is known only to the start that made it. */
function describePages(pages: NoPanel): string {
	const password =
		pages.password === undefined
			? `password as printed on ${pages.passwordMade.slice(0, 10)}; for a new one remove var/panel-password and start again`
			: `password ${pages.password} (printed this once)`;
	return `Pages: ${pages.url}   ${password}\n       as WHM shows them; “See as this customer” on an account shows what its customer sees.`;
}

function greet(internet: Internet, smtpAddress: string, mta: MtaInFront | undefined, pages: NoPanel): void {
	const lines = [
		'',
		`Sluice relays on ${smtpAddress}; its data is in ${relative(process.cwd(), dataDir) || '.'}/.`,
		...internet.describe(),
		'',
		...(mta === undefined ? [] : [...mta.describe, '']),
		describePages(pages),
		'',
		'Send a message and see its whole life (in a second terminal):',
		'',
		'  npm run send -- --from you@one.test --to 451-later@ok.test',
		'',
		'Then:  npx sluice queue    npx sluice message list    npx sluice message trace ID    npx sluice status',
		'Ctrl-C drains and stops. What happens from here on:',
		'',
	];
	console.log(lines.join('\n'));
}

const values = readWords(usage, { mta: { type: 'string' } });
if (values.mta !== undefined && values.mta !== 'exim' && values.mta !== 'postfix') {
	console.error(`--mta: exim or postfix.\n\n${usage}`);
	process.exit(2);
}
mkdirSync(dataDir, { recursive: true });
const internet = await startInternet({ store: 'counts' });
const configFile = join(dataDir, 'agent.yaml');
const port = await freePort(relayPort);
demoSecret();
const mta = values.mta === undefined ? undefined : await startMtaInFront(values.mta, port).catch(giveUp);
// Under its name only once the agent runs: an agent that runs already goes by that file.
const newFile = `${configFile}.new`;
writeFileSync(newFile, configText(internet, frontOf(mta, port)));
const loaded = loadConfig(newFile);
if (!loaded.ok) throw new Error(loaded.error.map(problemText).join('\n'));
let isGreeted = false;
const demoMessages = new Set<string>();
/** Mail of the demonstration accounts is seen on the pages, not here. */
function isTold(event: SluiceEvent): boolean {
	const isDemo = [event.sender, event.recipient].some(
		(address) => typeof address === 'string' && isDemoAddress(address),
	);
	if (isDemo && event.message !== undefined) demoMessages.add(event.message);
	return isGreeted && (event.message === undefined || !demoMessages.has(event.message));
}
const agent = await startAgent({
	config: loaded.value.config,
	isQuiet: true,
	onEvent: (event) => {
		const line = lineOf(event);
		if (isTold(event) && line !== undefined) console.log(line);
	},
}).catch(async (error: Error) => {
	await mta?.stop();
	rmSync(newFile, { force: true });
	return giveUp(error);
});
renameSync(newFile, configFile);
const clientFor = (actor: Actor) => createClient(agent.socketPath, actor);
const pages = await startNoPanel({
	port: await freePort(pagePort),
	passwordFile: join(dataDir, 'panel-password'),
	clientFor,
	version: agentVersion,
	failed: (where, error) => console.error(where, error),
});
let demo: DemoMail | undefined;
if (mta === undefined) {
	const client = clientFor({ role: 'admin', id: 'demo' });
	await seedDemo(client);
	demo = startDemoMail(client, { port, secret: demoSecret() });
}
greet(internet, agent.smtpAddress, mta, pages);
isGreeted = true;

let isStopping = false;
async function stop(): Promise<void> {
	if (isStopping) process.exit(1);
	isStopping = true;
	const { openRecipients } = agent.flow.scheduler;
	console.log(`\nStopping: no new mail, deliveries under way end (Ctrl-C again to stop at once).`);
	demo?.stop();
	await pages.stop();
	await mta?.stop();
	await agent.stop();
	await internet.stop();
	console.log(
		openRecipients === 0
			? 'Stopped; the queue is empty.'
			: `Stopped; ${openRecipients} recipients stay in the queue and go on at the next start.`,
	);
	process.exit(0);
}
process.on('SIGINT', () => void stop());
process.on('SIGTERM', () => void stop());
