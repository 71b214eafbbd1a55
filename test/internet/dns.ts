/**
 * A name server on loopback that answers from a table (zone.ts), over UDP and TCP on one port.
 *
 * It plays the resolver as a client sees it: recursion available, aliases followed, SOA with negative answers
 * (RFC 2308 §3), truncation to the client's EDNS size (RFC 6891 §6.2.5) or on request. Queries are counted, since
 * "how often did you ask" is what tests of a cache want to know.
 */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import * as packet from 'dns-packet';
import { answerFrom, type Zone, type ZoneEntry, type ZoneRecord } from './zone.ts';

/** Seconds a record may be kept; short, since tests change the zone. */
const TTL_SECONDS = 5;
/** Largest answer over UDP without and with EDNS (RFC 1035 §2.3.4, DNS flag day 2020). */
const UDP_BYTES_PLAIN = 512;
const UDP_BYTES_EDNS = 1232;
/** Two free ports of one number are tried for so often. */
const BIND_TRIES_MAX = 20;
const RCODE = { noerror: 0, servfail: 2, nxdomain: 3, refused: 5 } as const;
/** Distinct names counted; more are counted in sum only. */
const NAMES_COUNTED_MAX = 10_000;

export type DnsCounts = {
	readonly udp: number;
	readonly tcp: number;
	/** By question, as `{"ok.test MX": 2}`. */
	readonly byQuestion: { readonly [question: string]: number };
};

export type DnsServer = {
	readonly port: number;
	/** Puts a name into the zone, or changes it; undefined takes it out. */
	readonly set: (name: string, entry: ZoneEntry | undefined) => void;
	readonly queries: () => DnsCounts;
	readonly stop: () => Promise<void>;
};

type DnsOptions = { readonly zone: Zone; readonly host?: string; readonly port?: number };

/** Starts the name server; port 0 takes a free one. Rejects with the system's error when it cannot be bound. */
export async function startDns({ zone, host = '127.0.0.1', port = 0 }: DnsOptions): Promise<DnsServer> {
	const entries = new Map(Object.entries(zone).map(([name, entry]) => [name.toLowerCase(), entry]));
	const counts = { udp: 0, tcp: 0, byQuestion: new Map<string, number>() };
	const timers = new Set<NodeJS.Timeout>();
	const connections = new Set<Socket>();

	const ask = (query: Buffer, transport: 'udp' | 'tcp', send: (bytes: Buffer) => void) => {
		const asked = questionIn(query);
		if (asked === undefined) return;
		counts[transport]++;
		const key = `${asked.question.name.toLowerCase()} ${asked.question.type}`;
		const seen = counts.byQuestion.get(key) ?? 0;
		if (seen > 0 || counts.byQuestion.size < NAMES_COUNTED_MAX) counts.byQuestion.set(key, seen + 1);
		const { bytes, delayMs } = respond(entries, asked, transport);
		if (bytes === undefined) return;
		if (delayMs === 0) return send(bytes);
		const timer = setTimeout(() => {
			timers.delete(timer);
			send(bytes);
		}, delayMs);
		timers.add(timer);
	};

	const { udp, tcp } = await bindBoth(host, port);
	udp.on('message', (query: Buffer, from: RemoteInfo) => {
		ask(query, 'udp', (bytes) => udp.send(bytes, from.port, from.address, () => {}));
	});
	tcp.on('connection', (socket: Socket) => {
		connections.add(socket);
		socket.on('error', () => {});
		socket.on('close', () => connections.delete(socket));
		eachFramed(socket, (query) => ask(query, 'tcp', (bytes) => socket.writable && socket.write(framed(bytes))));
	});
	return {
		port: udp.address().port,
		set: (name, entry) => {
			if (entry === undefined) entries.delete(name.toLowerCase());
			else entries.set(name.toLowerCase(), entry);
		},
		queries: () => ({ udp: counts.udp, tcp: counts.tcp, byQuestion: Object.fromEntries(counts.byQuestion) }),
		stop: async () => {
			for (const timer of timers) clearTimeout(timer);
			for (const socket of connections) socket.destroy();
			await Promise.all([
				new Promise<void>((resolve) => udp.close(() => resolve())),
				new Promise<void>((resolve) => tcp.close(() => resolve())),
			]);
		},
	};
}

type Asked = {
	readonly id: number;
	readonly question: packet.Question;
	readonly udpBytesMax: number;
	readonly hasEdns: boolean;
};

