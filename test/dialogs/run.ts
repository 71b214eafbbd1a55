/**
 * Plays one dialog: against a recorder of its own, or against a relay port that is already there.
 *
 *     node test/dialogs/run.ts test/dialogs/pipelining.smtp 127.0.0.1:2526
 *
 * Without a recorder the steps that look behind the port (`m:`, `f:`) are passed over, and the settings are the server's.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { SmtpInSettings } from '@sluice/agent/io/smtp-in/settings.ts';
import { type Address, Client } from './client.ts';
import { type Dialog, parseDialog, type Step } from './grammar.ts';
import { type Recorded, type Recorder, startRecorder } from './recorder.ts';

/** Plays the file at `path` against a recorder that is made for it. Throws with the line that failed. */
export async function playFile(path: string): Promise<void> {
	const dialog = parseDialog(readFileSync(path, 'utf8'));
	const recorder = await startRecorder({
		settings: dialog.settings as Partial<SmtpInSettings>,
		isProved: dialog.isProved,
		offersTls: dialog.offersTls,
		isImplicitTls: dialog.isImplicitTls,
	});
	try {
		await play(dialog, recorder.address, recorder);
	} finally {
		await recorder.listener.stop(0);
	}
}

export async function play(dialog: Dialog, address: Address, recorder?: Recorder): Promise<void> {
	let client = await Client.open(address);
	const clients = [client];
	const seen = { messages: 0, faults: 0 };
	try {
		for (const step of dialog.steps) {
			try {
				if (step.kind === 'open') {
					client = await Client.open(address);
					clients.push(client);
				} else if (step.kind === 'faults' || step.kind === 'message' || step.kind === 'no-message') {
					if (recorder !== undefined) await look(step, recorder, seen, client);
				} else await act(step, client);
			} catch (error) {
				throw new Error(`line ${step.line}: ${error instanceof Error ? error.message : error}`, { cause: error });
			}
		}
		if (recorder !== undefined) assert.equal(recorder.messages.length, seen.messages, 'messages that no m: names');
	} finally {
		for (const each of clients) each.drop();
	}
}

async function act(step: Step, client: Client): Promise<void> {
	switch (step.kind) {
		case 'send':
			return client.send(step.bytes);
		case 'line': {
			const line = await client.line();
			if (!step.pattern.test(line)) assert.equal(line, step.text);
			return;
		}
		case 'reply': {
			const lines = await client.reply();
			assert.ok(
				lines.every((line) => line.startsWith(step.code)),
				`not ${step.code}: ${lines.join(' / ')}`,
			);
			return;
		}
		case 'tls':
			return client.startTls();
		case 'end':
			return client.end();
		case 'drop':
			return client.drop();
		case 'closed':
			await client.closed();
			assert.equal(client.unread, '', 'said before the end');
	}
}

async function look(
	step: Extract<Step, { kind: 'faults' } | { kind: 'message' } | { kind: 'no-message' }>,
	recorder: Recorder,
	seen: { messages: number; faults: number },
	client: Client,
): Promise<void> {
	switch (step.kind) {
		case 'faults': {
			const faults = recorder.faults.slice(seen.faults).map(({ fault }) => fault);
			seen.faults = recorder.faults.length;
			return assert.deepEqual(faults, step.faults);
		}
		case 'no-message':
			return assert.equal(recorder.messages.length, seen.messages, 'messages that no m: names');
		case 'message': {
			await client.until(() => recorder.messages.length > seen.messages || client.unread !== '', 'a message');
			const message = recorder.messages[seen.messages++];
			assert.ok(message !== undefined, 'flow was given no message');
			compare(message, step);
		}
	}
}

function compare(message: Recorded, step: Extract<Step, { kind: 'message' }>): void {
	const { envelope, content } = message;
	assert.equal(envelope.reversePath, step.from);
	assert.deepEqual(
		envelope.recipients.map((recipient) => recipient.address),
		step.to,
	);
	// Without the chunks: they would bury the difference when it is shown.
	assert.partialDeepStrictEqual({ ...message, content: { ...content, chunks: [] } }, step.parts);
	const text = Buffer.concat([...content.chunks]).toString('latin1');
	assert.equal(content.bytes, text.length, 'bytes of the content');
	if (step.content !== undefined) assert.equal(text, step.content);
}

if (import.meta.main) {
	const [path, target] = process.argv.slice(2);
	if (path === undefined || target === undefined) {
		console.error('usage: run.ts FILE HOST:PORT');
		process.exit(2);
	}
	const colon = target.lastIndexOf(':');
	const address = { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) };
	await play(parseDialog(readFileSync(path, 'utf8')), address);
	console.log(`${path}: as written`);
}
