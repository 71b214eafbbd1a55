/** What `sluice panel reconcile` says on root's terminal: sentences of the agent and of cPanel, and nothing that a terminal obeys. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import type { ReconcilePorts } from '@sluice/panel-cpanel/reconcile/reconcile.ts';
import { failed } from '@sluice/shared/words/result.ts';
import { reconcileCommand } from './reconcile.ts';

test('what others say reaches the terminal without what a terminal obeys', async (context) => {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-reconcile-'));
	context.after(() => rmSync(folder, { recursive: true, force: true }));
	let said = '';
	const say = (text: string): void => {
		said += text;
	};
	const terminal = { writeOut: say, writeErr: say, endWith: () => {}, environment: {} } as unknown as Terminal;
	const hostile = 'refused \u001b]0;title\u0007\u001b[2J by \u202eeman';
	const ports = {
		api: { accounts: async () => failed({ kind: 'refused', text: hostile }), calls: () => 0 },
		files: { users: async () => new Set() },
		place: { folder, spool: join(folder, 'events') },
		now: () => 0,
	} as unknown as ReconcilePorts;
	for (const more of [{ once: true }, { dryRun: true }])
		await reconcileCommand(terminal, { ...more, root: '/', state: folder } as never, { ports } as never);
	assert.match(said, /refused/);
	assert.doesNotMatch(said, /[^\P{Cc}\n]|\u202e/u);
});
