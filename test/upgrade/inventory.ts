/**
 * Everything that a data folder is to tell, asked of a running agent and of its files: what an upgrade must not lose.
 *
 * The same questions when the data is made and when a later version opens it. A later version may say more about each thing, and says
 * nothing less. Times are as of `atMs`: limits, retries and holds go by the clock that the data was made with.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exportQueue } from '@sluice/agent/main/export/queue-export.ts';
import type { ExportedMessage } from '@sluice/agent/main/export/written-mail.ts';
import { given } from '../scenarios/acts.ts';
import type { Rig } from '../scenarios/rig.ts';

export const limitsOf = [
	['accounts', 'acme'],
	['accounts', 'shop'],
	['mailboxes', 'ann@acme.test'],
] as const;

type Listed = { readonly [field: string]: unknown };

export type Inventory = {
	/** By state of each recipient. */
	readonly states: { readonly [state: string]: number };
	readonly messages: readonly Listed[];
	/** Each message's whole life. */
	readonly traces: { readonly [id: string]: unknown };
	/** Content of open mail by its SHA-256. */
	readonly open: readonly Pick<ExportedMessage, 'id' | 'sha256' | 'bytes' | 'recipients' | 'reversePath' | 'account'>[];
	readonly accounts: readonly Listed[];
	readonly holds: readonly Listed[];
	readonly limits: readonly Listed[];
	readonly usage: { readonly [scope: string]: unknown };
	readonly credentials: readonly Listed[];
	readonly webhooks: readonly Listed[];
	readonly audit: readonly Listed[];
	/** Counts of the server and of an account, over the day. */
	readonly volume: { readonly [of: string]: { readonly [count: string]: number } };
};

export async function inventoryOf(rig: Rig, exportFolder: string): Promise<Inventory> {
	const { client } = rig;
	const messages = given(await client.call('listMessages', { query: { limit: 500 } })).items;
	const states: { [state: string]: number } = {};
	const traces: { [id: string]: unknown } = {};
	for (const { id } of messages) {
		const trace = await rig.trace(id);
		traces[id] = trace;
		for (const { state } of given(await client.call('getMessage', { params: { id } })).recipients)
			states[state] = (states[state] ?? 0) + 1;
	}
	const usage: { [scope: string]: unknown } = {};
	for (const [level, id] of limitsOf) {
		const { items } = given(await client.call('getUsage', { params: { level, id } }));
		usage[`${level}:${id}`] = items.map(({ rule, used, waiting }) => ({ rule, used, waiting }));
	}
	return {
		states,
		messages,
		traces,
		open: await openOf(rig, exportFolder),
		accounts: given(await client.call('listAccounts', {})).items,
		holds: given(await client.call('listHolds', {})).items,
		limits: given(await client.call('listLimits', {})).items,
		usage,
		credentials: given(await client.call('listCredentials', {})).items,
		webhooks: given(await client.call('listWebhooks', {})).items.map(({ id, url, events, author, created }) => ({
			id,
			url,
			events,
			author,
			created,
		})),
		audit: given(await client.call('audit', { query: { limit: 200 } })).items,
		volume: { server: await volumeOf(rig), shop: await volumeOf(rig, 'shop') },
	};
}

async function openOf(rig: Rig, to: string): Promise<Inventory['open']> {
	const ask = async () => {
		const { queued, sending, waiting, held } = given(await rig.client.call('health')).queue;
		return { queued: queued + sending, waiting, held };
	};
	const uid = process.getuid?.() ?? 0;
	given(await exportQueue({ dataDir: rig.dataDir, to, uid, now: Date.now, ask, progress: () => {} }));
	return readdirSync(to)
		.filter((name) => /^\w{13}\.json$/.test(name))
		.sort()
		.map((name) => {
			const { id, bytes, sha256, recipients, reversePath, account, file } = JSON.parse(
				readFileSync(join(to, name), 'utf8'),
			) as ExportedMessage;
			if (
				createHash('sha256')
					.update(readFileSync(join(to, file)))
					.digest('hex') !== sha256
			)
				throw new Error(file);
			return { id, bytes, sha256, recipients, reversePath, account };
		});
}

async function volumeOf(rig: Rig, account?: string): Promise<{ readonly [count: string]: number }> {
	const query = { span: 'day' as const, ...(account === undefined ? {} : { account }) };
	return given(await rig.client.call('volume', { query })).total;
}
