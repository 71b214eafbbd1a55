/** After an upgrade an uninstallation still gives back what was before the first installation. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { InstallJournal } from '../apply/install-journal.ts';
import { fileOf } from '../facts/memory-machine.fixture.ts';
import { recordedMove } from './install-record.ts';

const journal: InstallJournal = {
	version: 1,
	phase: 'installed',
	release: '0.1.0',
	since: '2026-11-24T00:00:00Z',
	by: 'admin root',
	madeFolders: [],
	steps: [
		{ part: 'program', id: 'release', what: '', undo: [{ kind: 'remove-tree', path: '/opt/sluice/releases/0.1.0' }] },
		{ part: 'units', id: 'units', what: '', undo: [{ kind: 'put-back', path: '/etc/a.service', ours: 'first' }] },
	],
};

test('files are ours as the new release wrote them, new ones go too, and so does its folder; twice is once', () => {
	const former = fileOf('/etc/b.conf', 'theirs');
	const move = {
		to: { version: '0.2.0', formats: {} },
		files: [{ file: fileOf('/etc/a.service', 'second') }, { file: fileOf('/etc/b.conf', 'ours'), former }],
	};
	const once = recordedMove(journal, move);
	assert.equal(once.release, '0.2.0');
	assert.deepEqual(
		once.steps.map(({ undo }) => undo),
		[
			[
				{ kind: 'remove-tree', path: '/opt/sluice/releases/0.2.0' },
				{ kind: 'remove-tree', path: '/opt/sluice/releases/0.1.0' },
			],
			[
				{ kind: 'put-back', path: '/etc/b.conf', ours: 'ours', former },
				{ kind: 'put-back', path: '/etc/a.service', ours: 'second' },
			],
		],
	);
	assert.deepEqual(recordedMove(once, move), once);
});
