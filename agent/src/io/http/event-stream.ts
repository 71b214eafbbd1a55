/**
 * `GET /v1/events`: the events of the log as server-sent events, for pages and scripts that follow.
 *
 * Each has an id that only grows while the agent runs; `Last-Event-ID` resumes from what is still in memory, and a gap is told as
 * an event of its own, so that a follower knows when it must ask again. A follower that does not read is dropped, not waited for.
 * What is remembered is text of bounded length and not the event: its fields may be parts of much larger texts of strangers.
 */
import { eventFieldCharsMax, type SluiceEvent } from '@sluice/shared/words/events.ts';
import type { Request, Response } from 'express';

export type EventStream = {
	publish(event: SluiceEvent): void;
	/** False: too many follow already, and nothing was answered. */
	serve(request: Request, response: Response): boolean;
	stop(): void;
};

const rememberedMax = 5_000;
const followersMax = 50;
const backlogBytesMax = 1024 * 1024;
const keepAliveMs = 15_000;

type Remembered = { readonly id: number; readonly text: string };

const bounded = (text: string): string =>
	text.length > eventFieldCharsMax ? `${text.slice(0, eventFieldCharsMax)}…` : text;

const isText = (value: unknown): value is string => typeof value === 'string';

/** Made for every event, followed or not: a copy with bounded fields costs a third of a replacer. */
function textOf(id: number, event: SluiceEvent): string {
	const data: { [name: string]: unknown } = { time: new Date(event.atMs).toISOString() };
	for (const name in event) {
		if (name === 'atMs') continue;
		const value = event[name];
		data[name] = isText(value)
			? bounded(value)
			: Array.isArray(value)
				? value.map((one: unknown) => (isText(one) ? bounded(one) : one))
				: value;
	}
	return `id: ${id}\nevent: ${event.event}\ndata: ${JSON.stringify(data)}\n\n`;
}

export function createEventStream(): EventStream {
	const remembered: Remembered[] = [];
	const open = new Set<Response>();
	/** Those of them that have been told all that is remembered. */
	const followers = new Set<Response>();
	let nextId = Date.now() * 1000;
	let timer: NodeJS.Timeout | undefined;

	const send = (response: Response, { text }: Remembered): void => {
		if (response.writableLength > backlogBytesMax) {
			followers.delete(response);
			response.destroy();
			return;
		}
		response.write(text);
	};

	/** Tells what is remembered behind `lastId` as fast as it is read, then lets the follower follow. */
	const catchUp = (response: Response, lastId: number): void => {
		const first = remembered[0]?.id ?? nextId;
		if (lastId + 1 < first) response.write(`event: gap\ndata: {"from":${lastId + 1},"to":${first}}\n\n`);
		// Ids have no holes.
		for (let at = Math.max(0, lastId + 1 - first); at < remembered.length; at++) {
			const { id, text } = remembered[at] as Remembered;
			if (response.write(text)) continue;
			response.once('drain', () => catchUp(response, id));
			return;
		}
		followers.add(response);
	};

	return {
		publish(event) {
			const id = nextId++;
			const entry = { id, text: textOf(id, event) };
			remembered.push(entry);
			if (remembered.length > rememberedMax * 2) remembered.splice(0, remembered.length - rememberedMax);
			for (const response of followers) send(response, entry);
		},
		serve(request, response) {
			if (open.size >= followersMax) return false;
			response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
			if (request.method === 'HEAD') {
				response.end();
				return true;
			}
			open.add(response);
			response.on('close', () => {
				open.delete(response);
				followers.delete(response);
			});
			const last = Number(request.headers['last-event-id']);
			if (Number.isFinite(last) && last > 0) catchUp(response, last);
			else {
				response.write(': following\n\n');
				followers.add(response);
			}
			timer ??= setInterval(() => {
				for (const follower of followers) follower.write(': \n\n');
			}, keepAliveMs).unref();
			return true;
		},
		stop() {
			clearInterval(timer);
			for (const response of open) response.end();
			open.clear();
			followers.clear();
		},
	};
}
