/** The order in which an installation is taken out, where a mistake would hand mail to a stranger. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { undoSteps } from './install-undo.ts';
import type { Remains } from './remains.ts';

const remains: Remains = {
	journal: undefined,
	units: [],
	hasTmpfiles: false,
	hasGuardTable: false,
	nft: undefined,
	users: ['sluice'],
	groups: ['sluice'],
	hasPlugin: false,
	isWired: false,
	hasCurrent: true,
	hasCommand: true,
	releases: ['0.1.0'],
	data: ['/var/lib/sluice'],
	dataElsewhere: '/srv/mail',
	hasConfig: true,
	ways: [],
	isPending: false,
	isCpanel: false,
};

test("a data folder elsewhere is made root's while its user still has its number, and is never removed", () => {
	for (const isPurge of [false, true]) {
		const steps = undoSteps(remains, { isPurge });
		const at = (id: string): number => steps.findIndex((step) => step.id === id);
		assert.ok(at('keep-elsewhere') >= 0 && at('keep-elsewhere') < at('users'));
		assert.deepEqual(steps[at('keep-elsewhere')]?.undo, [
			{ kind: 'run', command: ['chown', '-Rh', '--from=sluice', 'root:root', '/srv/mail'], mayFail: true },
		]);
		assert.ok(!JSON.stringify(steps).includes('"remove-tree","path":"/srv/mail"'));
	}
});
