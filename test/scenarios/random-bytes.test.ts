/**
 * Random bytes through the whole agent, against a model of ten lines that says what must arrive.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startInternet } from '../internet/internet.ts';
import { headerValues } from '../internet/message.ts';
import { RawClient } from '../internet/raw-client.ts';
import { startRig } from './rig.ts';

const isLong = process.env.SLUICE_LONG === '1';
const rounds = isLong ? 5000 : 300;
const bytesMax = 120;
/** Mostly what matters at the ends of lines. */
const alphabet = ['\r', '\n', '\r\n', '.', '.', '\r\n.', 'a', 'bc ', '\xff', ': '];

/** A small generator with a seed (mulberry32), so that a failure can be had again. */
function randomOf(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

function textOf(random: () => number): string {
	for (;;) {
		let text = '';
		while (text.length < random() * bytesMax) text += alphabet[Math.floor(random() * alphabet.length)];
		// The end may stand at the end alone.
		if (!`\r\n${text}\r\n`.includes('\r\n.\r\n')) return text;
	}
}

/**
 * What a client means by its bytes: CRLF ends a line, and a dot behind it was put there for transparency. A CR or LF alone ends a line
 * too, but the client did not know, so a dot behind it is its own; and so is one that a bare newline has left alone on its line.
 */
function meant(wire: string): string {
	const lines = wire.split('\r\n').map((line) => {
		const [first = '', ...rest] = line.split(/[\r\n]/);
		const isCut = rest.length > 0;
		const own = first.startsWith('.') && !(first === '.' && isCut) ? first.slice(1) : first;
		return [own, ...rest].join('\r\n');
	});
	return lines.join('\r\n');
}

test(`${rounds} messages of random bytes arrive as they were meant`, async (context) => {
	const seed = Number(process.env.SEED ?? (isLong ? Date.now() % 1_000_000 : 4711));
	context.diagnostic(`SEED=${seed}`);
	const random = randomOf(seed);
	const internet = await startInternet();
	context.after(() => internet.stop());
	const rig = await startRig(undefined, { internet });
	const client = await RawClient.connect(rig.port);
	await client.reply();
	await client.say('EHLO client.example.test');
	const sent = new Map<string, string>();
	for (let round = 0; round < rounds; round++) {
		const text = textOf(random);
		const wire = `X-Token: t${round}\r\n\r\n${text}\r\n`;
		client.write(
			Buffer.from(`MAIL FROM:<raw@one.test>\r\nRCPT TO:<random-${round}@ok.test>\r\nDATA\r\n${wire}.\r\n`, 'latin1'),
		);
		for (const code of [250, 250, 354, 250])
			assert.equal(Number((await client.reply()).slice(0, 3)), code, `SEED=${seed} ${JSON.stringify(wire)}`);
		sent.set(`t${round}`, `${meant(text)}\r\n`);
	}
	client.stop();
	await rig.until(() => internet.accepted().length >= rounds, 60_000);
	await rig.stop();
	assert.equal(internet.accepted().length, rounds);
	for (const { content } of internet.accepted()) {
		const [token = ''] = headerValues(content, 'X-Token');
		const text = content.toString('latin1');
		assert.equal(text.slice(text.indexOf('\r\n\r\n') + 4), sent.get(token), `SEED=${seed} ${token}`);
	}
});
