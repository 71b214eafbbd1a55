/**
 * Which files a mail log consists of: the named one and what logrotate has made of it, oldest first.
 *
 * `mainlog`, `mainlog.1`, `mainlog.2.gz`, `exim_mainlog-20261101.gz`: the name, then a number or date, then perhaps the ending of a
 * packer. Ordered by when each was last written to.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

export type LogFile = {
	readonly path: string;
	readonly bytes: number;
	/** Last written to, epoch ms. */
	readonly endMs: number;
};

/** Where the systems we know keep their logs: cPanel, Debian, Red Hat, Plesk. */
export const usualLogs = {
	exim: ['/var/log/exim_mainlog', '/var/log/exim4/mainlog', '/var/log/exim/main.log', '/var/log/exim/mainlog'],
	postfix: ['/var/log/maillog', '/var/log/mail.log'],
} as const;

const rotated = /^[.-](?:\d{1,3}|\d{8}(?:-\d{1,10})?|\d{4}-\d\d-\d\d)(?:\.(?:gz|xz|bz2|zst))?$|^\.(?:gz|xz|bz2|zst)$/;

/** The files of one log that were written to after `sinceMs`. Throws when its folder cannot be read. */
export function logFiles(path: string, sinceMs: number): readonly LogFile[] {
	const name = basename(path);
	const folder = dirname(path);
	return readdirSync(folder)
		.filter((file) => file === name || (file.startsWith(name) && rotated.test(file.slice(name.length))))
		.map((file) => {
			const { size, mtimeMs } = statSync(join(folder, file));
			return { path: join(folder, file), bytes: size, endMs: mtimeMs };
		})
		.filter(({ endMs }) => endMs >= sinceMs)
		.sort((one, other) => one.endMs - other.endMs);
}
