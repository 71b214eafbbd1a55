/**
 * The fake internet of one server: it runs in the server's network, so its ports are nobody else's, and is read from here.
 *
 * Fixed ports: the network is private. The name server is at the usual port, for programs that read /etc/resolv.conf.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Box } from '../mta/box.ts';
import { until } from '../mta/until.ts';
import type { Arrived } from './internet-inside.ts';

export const dnsPort = 53;
/** Of every MX, on 127.0.10.0/24. */
export const mxPort = 2526;
/** The sink that takes what no domain of its own takes (test/internet/topology.ts). */
export const sinkAddress = '127.0.10.1';

const WAIT_MS = 20_000;

export type ServerInternet = {
	/** Messages that a sink took, in the order they came. */
	accepted(): readonly Arrived[];
	/** Those it refused or swallowed too. */
	messages(): readonly Arrived[];
	/** Resolves when as many messages to that recipient were taken; with them. */
	arrived(recipient: string, count?: number, waitMs?: number): Promise<readonly Arrived[]>;
	waitFor(holds: () => boolean, waitMs?: number): Promise<void>;
	stop(): Promise<void>;
};

export async function startServerInternet(box: Box): Promise<ServerInternet> {
	const program = join(import.meta.dirname, 'internet-inside.ts');
	const enter = ['-t', String(box.pid), '-n', '--', 'setpriv', '--pdeathsig', 'KILL', process.execPath];
	const child = spawn('nsenter', [...enter, program, String(dnsPort), String(mxPort)], {
		stdio: ['pipe', 'pipe', 'pipe'],
	});
	const messages: Arrived[] = [];
	let isReady = false;
	let errors = '';
	child.stderr.setEncoding('utf8').on('data', (text: string) => {
		errors += text;
	});
	createInterface({ input: child.stdout }).on('line', (line) => {
		const value = JSON.parse(line) as Arrived | { readonly isReady: true };
		if ('isReady' in value) isReady = true;
		else messages.push(value);
	});
	const waitFor = (holds: () => boolean, waitMs = WAIT_MS): Promise<void> =>
		until(holds, { waitMs, otherwise: () => `the internet has ${messages.length} messages ${errors}` });
	const accepted = (): readonly Arrived[] => messages.filter(({ outcome }) => outcome === 'accepted');
	const stop = async (): Promise<void> => {
		child.stdin.destroy();
		if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
	};
	try {
		await waitFor(() => {
			if (child.exitCode !== null) throw new Error(`the fake internet ended: ${errors}`);
			return isReady;
		});
	} catch (error) {
		await stop();
		throw error;
	}
	return {
		accepted,
		messages: () => messages,
		async arrived(recipient, count = 1, waitMs = WAIT_MS) {
			const found = () => accepted().filter(({ acceptedRecipients }) => acceptedRecipients.includes(recipient));
			await until(() => found().length >= count, {
				waitMs,
				otherwise: () => `${found().length} of ${count} messages to ${recipient} arrived`,
			});
			return found();
		},
		waitFor,
		stop,
	};
}
