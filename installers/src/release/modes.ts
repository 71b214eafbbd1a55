/** Modes of a release's files: what may run 0755, all else 0644, folders 0755, whatever the builder's umask was. */
import { chmodSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

export function evenModes(folder: string): void {
	chmodSync(folder, 0o755);
	for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
		const path = join(entry.parentPath, entry.name);
		const mayRun = entry.isDirectory() || (statSync(path).mode & 0o100) !== 0;
		chmodSync(path, mayRun ? 0o755 : 0o644);
	}
}
