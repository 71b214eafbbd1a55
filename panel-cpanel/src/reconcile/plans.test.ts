/** Limits of packages, told as those of plans: whose package may say so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Client } from '@sluice/shared/client/client.ts';
import { ok } from '@sluice/shared/words/result.ts';
import { type CpanelPackage, packageShape } from '../api/shapes.ts';
import { putPlans } from './plans.ts';

const packageOf = (name: string, hour: string): CpanelPackage =>
	packageShape.parse({ name, _PACKAGE_EXTENSIONS: 'sluice', sluice_hour_recipients: hour, sluice_mode: 'monitor' });

function rig(resellers: readonly string[]) {
	const put: string[] = [];
	const client = {
		async call(id: string, { params }: { readonly params: { readonly id: string } }) {
			if (id !== 'getLimits') put.push(`${id} ${params.id}`);
			return ok({});
		},
	} as unknown as Client;
	const files = { packageLines: async () => ({}), resellers: async () => new Set(resellers) };
	return { put, asking: { client, files, seen: {} } };
}

test('a reseller’s own package does not lift what the server gives to everybody', async () => {
	const { put, asking } = rig(['rita', 'bob']);
	const packages = ['gold', 'rita_gold', 'bob_all', 'rita', 'ritas_own'].map((name) => packageOf(name, '1000000'));
	const told = await putPlans(packages, asking);
	assert.deepEqual(put, ['putLimits gold', 'putLimits rita', 'putLimits ritas_own']);
	assert.deepEqual(told.notes, [
		'limits in package rita_gold are not taken, it is reseller rita’s own: set the plan on our pages',
		'limits in package bob_all are not taken, it is reseller bob’s own: set the plan on our pages',
	]);
	assert.equal(told.put, 3);
	const again = await putPlans(packages, { ...asking, seen: told.seen });
	assert.deepEqual([again.put, again.notes], [0, []], 'told once, until the package says something else');
});
