/** The configuration of an earlier installation, kept for root alone, is opened to the agent again: to read, and no wider. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { type ConfigFacts, type ConfigParts, configSteps } from './install-config.ts';

const parts: ConfigParts = {
	mta: 'postfix',
	mtaUser: 'postfix',
	relayPort: 926,
	panel: 'none',
	noticesTo: [],
	freshSecret: '',
};
const root = { uid: 0, gid: 0 };
const kept = (mode: number, gid = 0): ConfigFacts => ({
	hasFolder: true,
	hasParts: true,
	folders: [{ path: '/etc/sluice', mode, uid: 0, gid }],
	files: new Map(['/etc/sluice/agent.yaml'].map((path) => [path, fileOf(path, '', { mode: 0o640, gid: 990 })])),
	agentGid: 990,
});
const commands = (facts: ConfigFacts): readonly string[] =>
	configSteps(parts, facts)
		.flatMap(({ apply }) => apply)
		.flatMap((action) => (action.kind === 'run' ? [action.command.join(' ')] : []));

test('a folder that only root may enter is opened to the agent’s group, and undone', () => {
	assert.deepEqual(commands(kept(0o750)), ['chgrp sluice /etc/sluice', 'chmod g+rx /etc/sluice']);
	const [step] = configSteps(parts, kept(0o750));
	assert.deepEqual(
		step?.undo.map((action) => action.kind === 'run' && action.command.join(' ')),
		[`chown ${root.uid}:${root.gid} /etc/sluice`, 'chmod 750 /etc/sluice'],
	);
});

test('what the agent may enter already stays as it is', () => {
	assert.deepEqual(commands(kept(0o755)), []);
	assert.deepEqual(commands(kept(0o750, 990)), []);
});
