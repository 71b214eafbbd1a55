/**
 * Another relay of this server, taken over as the upstream of the agent: its hosts, TLS, login and identity header as a part of the agent's
 * configuration.
 *
 * Only what is read for certain is taken over; anything else is a refusal that names it. Several routers that lead to one relay (with and
 * without DKIM) are one. Pure. Not here: reading Exim's configuration (shared/mta/exim-relays.ts), putting its router aside (cpanel.ts).
 */
import { dirname, join } from 'node:path';
import type { EximRelay } from '@sluice/shared/mta/exim-relays.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { FileFact } from '../facts/machine.ts';
import type { Refusal } from '../facts/refusal.ts';
import { type Step, setFile } from './step.ts';

export type Upstream = Pick<EximRelay, 'hosts' | 'port' | 'tls' | 'login' | 'identityHeader'> & {
	readonly routers: readonly string[];
};

/** The part of the agent's configuration beside its main file. */
export const upstreamPath = (configFile: string): string => join(dirname(configFile), 'conf.d', '50-upstream.yaml');

/** As the agent's health names it. */
const upstreamText = ({ hosts, port }: Pick<Upstream, 'hosts' | 'port'>): string =>
	hosts.map((host) => `${host}:${port}`).join(', ');

export function upstreamOf(relays: readonly EximRelay[]): Result<Upstream, Refusal> {
	const [first] = relays;
	if (first === undefined)
		return failed({
			code: 'no-upstream',
			text: 'There is no other relay here that could be adopted.',
			hint: '`sluice mta wire` without --adopt-upstream wires this server.',
		});
	const problem = relays.flatMap(({ router, problems }) => problems.map((text) => `router ${router}: ${text}`))[0];
	if (problem !== undefined)
		return failed({
			code: 'upstream',
			text: `The other relay cannot be adopted as it is: ${problem}.`,
			hint: 'Write delivery.smarthost of the agent by hand, then `sluice mta wire --over-smarthost`.',
		});
	const { hosts, port, tls, login, identityHeader } = first;
	const settings = ({ hosts: each, port: at, tls: how, login: who }: EximRelay) => JSON.stringify([each, at, how, who]);
	if (relays.some((relay) => settings(relay) !== settings(first)))
		return failed({
			code: 'upstream',
			text: `There are several relays (${relays.map((relay) => `${relay.router}: ${upstreamText(relay)}`).join('; ')}), and the agent has one for all mail.`,
			hint: 'Write delivery.smarthost of the agent by hand, then `sluice mta wire --over-smarthost`.',
		});
	return ok({
		hosts,
		port,
		tls,
		...(login === undefined ? {} : { login }),
		...(identityHeader === undefined ? {} : { identityHeader }),
		routers: relays.map(({ router }) => router),
	});
}

export function upstreamConfig(upstream: Upstream): string {
	const { hosts, port, tls, login, identityHeader, routers } = upstream;
	const keys = {
		host: hosts.length === 1 ? hosts[0] : hosts,
		port,
		tls,
		...(login === undefined ? {} : login),
		...(identityHeader === undefined ? {} : { identityHeader }),
	};
	return [
		`# Made by \`sluice mta wire --adopt-upstream\` of Exim's router ${routers.join(', ')}.`,
		'delivery:',
		'  smarthost:',
		// JSON is YAML, whatever stands in a password.
		...Object.entries(keys).map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`),
		'',
	].join('\n');
}

export type UpstreamParts = {
	readonly upstream: Upstream;
	/** The file to be; `like` the former one, if there is one. */
	readonly file: FileFact;
	readonly former: FileFact | undefined;
};

/** The agent has its upstream before the first message comes. */
export function upstreamStep({ upstream, file, former }: UpstreamParts): Step {
	return {
		id: 'upstream',
		what: `The agent delivers through ${upstreamText(upstream)} (${file.path}).`,
		doneWhen: { kind: 'never' },
		apply: [
			{ kind: 'write', file },
			{ kind: 'reload-agent', upstream: upstreamText(upstream) },
		],
		undo: [
			setFile(file.path, former?.content, former),
			{ kind: 'remove-folder', path: dirname(file.path) },
			{ kind: 'reload-agent', mayFail: true },
		],
	};
}
