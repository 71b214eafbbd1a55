/**
 * `npm run send -- --from A --to B`: sends one message to the running agent and shows its life until it ends, or waits for somebody.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, failureText } from '@sluice/shared/client/client.ts';
import type { TraceDto } from '@sluice/shared/contract/shapes.ts';
import { isFinal } from '@sluice/shared/words/recipient.ts';
import { createTransport } from 'nodemailer';
import { readWords } from './words.ts';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const watchMsMax = 90_000;
const pollMs = 200;

const usage = `npm run send -- [--from ADDRESS] [--to ADDRESS[,ADDRESS…]]… [--subject TEXT] [--text TEXT] [--bytes NUMBER]

  --from      reverse-path; "" is the null sender (default: you@one.test)
  --to        as often as there are recipients (default: friend@ok.test); npm start lists addresses that do something
  --bytes     as much text besides
  --port, --user, --password   through the MTA in front of the agent instead of straight to the agent`;

const values = readWords(usage, {
	from: { type: 'string', default: 'you@one.test' },
	to: { type: 'string', multiple: true, default: ['friend@ok.test'] },
	subject: { type: 'string', default: 'A message from npm run send' },
	text: { type: 'string', default: 'Hello from the development loop.\n' },
	bytes: { type: 'string', default: '0' },
	port: { type: 'string' },
	user: { type: 'string' },
	password: { type: 'string' },
});
const recipients = values.to.flatMap((list) => list.split(',')).map((address) => address.trim());
const noAddress = recipients.find((address) => !/^[^@\s]+@[^@\s]+$/.test(address));
if (noAddress !== undefined) {
	console.error(`--to: ${JSON.stringify(noAddress)} is no address.\n\n${usage}`);
	process.exit(2);
}

/** Where npm start's agent listens, from the configuration it has written. */
function relayOf(): { host: string; port: number } {
	if (values.port !== undefined) return { host: '127.0.0.1', port: Number(values.port) };
	const found = /listen: "?([\d.]+):(\d+)/.exec(readFileSync(join(root, 'var', 'agent.yaml'), 'utf8'));
	return { host: found?.[1] ?? '127.0.0.1', port: Number(found?.[2] ?? 2526) };
}

function show(trace: TraceDto, shown: number): number {
	for (const step of trace.steps.slice(shown)) {
		const who = step.recipient === undefined ? '' : `${step.recipient}  `;
		console.log(
			`  ${new Date(step.at).toTimeString().slice(0, 8)}  ${who}${step.text}${step.reply === undefined ? '' : `\n            ${step.reply}`}`,
		);
	}
	return trace.steps.length;
}

async function send(): Promise<string | undefined> {
	const auth = values.user === undefined ? {} : { auth: { user: values.user, pass: values.password ?? '' } };
	const transport = createTransport({ ...relayOf(), ...auth, secure: false, ignoreTLS: true, name: 'client.one.test' });
	const filler = 'x'.repeat(75);
	const padding = `${filler}\n`.repeat(Math.ceil(Number(values.bytes) / 76));
	const sent = await transport.sendMail({
		from: values.from,
		to: recipients,
		subject: values.subject,
		text: values.text + padding,
	});
	transport.close();
	console.log(`Sent: ${sent.response}`);
	return /2\.0\.0 (\w{13})/.exec(sent.response)?.[1];
}

async function watch(id: string): Promise<void> {
	const client = createClient(join(root, 'var', 'agent.sock'), { role: 'admin', id: 'npm-run-send' });
	const untilMs = Date.now() + watchMsMax;
	let shown = 0;
	while (Date.now() < untilMs) {
		const trace = await client.call('traceMessage', { params: { id } });
		if (!trace.ok) {
			console.error(failureText(trace.error));
			process.exitCode = 1;
			return;
		}
		if (shown === 0)
			console.log(`  sender: ${trace.value.from.class} ${trace.value.from.identity} (${trace.value.from.evidence})`);
		shown = show(trace.value, shown);
		const open = trace.value.message.recipients.filter((recipient) => !isFinal(recipient.state));
		if (open.length === 0) return;
		if (open.every((recipient) => recipient.state === 'held')) {
			console.log(`Held until somebody decides: npx sluice message release ${id} --reason … (or discard)`);
			return;
		}
		await new Promise((resolve) => setTimeout(resolve, pollMs));
	}
	console.log(`Not over after ${watchMsMax / 1000} s; go on with: npx sluice message trace ${id}`);
}

try {
	const id = await send();
	if (id === undefined)
		console.log('Handed to the MTA; what becomes of it is in the output of npm start, and in: npx sluice message list');
	else await watch(id);
} catch (error) {
	const { code, message, response } = error as Error & { code?: string; response?: string };
	if (code === 'ENOENT' || code === 'ECONNREFUSED')
		console.error('No agent is running: start one with `npm start` in another terminal.');
	else console.error(`Not sent: ${response ?? message}`);
	process.exitCode = 1;
}
