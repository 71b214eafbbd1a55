/**
 * Whether the agent's user gets out: a connection made as that user, to a mail server far away or to the agent's relay.
 *
 * Root gets out where the agent does not (SMTP restrictions name users), so the little program runs with the agent's user and first group. Rules
 * that lead mail back answer as well, with this server's own greeting: that is the loop in which mail would stay. It looks at the greeting and quits;
 * no mail is sent.
 */
import { agentIds } from '../facts/firewall.ts';
import type { Machine } from '../facts/machine.ts';
import { agentUser, currentRelease } from '../facts/places.ts';
import { type Finding, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';

/** A domain whose mail servers are up when anything is. */
const wellKnownDomain = 'gmail.com';
const smtpPort = 25;
type Target = { readonly host: string; readonly port: number };
const connectMs = 8_000;

/** Prints one line: `220 greeting`, or `! why not`. Arguments: host, port, milliseconds. */
export const connectProgram = `const [host, port, ms] = process.argv.slice(1);
const end = (line) => { process.stdout.write(line + '\\n'); process.exit(0); };
const socket = require('node:net').connect({ host, port: Number(port) });
setTimeout(() => end('! no answer within ' + ms / 1000 + ' s'), Number(ms));
socket.on('error', ({ code, message }) => end('! ' + (code ?? message)));
socket.on('close', () => end('! closed without a greeting'));
socket.once('data', (bytes) => { socket.write('QUIT\\r\\n'); end(bytes.toString('latin1').split(/\\r?\\n/)[0].slice(0, 200)); });`;

/** What `host` says to a connection made as this user: its first line, or `! why not`. */
export async function greetingAs(
	user: { readonly uid: number; readonly gid: number },
	machine: Machine,
	{ host, port }: Target,
): Promise<string> {
	const words = [`${currentRelease}/bin/node`, '-e', connectProgram, host, String(port), String(connectMs)];
	const { exitCode, output } = await machine.run(words, { user });
	const line = output.trim().split('\n')[0] ?? '';
	return exitCode === 0 ? line : `! ${line === '' ? `ended with ${exitCode}` : line}`;
}

export async function outboundFindings(ground: Ground): Promise<readonly Finding[]> {
	const { machine } = ground;
	const user = await agentIds(machine);
	if (user === undefined)
		return [
			watch('outbound.user', `There is no user ${agentUser}: not tried whether it gets out.`, '`sluice install`'),
		];
	const targets = await targetsOf(ground);
	if (typeof targets === 'string')
		return [
			wrong(
				'outbound.dns',
				`This server cannot look up where mail for ${wellKnownDomain} goes (${targets}). Without name service no mail for other servers is delivered.`,
				'See /etc/resolv.conf and the firewall (port 53); `sluice doctor --target HOST` tries another host.',
			),
		];
	const tried: Tried[] = [];
	for (const target of targets) {
		const line = await greetingAs(user, machine, target);
		tried.push({ target: `${target.host}:${target.port}`, line });
		if (/^\d{3}/.test(line)) break;
	}
	return judgeTried(ground, tried);
}

type Tried = { readonly target: string; readonly line: string };

function judgeTried(ground: Ground, tried: readonly Tried[]): readonly Finding[] {
	const reached = tried.find(({ line }) => /^\d{3}/.test(line));
	if (reached === undefined)
		return [
			wrong(
				'outbound.closed',
				`The user ${agentUser} does not get out: ${tried.map(({ target, line }) => `${target} (${line.replace(/^! /, '')})`).join(', ')}.`,
				'If `nc -w 5 HOST 25` works as root, a rule of this server is in the way: `sluice install --firewall …`. Else the network is: many providers open port 25 on request, or set delivery.smarthost.',
			),
		];
	const [, greeted = ''] = /^\d{3}[ -](\S+)/.exec(reached.line) ?? [];
	if (ownNames(ground).includes(greeted.toLowerCase()))
		return [
			wrong(
				'outbound.loop',
				`Who answers the user ${agentUser} at ${reached.target} is this server itself (${greeted}): a rule leads its mail back, which then stays in the queue.`,
				'`sluice install --firewall exempt|rule|mail-group`',
			),
		];
	if (reached.line.startsWith('2')) return [];
	return [
		watch(
			'outbound.refused',
			`${reached.target} greets with: ${reached.line}`,
			'That server refuses this one for now; its text tells why. `sluice doctor --target HOST` tries another.',
		),
	];
}

function ownNames({ site }: Ground): readonly string[] {
	if (!site.ok) return [];
	const { wiring, config } = site.value;
	return [wiring.ok ? wiring.value.hostName : '', config?.hostName ?? '']
		.filter((name) => name !== '')
		.map((name) => name.toLowerCase());
}

const targetsMax = 2;

/** The relay where there is one, else mail servers of somebody large. A string: why there are none. */
async function targetsOf({ site, target, names }: Ground): Promise<readonly Target[] | string> {
	if (target !== undefined) {
		const [, host = target, port] = /^(.*?)(?::(\d+))?$/.exec(target) ?? [];
		return [{ host, port: port === undefined ? smtpPort : Number(port) }];
	}
	const delivery = site.ok ? site.value.config?.delivery : undefined;
	const relay = delivery?.smarthost;
	if (relay !== undefined)
		return [relay.host]
			.flat()
			.slice(0, targetsMax)
			.map((host) => ({ host, port: relay.port }));
	try {
		const hosts = await names.exchanges(wellKnownDomain);
		return hosts.length === 0
			? 'DNS names no mail server'
			: hosts.slice(0, targetsMax).map((host) => ({ host, port: delivery?.port ?? smtpPort }));
	} catch (error) {
		return error instanceof Error ? error.message : String(error);
	}
}
