/**
 * A server on which a release can be installed as a customer does it, and what is looked at afterwards.
 *
 * The release is shown inside read-only, where a download would lie; `install.sh` copies and checks it before it is used. What the agent
 * knows is asked over its own socket, from outside.
 */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { agentSocket } from '@sluice/installers/facts/places.ts';
import { type Client, createClient, failureText } from '@sluice/shared/client/client.ts';
import type { RunOptions, RunResult } from '../mta/box.ts';
import { type BuiltRelease, builtRelease } from '../release/built.ts';
import { type Server, type ServerOptions, startServer } from './server-box.ts';

export type Released = Server & {
	/** `sh install.sh --file … WORDS` with the release of that version; throws with all it said when it fails, unless allowed. */
	install(words?: readonly string[], options?: RunOptions & { readonly version?: string }): Promise<RunResult>;
	/** Where that version lies unpacked and looked at, as `install.sh` hands it over. */
	unpacked(version?: string): string;
	/** `install` of what lies there: for tests that `install.sh` has no part in, since unpacking takes some seconds. */
	installUnpacked(words?: readonly string[], options?: RunOptions & { readonly version?: string }): Promise<RunResult>;
	/** The agent's own answer. */
	client(): Client;
	/** How many messages to that recipient the agent took, as far as it still tells. */
	taken(recipient: string): Promise<number>;
};

/** What every test installs with. */
export const unasked = ['--yes', '--allow-development-key'] as const;
const INSTALL_TIMEOUT_MS = 120_000;
const downloads = '/root/download';

/** A server with the releases of these versions at hand, the first being what `install` takes unless told. */
export async function releasedServer(
	context: Parameters<typeof startServer>[0],
	options: ServerOptions & { readonly versions?: readonly string[] },
): Promise<Released> {
	const versions = options.versions ?? ['0.1.0'];
	const releases: BuiltRelease[] = [];
	for (const version of versions) releases.push(await builtRelease(version));
	const binds = releases.map(({ version, archive }) => ({
		host: dirname(archive),
		inside: `${downloads}/${version}`,
		isReadOnly: true,
	}));
	const server = await startServer(context, { ...options, binds: [...(options.binds ?? []), ...binds] });
	const client = () => createClient(server.box.hostPath(agentSocket), { role: 'admin', id: 'test' });
	const unpacked = (version = versions[0]!): string => `${downloads}/${version}/sluice-${version}`;
	return {
		...server,
		client,
		unpacked,
		installUnpacked: (words = [], { version, ...run } = {}) =>
			server.run([`${unpacked(version)}/bin/sluice`, 'install', '--yes', ...words], {
				timeoutMs: INSTALL_TIMEOUT_MS,
				...run,
			}),
		install: (words = unasked, { version = versions[0]!, ...run } = {}) =>
			server.run(['sh', `${downloads}/${version}/install.sh`, ...words], { timeoutMs: INSTALL_TIMEOUT_MS, ...run }),
		async taken(recipient) {
			const found = await client().call('listMessages', { query: { recipient } });
			assert.ok(found.ok, found.ok ? '' : failureText(found.error));
			return found.value.items.length;
		},
	};
}