/** The first question of a query, or undefined for what is none. */
function questionIn(query: Buffer): Asked | undefined {
	let decoded: packet.DecodedPacket;
	try {
		decoded = packet.decode(query);
	} catch {
		return undefined;
	}
	const question = decoded.questions?.[0];
	if (decoded.flag_qr || question === undefined) return undefined;
	const edns = decoded.additionals?.find((one): one is packet.OptAnswer => one.type === 'OPT');
	const udpBytesMax = Math.min(Math.max(edns?.udpPayloadSize ?? 0, UDP_BYTES_PLAIN), UDP_BYTES_EDNS);
	return { id: decoded.id ?? 0, question, udpBytesMax, hasEdns: edns !== undefined };
}

/** The answer as bytes; undefined when there is to be none. */
function respond(
	zone: ReadonlyMap<string, ZoneEntry>,
	{ id, question, udpBytesMax, hasEdns }: Asked,
	transport: 'udp' | 'tcp',
): { readonly bytes: Buffer | undefined; readonly delayMs: number } {
	const said = answerFrom(zone, question.name, question.type);
	if (said.kind === 'timeout') return { bytes: undefined, delayMs: 0 };
	const flags = packet.RECURSION_DESIRED | packet.RECURSION_AVAILABLE | RCODE[said.kind];
	const isNegative = said.kind === 'nxdomain' || (said.kind === 'noerror' && said.answers.length === 0);
	const response: packet.Packet = {
		type: 'response',
		id,
		flags,
		questions: [question],
		answers: said.answers.map(({ owner, record }) => wireAnswer(owner, record)),
		authorities: isNegative ? [SOA] : [],
		additionals: hasEdns ? [OPT] : [],
	};
	const bytes = packet.encode(response);
	if (transport === 'tcp' || (bytes.length <= udpBytesMax && !said.truncatesUdp))
		return { bytes, delayMs: said.delayMs };
	const truncated = packet.encode({ ...response, flags: flags | packet.TRUNCATED_RESPONSE, answers: [] });
	return { bytes: truncated, delayMs: said.delayMs };
}

const SOA: packet.SoaAnswer = {
	type: 'SOA',
	name: 'test',
	ttl: TTL_SECONDS,
	data: { mname: 'ns.test', rname: 'hostmaster.test', serial: 1, minimum: TTL_SECONDS },
};

const OPT: packet.OptAnswer = {
	type: 'OPT',
	name: '.',
	udpPayloadSize: UDP_BYTES_EDNS,
	extendedRcode: 0,
	ednsVersion: 0,
	flags: 0,
	flag_do: false,
	options: [],
};

function wireAnswer(name: string, record: ZoneRecord): packet.Answer {
	const base = { name, ttl: TTL_SECONDS };
	switch (record.type) {
		case 'A':
		case 'AAAA':
			return { ...base, type: record.type, data: record.address };
		case 'MX':
			return { ...base, type: 'MX', data: { preference: record.preference, exchange: record.exchange } };
		case 'TXT':
			return {
				...base,
				type: 'TXT',
				data: typeof record.text === 'string' ? inStrings(record.text) : [...record.text],
			};
		case 'CNAME':
		case 'PTR':
		case 'NS':
			return { ...base, type: record.type, data: record.target };
		case 'TLSA': {
			const { usage, selector, matchingType, certificate } = record;
			return { ...base, type: 'TLSA', data: { usage, selector, matchingType, certificate } };
		}
	}
}

/** A text cut into strings of at most 255 bytes (RFC 1035 §3.3); ASCII is expected. */
const inStrings = (text: string): string[] => text.match(/.{1,255}/gs) ?? [''];

/** Binds UDP and TCP to one port number. */
async function bindBoth(host: string, port: number): Promise<{ udp: UdpSocket; tcp: Server }> {
	for (let tries = 1; ; tries++) {
		const tcp = createServer();
		tcp.listen(port, host);
		await once(tcp, 'listening');
		const udp = createSocket(host.includes(':') ? 'udp6' : 'udp4');
		try {
			udp.bind((tcp.address() as AddressInfo).port, host);
			await once(udp, 'listening');
			return { udp, tcp };
		} catch (error) {
			tcp.close();
			udp.close();
			if (port !== 0 || tries === BIND_TRIES_MAX) throw error;
		}
	}
}

/** A message over TCP has its length in front (RFC 1035 §4.2.2). */
function framed(bytes: Buffer): Buffer {
	const length = Buffer.allocUnsafe(2);
	length.writeUInt16BE(bytes.length);
	return Buffer.concat([length, bytes]);
}

function eachFramed(socket: Socket, take: (bytes: Buffer) => void): void {
	let pending: Buffer = Buffer.alloc(0);
	socket.on('data', (chunk: Buffer) => {
		pending = Buffer.concat([pending, chunk]);
		while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE(0)) {
			const end = 2 + pending.readUInt16BE(0);
			take(pending.subarray(2, end));
			pending = pending.subarray(end);
		}
	});
}
