/**
 * For the tests of commands: an agent's API with made-up answers on a real socket, and a terminal that remembers.
 */

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OperationHandlers, type OperationId, operations } from '@sluice/shared/contract/operations.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import { createEventStream, type EventStream } from '../../io/http/event-stream.ts';
import { type Api, serveApi } from '../../io/http/server.ts';
import * as limits from './limit-values.fixture.ts';
import { createProgram, runProgram } from './program.ts';
import type { ExitCode, Terminal } from './terminal.ts';
import * as values from './values.fixture.ts';

export type Asked = { readonly id: OperationId; readonly input: unknown; readonly actor: unknown };

export type FakeAgent = {
	readonly socketPath: string;
	readonly folder: string;
	readonly asked: Asked[];
	readonly events: EventStream;
	/** What is answered from now on instead of the made-up value. */
	answer<K extends OperationId>(id: K, handler: OperationHandlers[K]): void;
	stop(): Promise<void>;
};

/** What no test has asked for yet. */
const notMadeUp = Object.fromEntries(
	Object.keys(operations).map((id) => [
		id,
		async () => failed({ code: 'unavailable', detail: `${id} is not made up` }),
	]),
) as unknown as OperationHandlers;

function madeUpHandlers(): OperationHandlers {
	return {
		...notMadeUp,
		health: async () => ok(values.health),
		volume: async () => ok(values.volume),
		listMessages: async () => ok({ items: [...values.messages], next: 'c1' }),
		getMessage: async () => ok(values.messages[0] as (typeof values.messages)[number]),
		traceMessage: async () => ok(values.trace),
		act: async () => ok({ recipients: 3, messages: 2 }),
		releaseMessage: async () => ok({ recipients: 1, messages: 1 }),
		discardMessage: async () => ok({ recipients: 1, messages: 1 }),
		queue: async () => ok({ items: [...values.queueRows], total: 3 }),
		lanes: async () => ok({ items: [...values.lanes], total: 3 }),
		listHolds: async () => ok({ items: [...values.holds] }),
		putHold: async () => ok({ hold: values.holds[0] as (typeof values.holds)[number], recipients: 4, messages: 2 }),
		deleteHold: async () => ok({ recipients: 4, messages: 2 }),
		audit: async () => ok({ items: [...values.auditEntries] }),
		listAccounts: async () => ok({ items: [...limits.accounts], total: 3 }),
		getAccount: async () => ok(first(limits.accounts)),
		forgetAccount: async () => ok({ forgotten: 3 }),
		putMaySendAs: async ({ body }) => ok({ ...first(limits.accounts), maySendAs: body.items }),
		listLimits: async () => ok({ items: [...limits.limitsList] }),
		getLimits: async () => ok(limits.accountLimits),
		changeLimits: async ({ body }) => ok(body.preview ? limits.change : { ...limits.change, ...limits.changeDone }),
		undoLimitChange: async () => ok({ restored: 4811, kept: 1 }),
		putLimits: async () => ok(limits.accountLimits),
		deleteLimits: async () => ok({ ...limits.accountLimits, exception: undefined }),
		getUsage: async () => ok(limits.accountUsage),
		simulate: async () => ok({ id: 's1', state: 'running' as const, progress: 0.4 }),
		getSimulation: async () => ok(limits.simulation),
		listCredentials: async () => ok({ items: [...limits.credentials] }),
		createCredential: async () => ok({ credential: first(limits.credentials), password: 'k4Vd-91xQ-mmTz-77pe' }),
		revokeCredential: async () => ok(first(limits.credentials)),
		listWebhooks: async () => ok({ items: [...limits.webhooks] }),
		createWebhook: async () => ok({ webhook: first(limits.webhooks), secret: 'whsec_1Zk0tV' }),
		deleteWebhook: async () => ok(first(limits.webhooks)),
		testWebhook: async () => ok({ ok: false, status: 502, text: 'Bad Gateway' }),
	};
}

const first = <T>(values: readonly T[]): T => values[0] as T;

export async function startFakeAgent(): Promise<FakeAgent> {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-commands-'));
	const socketPath = join(folder, 'agent.sock');
	const handlers = madeUpHandlers() as { [K in OperationId]: OperationHandlers[K] };
	const asked: Asked[] = [];
	const remembering = Object.fromEntries(
		(Object.keys(handlers) as OperationId[]).map((id) => [
			id,
			(input: never, actor: never) => {
				asked.push({ id, input, actor });
				return handlers[id](input, actor);
			},
		]),
	) as unknown as OperationHandlers;
	const events = createEventStream();
	const api: Api = await serveApi(
		{ socketPath, mode: 0o600, version: '0.1.0' },
		{
			handlers: remembering,
			metricsText: async () => '',
			events,
			failed: (where, error) => assert.fail(`${where}: ${String(error)}`),
		},
	);
	return {
		socketPath,
		folder,
		asked,
		events,
		answer(id, handler) {
			(handlers as { [name: string]: unknown })[id] = handler;
		},
		async stop() {
			await api.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}

export type Ran = { readonly out: string; readonly err: string; readonly code: ExitCode };

export type TerminalWishes = Partial<
	Pick<
		Terminal,
		'now' | 'isTerminal' | 'canAsk' | 'width' | 'hasColour' | 'zone' | 'environment' | 'ask' | 'onInterrupt'
	>
> & { readonly onOut?: (text: string) => void };

export function fakeTerminal(wishes: TerminalWishes = {}): Terminal & { readonly ran: () => Ran } {
	let out = '';
	let err = '';
	let code: ExitCode = 0;
	const { onOut, ...rest } = wishes;
	return {
		writeOut(text) {
			out += text;
			onOut?.(text);
		},
		writeErr(text) {
			err += text;
		},
		isTerminal: false,
		canAsk: false,
		width: 100,
		hasColour: false,
		zone: 'Europe/Berlin',
		environment: {},
		now: () => values.nowMs,
		actor: { role: 'admin', id: 'root' },
		ask: async () => assert.fail('nothing was to be asked'),
		exists: () => false,
		onInterrupt: () => {},
		endWith(next) {
			code = next;
		},
		ran: () => ({ out, err, code }),
		...rest,
	};
}

/** Runs `sluice` with these words in this process. */
export async function run(words: readonly string[], wishes: TerminalWishes = {}): Promise<Ran> {
	const terminal = fakeTerminal(wishes);
	await runProgram(createProgram(terminal), terminal, words);
	return terminal.ran();
}

/** Compares with golden/NAME.txt; `UPDATE_GOLDEN=1` writes it anew, then read the difference. */
export function assertGolden(name: string, text: string): void {
	const file = new URL(`./golden/${name}.txt`, import.meta.url);
	if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
	assert.equal(text, readFileSync(file, 'utf8'));
}
