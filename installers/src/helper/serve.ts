/**
 * The socket of the root helper: one line in, one line out, one request a connection; bounded in bytes, time, number and rate.
 *
 * Who may open it is the file mode's business (0660 root:sluice-panel). A line that does not come, or is too long, costs a closed connection; more
 * work than is bearable is answered `busy`, so that a panel server that has been taken over cannot keep root busy with cPanel's programs.
 */
import { isUtf8 } from 'node:buffer';
import { createServer, type Socket } from 'node:net';
import { listenAtPath, listening, type SocketPlace } from '@sluice/shared/client/own-socket.ts';
import { helperLineBytesMax } from '@sluice/shared/contract/helper.ts';
import type { HelperAnswer } from './answer.ts';

export type ServeBounds = {
	readonly connectionsMax: number;
	readonly atWorkMax: number;
	/** Lines: on average, and at once after a rest. */
	readonly perMinute: number;
	readonly burst: number;
	readonly lineTimeoutMs: number;
};
export const serveBounds: ServeBounds = {
	connectionsMax: 64,
	atWorkMax: 8,
	perMinute: 240,
	burst: 60,
	lineTimeoutMs: 5_000,
};

export type ServeOptions = {
	/** A path, with mode and group of the file; or a socket that the service manager has passed. */
	readonly at: SocketPlace | { readonly fd: number };
	readonly answer: (line: string) => Promise<HelperAnswer>;
	readonly now: () => number;
	/** So many lines were answered `busy` since it was told last: at most once a second, so that a flood floods nothing. */
	readonly onBusy?: (count: number) => void;
	readonly bounds?: ServeBounds;
};

export type Serving = {
	/** Takes nothing new and waits for what is at work. */
	stop(): Promise<void>;
};

export async function serveHelper({ at, answer, now, onBusy, bounds = serveBounds }: ServeOptions): Promise<Serving> {
	const mayGo = rateOf(bounds, now);
	const busy = busyTold(onBusy ?? (() => {}), now);
	const atWork = new Set<Promise<void>>();
	const open = new Set<Socket>();
	const work = async (line: string): Promise<HelperAnswer> => {
		if (atWork.size > bounds.atWorkMax || !mayGo()) {
			busy.add();
			return { ok: false, code: 'busy', text: 'Too much is asked at once. Try again in a moment.' };
		}
		busy.tell();
		return answer(line);
	};
	const server = createServer({ allowHalfOpen: true }, (socket) => {
		open.add(socket);
		socket.on('close', () => open.delete(socket));
		socket.on('error', () => socket.destroy());
		const timer = setTimeout(() => socket.destroy(), bounds.lineTimeoutMs);
		socket.on('close', () => clearTimeout(timer));
		readLine(socket, (line) => {
			clearTimeout(timer);
			const turn = (line === undefined ? tooLong() : work(line)).then(
				(said) => {
					if (!socket.destroyed) socket.end(`${JSON.stringify(said)}\n`);
				},
				// A bug: whoever asked sees that there is no answer, and the others get theirs.
				() => void socket.destroy(),
			);
			atWork.add(turn);
			void turn.finally(() => atWork.delete(turn));
		});
	});
	server.maxConnections = bounds.connectionsMax;
	if ('fd' in at) await listening(server, at);
	else await listenAtPath(server, at, 'a helper');
	return {
		async stop() {
			const closed = new Promise<void>((resolve) => server.close(() => resolve()));
			await Promise.all(atWork);
			for (const socket of open) socket.destroy();
			await closed;
			busy.tell();
		},
	};
}

const busyToldMs = 1000;

/** Counts what was answered `busy`; `tell` says what was not yet said. */
function busyTold(onBusy: (count: number) => void, now: () => number) {
	let count = 0;
	let lastMs = Number.NEGATIVE_INFINITY;
	const tell = (): void => {
		if (count === 0) return;
		const told = count;
		count = 0;
		lastMs = now();
		onBusy(told);
	};
	return {
		tell,
		add(): void {
			count += 1;
			if (Math.abs(now() - lastMs) >= busyToldMs) tell();
		},
	};
}

const tooLong = async (): Promise<HelperAnswer> => ({
	ok: false,
	code: 'invalid',
	text: `A line of at most ${helperLineBytesMax} bytes of UTF-8 is expected.`,
});

/** The first line, once; undefined for one that is too long or no UTF-8. What comes behind it is not read. */
function readLine(socket: Socket, onLine: (line: string | undefined) => void): void {
	const parts: Buffer[] = [];
	let bytes = 0;
	const end = (line: string | undefined): void => {
		socket.removeAllListeners('data');
		socket.resume();
		onLine(line);
	};
	socket.on('data', (part: Buffer) => {
		const newline = part.indexOf(10);
		parts.push(newline < 0 ? part : part.subarray(0, newline));
		bytes += parts.at(-1)?.length ?? 0;
		if (bytes > helperLineBytesMax) return end(undefined);
		if (newline < 0) return;
		const whole = Buffer.concat(parts);
		end(isUtf8(whole) ? whole.toString('utf8') : undefined);
	});
	socket.on('end', () => {
		if (bytes === 0) socket.destroy();
	});
}

/** True as often as the rate allows: a bucket that fills by the minute. */
export function rateOf(
	{ perMinute, burst }: Pick<ServeBounds, 'perMinute' | 'burst'>,
	now: () => number,
): () => boolean {
	let left = burst;
	let lastMs = now();
	return () => {
		const nowMs = now();
		left = Math.min(burst, left + (Math.max(0, nowMs - lastMs) * perMinute) / 60_000);
		lastMs = nowMs;
		if (left < 1) return false;
		left -= 1;
		return true;
	};
}
