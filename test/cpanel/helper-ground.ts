/**
 * What tests of the root helper stand on: the helper behind its socket, with the client that the pages use, cPanel's programs as stand-ins and a
 * real agent.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { actorOf, type Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { type AnswerPorts, answerLine } from '@sluice/installers/helper/answer.ts';
import { helperPorts } from '@sluice/installers/helper/run.ts';
import { type ServeBounds, serveHelper } from '@sluice/installers/helper/serve.ts';
import { createHelperClient, type HelperClient } from '@sluice/shared/client/helper-client.ts';
import type { Actor } from '@sluice/shared/contract/actor.ts';
import type { Internet } from '../internet/internet.ts';
import { type Rig, startRig } from '../scenarios/rig.ts';
import { installStandIn, type StandIn, standInAccount } from './api/install.ts';

export const admin: Actor = { role: 'admin', id: 'root' };
export const rita: Actor = { role: 'reseller', id: 'rita', as: 'root' };

export type Helped = {
	readonly rig: Rig;
	readonly cpanel: StandIn;
	readonly helper: HelperClient;
	readonly socketPath: string;
	readonly lines: { readonly [name: string]: unknown }[];
	readonly mta: string[];
	settings(text: string): void;
};

type HelperGround = {
	readonly internet: Internet;
	/** Instead of this server's. */
	readonly more?: Partial<AnswerPorts>;
	readonly bounds?: ServeBounds;
};

export async function startHelper(
	context: TestContext,
	{ internet, more = {}, bounds }: HelperGround,
): Promise<Helped> {
	const rig = await startRig(context, { internet });
	const cpanel = installStandIn();
	const folder = mkdtempSync(join(tmpdir(), 'sluice-helper-'));
	context.after(() => {
		cpanel.clear();
		rmSync(folder, { recursive: true, force: true });
	});
	cpanel.change((state) => {
		state.accounts.alice = standInAccount('alice', { owner: 'rita' });
		state.accounts.bob = standInAccount('bob', { uid: 1002, hourMessages: '50' });
		state.tweaks.maxemailsperhour = '200';
		state.packages.gold = { MAX_EMAIL_PER_HOUR: '500' };
	});
	const config = join(folder, 'agent.yaml');
	const settings = (text: string): void => writeFileSync(config, `dataDir: ${folder}\n${text}`);
	settings('panel: { kind: cpanel, acts: { hold: true, suspend: true } }\n');
	const lines: { readonly [name: string]: unknown }[] = [];
	const mta: string[] = [];
	const terminal = {
		environment: {},
		now: Date.now,
		exists: () => false,
		actor: actorOf('root', 0, undefined),
		writeOut: (text: string) => void lines.push(JSON.parse(text)),
	} as unknown as Terminal;
	const ports = helperPorts(terminal, {
		socket: rig.agent.socketPath,
		listen: '',
		group: '',
		config,
		root: cpanel.root,
		state: join(cpanel.root, 'var/lib/sluice-cpanel'),
		memory: join(folder, 'memory'),
		wiring: join(folder, 'wiring'),
	});
	const whole: AnswerPorts = {
		...ports,
		async mta(act, actor) {
			mta.push(`${act} ${actor.role} ${actor.id}`);
			return { ok: true, value: `${act} done.` };
		},
		kickQueue: async () => ({ ok: true, value: 'A queue run was begun.' }),
		...more,
	};
	const socketPath = join(folder, 'helper.sock');
	const serving = await serveHelper({
		at: { path: socketPath, mode: 0o660 },
		answer: (line) => answerLine(line, whole),
		now: Date.now,
		onBusy: (count) => void lines.push({ outcome: 'busy', lines: count }),
		...(bounds === undefined ? {} : { bounds }),
	});
	context.after(() => serving.stop());
	assert.equal(statSync(socketPath).mode & 0o777, 0o660);
	return { rig, cpanel, helper: createHelperClient(socketPath), socketPath, lines, mta, settings };
}

export const codeOf = (result: { ok: true } | { ok: false; error: { code: string } }): string =>
	result.ok ? 'done' : result.error.code;
