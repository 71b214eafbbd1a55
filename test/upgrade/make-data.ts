/**
 * Data as this version leaves it, for later versions to open: `node test/upgrade/make-data.ts` once for each release.
 *
 * A real agent takes mail that is delivered, put off, bounced, discarded, held and waiting, with accounts, limits, credentials, webhooks and
 * acts; it is stopped and its data folder packed into `data/VERSION.tar.xz`. `data/VERSION.json` says what must be found in it, as the agent
 * itself told before it stopped. Opened by data.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formats } from '@sluice/agent/main/formats.ts';
import { version } from '@sluice/agent/main/version.ts';
import { act, given, patient, setHold } from '../scenarios/acts.ts';
import { type Rig, startRig } from '../scenarios/rig.ts';
import { mailbox, unixUser } from '../scenarios/senders.ts';
import { inventoryOf } from './inventory.ts';

export const dataFolder = join(import.meta.dirname, 'data');
const archiveBytesMax = 200_000;

const shop = {
	id: 'shop',
	panel: 'cpanel',
	name: 'shop',
	domains: ['shop.test'],
	mailboxes: ['eve@shop.test'],
	unixUsers: [{ name: 'shop', uid: 7002 }],
	since: '2020-01-01T00:00:00.000Z',
};
const acme = {
	...shop,
	id: 'acme',
	name: 'acme',
	reseller: 'bob',
	plan: 'Basic',
	domains: ['acme.test', 'acme.example'],
	mailboxes: ['ann@acme.test'],
	unixUsers: [{ name: 'acme', uid: 7001 }],
};

/** Every byte that SMTP lets through, dots at line ends and beginnings, 8-bit, a long line. */
const odd = `From: <ann@acme.test>\r\nSubject: =?utf-8?q?H=C3=A4lfte?=\r\nMessage-ID: <odd@acme.test>\r\n\r\n.\r\n..\r\n\xe9\xff\t${'x'.repeat(900)}\r\n.end\r\n`;

async function settings(rig: Rig): Promise<void> {
	const { client } = rig;
	given(await client.call('putAccounts', { body: { revision: 1, complete: true, items: [shop, acme] } }));
	const set = (level: 'server' | 'accounts' | 'mailboxes' | 'plans', id: string, body: object) =>
		client.call('putLimits', { params: { level, id }, body: { mode: 'enforce', ...body } });
	given(await set('accounts', 'acme', { hour: { recipients: 6 }, note: 'as agreed' }));
	given(await set('plans', 'Basic', { day: { recipients: 100 } }));
	given(await set('mailboxes', 'ann@acme.test', { recipientsPerMessage: 50 }));
	given(await client.call('createCredential', { body: { account: 'shop', name: 'web shop', senderDomains: [] } }));
	const body = { url: 'https://hooks.example.net/sluice', events: ['lane.closed' as const] };
	given(await client.call('createWebhook', { body }));
	await setHold(rig, { kind: 'destination', id: 'held.test' });
	await setHold(rig, { kind: 'identity', id: 'unix:7002' });
}

async function mail(rig: Rig): Promise<void> {
	const ann = mailbox('ann@acme.test');
	const eve = mailbox('eve@shop.test');
	const delivered = await rig.send({ from: 'eve@shop.test', to: ['taken@ok.test', '550-no@ok.test'], sender: eve });
	await rig.send({ from: 'ann@acme.test', to: ['greylist-9-a@ok.test', 'two@ok.test'], sender: ann, message: odd });
	await rig.send({ from: 'ann@acme.test', to: ['one@held.test', 'three@ok.test'], sender: ann });
	await rig.send({ from: 'shop@shop.test', to: ['script@ok.test'], sender: unixUser(7002) });
	const discarded = await rig.send({ from: 'eve@shop.test', to: ['greylist-9-b@ok.test'], sender: eve });
	const over = ['w1@ok.test', 'w2@ok.test', 'w3@ok.test'];
	await rig.send({ from: '', to: over, sender: ann });
	await rig.send({ from: 'ann@acme.test', to: ['w4@ok.test'], sender: ann, message: odd });
	await rig.until(
		() => rig.count('recipient.deferred') >= 2 && rig.count('message.finished', { message: delivered }) === 1,
	);
	await act(rig, 'REST', 'discard', { kind: 'message', id: discarded });
}

async function make(): Promise<void> {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-data-'));
	const dataDir = join(folder, 'data');
	try {
		execFileSync('mkdir', [dataDir]);
		const rig = await startRig(undefined, { isWired: true, dataDir, delivery: patient });
		await settings(rig);
		await mail(rig);
		// What follows by itself has come to its end: the notice, the report of the bounce. Open: one put off, one waiting, two held.
		await rig.until(() => rig.count('notice.sent') > 0 && rig.agent.flow.scheduler.openRecipients === 4);
		const found = await inventoryOf(rig, join(folder, 'export'));
		const atMs = Date.now();
		await rig.stop();
		const archive = join(dataFolder, `${version}.tar.xz`);
		const skipped = ['agent.pid', 'agent.sock', 'reserve', '*.spare'].map((name) => `--exclude=${name}`);
		const plain = ['--sort=name', '--owner=0', '--group=0', '--mtime=@0', '--numeric-owner'];
		execFileSync('tar', ['-cJf', archive, ...skipped, ...plain, '-C', dataDir, '.']);
		const { size } = statSync(archive);
		if (size > archiveBytesMax) throw new Error(`${archive} has ${size} bytes`);
		const told = join(dataFolder, `${version}.json`);
		writeFileSync(told, JSON.stringify({ version, formats, atMs, found }));
		execFileSync(join(import.meta.dirname, '..', '..', 'node_modules', '.bin', 'biome'), ['format', '--write', told]);
		console.log(`${archive}: ${size} bytes, ${found.messages.length} messages, ${JSON.stringify(found.states)}`);
	} finally {
		rmSync(folder, { recursive: true, force: true });
	}
}

if (import.meta.main) await make();
