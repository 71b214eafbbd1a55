/** Questions to the panel are few and dear: one reseller cannot use up what the helper answers to all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HelperClient } from '@sluice/shared/client/helper-client.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { createOwners } from './owners.ts';

const reseller = (id: string) => ({ role: 'reseller', id }) as const;

test('one reseller’s questions do not leave the others without an answer', async () => {
	let asked = 0;
	const helper: HelperClient = {
		async call(_verb, actor) {
			asked += 1;
			return ok({ owner: actor.id }) as never;
		},
	};
	let nowMs = 0;
	const owners = createOwners(helper, () => nowMs);
	const answers: boolean[] = [];
	for (let n = 0; n < 500; n++) answers.push((await owners.isOwner(reseller('nordweb'), `name${n}`)).ok);
	assert.ok(asked < 60, `${asked} questions`);
	assert.deepEqual([answers[0], answers.at(-1)], [true, false]);
	const told = await owners.isOwner(reseller('nordweb'), 'name499');
	assert.ok(!told.ok && /in a moment/.test(told.error), JSON.stringify(told));
	assert.deepEqual(await owners.isOwner(reseller('bergdigital'), 'wpagentu'), ok(true));
	nowMs = 10_000;
	assert.deepEqual(await owners.isOwner(reseller('nordweb'), 'name499'), ok(true), 'a moment later');
});
