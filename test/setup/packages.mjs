/**
 * Installs what package-lock.json names, when it is not there yet. Runs under whatever Node (>= 20) the machine has, before
 * `npm start`, `npm test` and the other scripts, so that a fresh clone needs nothing done before.
 *
 * A stamp with the hash of the lock file stands in node_modules; two processes at once are kept apart by a lock folder.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const stampFile = join(root, 'node_modules', '.sluice-installed');
const wanted = createHash('sha256')
	.update(readFileSync(join(root, 'package-lock.json')))
	.digest('hex');

const isInstalled = () =>
	existsSync(stampFile) &&
	readFileSync(stampFile, 'utf8') === wanted &&
	existsSync(join(root, 'node_modules', '.bin', 'node'));

const lockWaitMs = 180_000;

if (!isInstalled()) {
	const lock = join(root, '.packages-lock');
	const deadline = Date.now() + lockWaitMs;
	for (;;) {
		try {
			mkdirSync(lock);
			break;
		} catch {
			if (Date.now() > deadline) {
				console.error(`Another installation seems to run; if not, remove ${lock} and try again.`);
				process.exit(1);
			}
			Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
		}
	}
	try {
		if (!isInstalled()) {
			console.error('Installing packages (npm ci), about 15 seconds …');
			// The machine's own Node may be older than some packages ask for; they run under the Node 24 that is installed with them.
			execFileSync('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund', '--engine-strict=false'], {
				cwd: root,
				stdio: ['ignore', 2, 2],
			});
			writeFileSync(stampFile, wanted);
		}
	} finally {
		rmdirSync(lock);
	}
}
