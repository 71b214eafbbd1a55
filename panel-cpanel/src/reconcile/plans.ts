/**
 * Limits of packages, told to the agent as limits of plans, where a package says something new.
 *
 * They are told in the server's name and stand before its defaults. A package that a reseller has made (cPanel begins its name with the
 * reseller's, `rita_gold`) is not taken: the reseller would lift what it was given.
 */
import { type Client, failureText } from '@sluice/shared/client/client.ts';
import { isNews, type PackageSays, packageSays, planStep } from '../accounts/plan-limits.ts';
import type { CpanelFiles } from '../api/files.ts';
import { type CpanelPackage, extensionOf } from '../api/shapes.ts';

export type PlansTold = {
	readonly put: number;
	readonly notes: readonly string[];
	/** What each package said when it was last taken up. */
	readonly seen: { readonly [plan: string]: PackageSays };
};

type Asking = {
	readonly client: Client;
	readonly files: Pick<CpanelFiles, 'packageLines' | 'resellers'>;
	readonly seen: { readonly [plan: string]: PackageSays };
};

export async function putPlans(
	packages: readonly CpanelPackage[],
	{ client, files, seen }: Asking,
): Promise<PlansTold> {
	const says = new Map<string, PackageSays>();
	for (const { name, isExtended, extension } of packages) {
		const isTold = Object.keys(extension).length > 0;
		// A server whose listpkgs does not tell the values of extensions keeps them in the package's file.
		says.set(name, packageSays(isTold || !isExtended ? extension : extensionOf(await files.packageLines(name))));
	}
	// A package that is gone says nothing any more; one that is only left out of the list still has its file.
	for (const name of Object.keys(seen))
		if (!says.has(name) && Object.keys(await files.packageLines(name)).length === 0) says.set(name, {});
	const next: { [plan: string]: PackageSays } = { ...seen };
	const notes: string[] = [];
	const resellers = await files.resellers();
	let put = 0;
	for (const [plan, said] of says) {
		const maker = makerOf(plan, resellers);
		const isNew = isNews(said, seen[plan]);
		if (isNew && maker !== undefined)
			notes.push(`limits in package ${plan} are not taken, it is reseller ${maker}’s own: set the plan on our pages`);
		if (!isNew || maker !== undefined) {
			next[plan] = said;
			continue;
		}
		const done = await putPlan(client, plan, said, seen[plan]);
		if (done.note !== undefined) notes.push(done.note);
		if (done.isPut) put += 1;
		if (done.isDone) next[plan] = said;
	}
	return { put, notes, seen: next };
}

/** The reseller whose package it is; undefined: the server's. */
const makerOf = (plan: string, resellers: ReadonlySet<string>): string | undefined =>
	[...resellers].find((name) => plan.startsWith(`${name}_`));

async function putPlan(client: Client, plan: string, says: PackageSays, seen: PackageSays | undefined) {
	const params = { level: 'plans', id: plan } as const;
	const found = await client.call('getLimits', { params });
	if (!found.ok) return { isDone: false, isPut: false, note: `limits of plan ${plan}: ${failureText(found.error)}` };
	const { base } = found.value;
	const step = planStep(says, seen, base);
	if (step.kind === 'none')
		return {
			isDone: true,
			isPut: false,
			note:
				step.isKept === true
					? `limits of plan ${plan} stay as ${base?.author} set them, the package says others: what counts is whichever is changed next`
					: undefined,
		};
	const done =
		step.kind === 'put'
			? await client.call('putLimits', { params, body: step.body })
			: await client.call('deleteLimits', {
					params,
					query: { only: 'base', ...(base === undefined ? {} : { replaces: base.set }) },
				});
	// Somebody has set others in this moment: the next run looks again.
	return done.ok
		? { isDone: true, isPut: true, note: undefined }
		: { isDone: false, isPut: false, note: `limits of plan ${plan}: ${failureText(done.error)}` };
}
