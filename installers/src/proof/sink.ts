/**
 * The sink of a proof: takes what it is sent on the loopback and keeps how it came, as a receiver on the internet would see it.
 *
 * Just enough SMTP for one agent that is well (RFC 5321 §4.5.1); what else connects is told goodbye at the first odd word. Bounded in
 * connections, messages and bytes. It listens at 127.0.0.1 and, where there is IPv6, at the same port of ::1.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

export type Arrival = {
	readonly peer: string;
	readonly ehlo: string;
	/** Dots unstuffed, CRLF, latin1. */
	readonly message: string;
};

export type Sink = {
	readonly port: number;
	readonly arrivals: readonly Arrival[];
	stop(): void;
};

const connectionsMax = 16;
const arrivalsMax = 64;
const bytesMax = 1 << 20;
const endOfData = '\r\n.\r\n';

export async function openSink(): Promise<Sink> {
	const arrivals: Arrival[] = [];
	const sockets = new Set<Socket>();
	const receive = (socket: Socket): void => {
		if (sockets.size >= connectionsMax) {
			socket.destroy();
			return;
		}
		sockets.add(socket);
		socket.on('close', () => sockets.delete(socket));
		socket.on('error', () => socket.destroy());
		converse(socket, (arrival) => {
			if (arrivals.length < arrivalsMax) arrivals.push(arrival);
		});
	};
	const first = await listen(receive, '127.0.0.1', 0);
	const servers = [first];
	const { port } = first.address() as AddressInfo;
	try {
		servers.push(await listen(receive, '::1', port));
	} catch {
		// No IPv6 here, or the port is taken there: then nothing is sent by it either, or it shows as a message that did not arrive.
	}
	return {
		port,
		arrivals,
		stop() {
			for (const server of servers) server.close();
			for (const socket of sockets) socket.destroy();
		},
	};
}

async function listen(receive: (socket: Socket) => void, host: string, port: number): Promise<Server> {
	const server = createServer(receive);
	server.listen(port, host);
	await once(server, 'listening');
	return server;
}

function converse(socket: Socket, arrived: (arrival: Arrival) => void): void {
	let pending = '';
	let ehlo = '';
	let isData = false;
	const say = (text: string): void => void socket.write(`${text}\r\n`);
	const peer = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');

	const takeMessage = (): boolean => {
		const whole = `\r\n${pending}`;
		const end = whole.indexOf(endOfData);
		if (end < 0) return false;
		const message = whole.slice(2, end + 2).replace(/^\.\./gm, '.');
		pending = whole.slice(end + endOfData.length);
		isData = false;
		arrived({ peer, ehlo, message });
		say('250 2.0.0 seen');
		return true;
	};
	const takeCommand = (): boolean => {
		const end = pending.indexOf('\r\n');
		if (end < 0) return false;
		const line = pending.slice(0, end);
		pending = pending.slice(end + 2);
		answer(line);
		return !socket.destroyed;
	};
	const answer = (line: string): void => {
		switch (line.split(/[ :]/)[0]?.toUpperCase()) {
			case 'EHLO':
			case 'HELO':
				ehlo = line.slice('EHLO '.length).trim();
				say('250-sink.invalid\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES');
				break;
			case 'MAIL':
				say('250 2.1.0 ok');
				break;
			case 'RCPT':
				say('250 2.1.5 ok');
				break;
			case 'DATA':
				isData = true;
				say('354 go on');
				break;
			case 'RSET':
			case 'NOOP':
				say('250 2.0.0 ok');
				break;
			default:
				socket.end('221 2.0.0 bye\r\n');
		}
	};

	socket.setEncoding('latin1');
	say('220 sink.invalid ESMTP');
	socket.on('data', (text: string) => {
		pending += text;
		if (pending.length > bytesMax) {
			socket.destroy();
			return;
		}
		while (isData ? takeMessage() : takeCommand()) {
			// As far as it goes.
		}
	});
}
