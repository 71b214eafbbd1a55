/**
 * Free loopback ports for programs that must be told their port before they start.
 *
 * Taken below the range from which the kernel picks ports for outgoing connections, so that a mail server that is restarted
 * finds its port still free. Two processes may still be given the same one; starting the program then fails loudly.
 */

import { once } from 'node:events';
import { createServer } from 'node:net';

const PORT_MIN = 12_000;
const PORT_MAX = 31_999;
const TRIES_MAX = 200;

/** `count` different ports that nobody listens on at 127.0.0.1 just now. */
export async function freePorts(count: number): Promise<readonly number[]> {
	const found = new Set<number>();
	for (let tries = 0; tries < TRIES_MAX && found.size < count; tries++) {
		const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN));
		if (await isFree(port)) found.add(port);
	}
	if (found.size < count) throw new Error(`no ${count} free ports in ${PORT_MIN}-${PORT_MAX}`);
	return [...found];
}

async function isFree(port: number): Promise<boolean> {
	const server = createServer();
	try {
		server.listen(port, '127.0.0.1');
		await once(server, 'listening');
		return true;
	} catch {
		return false;
	} finally {
		server.close();
	}
}
