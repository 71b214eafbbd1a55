/**
 * Following the agent's events: `GET /v1/events` on its socket, server-sent events, resumed after a break.
 *
 * The last id that was heard goes back with the next connection, so that a restart of the follower's connection loses nothing that
 * the agent still remembers; what it does not is told as a gap. The first connection must succeed; afterwards an agent that goes
 * away is waited for. Not here: filtering and layout.
 *
 * WHATWG HTML §9.2 (server-sent events), as much of it as the agent sends: one line each of id, event and data.
 */
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { type Actor, actorHeader, actorHeaderValue } from '../contract/actor.ts';
import type { ProblemDocument } from '../contract/problem.ts';
import type { EventFields } from '../words/events.ts';
import { type ClientFailure, unreachable } from './client.ts';

/** An event as the stream has it: with `time` (RFC 3339) in place of `atMs`. */
export type FollowedEvent = EventFields & { readonly event: string; readonly time: string };

export type Follower = {
	event(event: FollowedEvent): void;
	/** Events were missed: ask again for what matters. */
	gap(): void;
	connected?(): void;
	/** The connection broke; it is made again. */
	lost?(): void;
};

export type Following = {
	stop(): void;
	/** Resolves after stop with undefined, or with why following was not possible. */
	readonly ended: Promise<ClientFailure | undefined>;
};

const againMs = 1_000;
/** The agent sends something every 15 s; three times that without anything is a dead connection. */
const silenceMs = 45_000;
const lineCharsMax = 1024 * 1024;
const problemBytesMax = 64 * 1024;

type Heard = { readonly id?: string; readonly event?: string; readonly data?: string };

/** Gives each event of a stream of text. Lines may be split anywhere. */
export function createEventReader(heard: (event: Heard) => void): (text: string) => void {
	let rest = '';
	let fields: { [name: string]: string } = {};
	return (text) => {
		const lines = (rest + text).split('\n');
		rest = lines.pop() as string;
		if (rest.length > lineCharsMax) throw new Error('a line of the event stream is too long');
		for (const line of lines) {
			if (line === '') {
				if (fields.data !== undefined) heard(fields);
				fields = {};
			} else if (!line.startsWith(':')) {
				const [, name, value] = /^([^:]*)(?:: ?(.*))?$/s.exec(line.replace(/\r$/, '')) ?? [];
				fields[name as string] = value ?? '';
			}
		}
	};
}

async function problemOf(response: IncomingMessage): Promise<ClientFailure> {
	let text = '';
	response.setEncoding('utf8');
	for await (const part of response) if (text.length < problemBytesMax) text += part as string;
	try {
		return { kind: 'problem', problem: JSON.parse(text) as ProblemDocument };
	} catch {
		const status = response.statusCode ?? 0;
		const title = status === 503 ? 'Too many are following already' : `HTTP ${status}`;
		return { kind: 'problem', problem: { type: 'about:blank', title, status } };
	}
}

export function followEvents(socketPath: string, actor: Actor, follower: Follower): Following {
	const { promise: ended, resolve } = Promise.withResolvers<ClientFailure | undefined>();
	let call: ClientRequest | undefined;
	let timer: NodeJS.Timeout | undefined;
	let lastId: string | undefined;
	let hasConnected = false;
	let isConnected = false;
	let isStopped = false;

	const finish = (failure: ClientFailure | undefined): void => {
		isStopped = true;
		clearTimeout(timer);
		call?.destroy();
		resolve(failure);
	};
	const hear = ({ id, event, data }: Heard): void => {
		if (id !== undefined) lastId = id;
		if (event === 'gap') follower.gap();
		else follower.event(JSON.parse(data as string) as FollowedEvent);
	};
	const again = (error: NodeJS.ErrnoException | undefined): void => {
		if (isStopped) return;
		if (!hasConnected) {
			finish(unreachable(error ?? new Error('the connection was closed'), socketPath));
			return;
		}
		if (isConnected) follower.lost?.();
		isConnected = false;
		clearTimeout(timer);
		timer = setTimeout(connect, againMs);
	};
	const listen = (response: IncomingMessage): void => {
		hasConnected = true;
		isConnected = true;
		follower.connected?.();
		const read = createEventReader(hear);
		response.setEncoding('utf8');
		response.on('data', (text: string) => read(text));
		response.on('error', () => {});
		response.on('close', () => again(undefined));
	};
	function connect(): void {
		const headers = {
			[actorHeader]: actorHeaderValue(actor),
			...(lastId === undefined ? {} : { 'last-event-id': lastId }),
		};
		call = request({ socketPath, path: '/v1/events', headers, timeout: silenceMs }, (response) => {
			if (response.statusCode === 200) listen(response);
			else void problemOf(response).then(finish);
		});
		call.on('timeout', () => call?.destroy());
		call.on('error', again);
		call.end();
	}
	connect();
	return { stop: () => finish(undefined), ended };
}
