/**
 * A cPanel server to try the plugin in: a private root with stand-ins of cPanel's own modules and commands, the plugin in it as
 * `sluice panel install` puts it there, unix users for accounts, and the panel server's socket at its real path.
 *
 * The stand-ins are written from cPanel's documented interface; no file of cPanel is here.
 */
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Box, boxesUnavailable, startBox } from '../../mta/box.ts';
import { unpackedLayer } from '../../mta/debs.ts';
import { installPlugin, layCpanel } from '../plugin-ground.ts';

export type ServerBox = {
	readonly box: Box;
	/** Shown as /run/sluice inside; the panel server of a test listens in it. */
	readonly runFolder: string;
	/** Sockets of one user's session, shown as /run/standin/USER inside; only the user may enter. */
	socketsOf(user: string): { readonly host: string; readonly inside: string };
	setResellers(lines: readonly string[]): Promise<void>;
	setFeatures(lines: readonly string[]): Promise<void>;
	stop(): Promise<void>;
};

export const serverBoxUnavailable = boxesUnavailable;

const standins = import.meta.dirname;
const firstUid = 7101;
/** Whom the plugin believes behind panel.sock, beside root: a user that no machine has. */
export const panelUser = { name: 'sluice-panel', uid: 60_926 } as const;

async function standinFiles(): Promise<
	readonly { readonly from: string; readonly to: string; readonly mode: number }[]
> {
	const modules = await readdir(join(standins, 'lib'), { recursive: true });
	return [
		...modules
			.filter((name) => name.endsWith('.pm'))
			.map((name) => ({ from: join('lib', name), to: `/usr/local/cpanel/${name}`, mode: 0o644 })),
		{ from: 'cpanel.php', to: '/usr/local/cpanel/php/cpanel.php', mode: 0o644 },
		{ from: 'bin/admin', to: '/usr/local/cpanel/standin/admin', mode: 0o700 },
		{ from: 'bin/uapi', to: '/usr/local/cpanel/standin/uapi', mode: 0o755 },
	];
}

async function fill(box: Box): Promise<void> {
	for (const { from, to, mode } of await standinFiles())
		await box.writeFile(to, readFileSync(join(standins, from)), { mode });
	await box.makeFolder('/usr/local/cpanel/3rdparty/bin');
	await box.run(['ln', '-s', '/usr/bin/perl', '/usr/local/cpanel/3rdparty/bin/perl']);
	await layCpanel(box);
	await installPlugin(box);
}

export async function startServerBox(users: readonly string[]): Promise<ServerBox> {
	const folder = mkdtempSync(join(tmpdir(), 'sluice-cpanel-'));
	const runFolder = join(folder, 'run');
	const sessions = join(folder, 'sessions');
	mkdirSync(runFolder);
	mkdirSync(sessions, { mode: 0o755 });
	const accounts = users.map((name, index) => ({ name, uid: firstUid + index }));
	for (const { name, uid } of accounts) {
		mkdirSync(join(sessions, name), { mode: 0o700 });
		chownSync(join(sessions, name), uid, uid);
	}
	const box = await startBox({
		name: 'cpanel',
		layers: [await unpackedLayer('php-cgi')],
		users: [...accounts, panelUser],
		binds: [
			{ host: runFolder, inside: '/run/sluice' },
			{ host: sessions, inside: '/run/standin' },
		],
	});
	await fill(box);
	const lines = (path: string) => (text: readonly string[]) =>
		box.writeFile(path, text.map((line) => `${line}\n`).join(''));
	return {
		box,
		runFolder,
		socketsOf: (user) => ({ host: join(sessions, user), inside: `/run/standin/${user}` }),
		setResellers: lines('/var/cpanel/resellers'),
		setFeatures: lines('/var/cpanel/features-of'),
		async stop() {
			await box.stop();
			rmSync(folder, { recursive: true, force: true });
		},
	};
}
