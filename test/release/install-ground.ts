/**
 * A private root for install.sh: the script as a release carries it, and small archives signed with the development key.
 *
 * A small archive holds a `bin/sluice` that writes down how it was called, and waits or fails where it is told to. Not here: what is
 * tested with it, and whole installations (test/install).
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { releaseKey, signatureOf } from '@sluice/installers/release/signature.ts';
import { type Box, type RunResult, startBox } from '../mta/box.ts';
import { unpackedLayer } from '../mta/debs.ts';
import { type BuiltRelease, builtRelease } from './built.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');

export const archiveName = 'sluice-0.1.0-linux-x64.tar.xz';

export type InstallGround = {
	readonly box: Box;
	readonly release: BuiltRelease;
	/** Makes an archive of a folder `sluice-0.1.0`; `more` puts into it what does not belong there, and names it. */
	readonly archive: (which: string, more?: (folder: string) => readonly string[]) => Promise<Buffer>;
	/** Puts an archive with checksum and a good signature into a folder of the box. */
	readonly place: (folder: string, archive: Buffer) => Promise<void>;
	/** Runs install.sh, which has a good archive beside it. */
	readonly install: (...args: string[]) => Promise<RunResult>;
	readonly leftInOpt: () => Promise<string>;
	/** Asserts that nothing was handed over, that the reason was said, and that nothing is left. */
	readonly refuses: (result: Promise<RunResult>, reason: RegExp, code?: number) => Promise<void>;
	readonly stop: () => Promise<void>;
};

/** A release in small: prints what it was called with, and waits where it is told to. */
const stand = `#!/bin/sh
echo "args:$*"
echo "unpacked:$(stat -c '%a %u' "$3/.." "$3/bin/sluice" | tr '\\n' ' ')"
if [ "\${4:-}" = --wait ]; then echo waiting; touch /root/waiting; while [ ! -e /root/go-on ]; do sleep 0.05; done; fi
if [ "\${4:-}" = --fail ]; then exit 7; fi
`;

const members = ['sluice-0.1.0', 'sluice-0.1.0/bin', 'sluice-0.1.0/bin/node', 'sluice-0.1.0/bin/sluice'];

export async function installGround(): Promise<InstallGround> {
	const release = await builtRelease();
	const ground = mkdtempSync(join(tmpdir(), 'sluice-install-script-'));
	const box = await startBox({ name: 'install.sh', layers: [await unpackedLayer('shellcheck')], users: [] });
	const archive: InstallGround['archive'] = (which, more = () => []) => archiveOf(join(ground, which), more);
	const leftInOpt = async (): Promise<string> => (await box.run(['ls', '-A', '/opt'])).stdout;
	const made: InstallGround = {
		box,
		release,
		archive,
		async place(folder, content) {
			const hash = createHash('sha256').update(content).digest('hex');
			await box.writeFile(`${folder}/${archiveName}`, content);
			await box.writeFile(`${folder}/${archiveName}.sha256`, `${hash}  ${archiveName}\n`);
			await box.writeFile(`${folder}/${archiveName}.sig`, signatureOf(releaseKey(root, undefined), content));
		},
		install: (...args) =>
			box.run(['sh', '/root/good/install.sh', '--allow-development-key', ...args], { allowFailure: true }),
		leftInOpt,
		async refuses(result, reason, code = 1) {
			const { code: got, stdout, stderr } = await result;
			assert.match(stderr, reason);
			assert.equal(got, code, stderr);
			assert.doesNotMatch(stdout, /args:/);
			assert.equal(await leftInOpt(), '');
		},
		async stop() {
			await box.stop();
			rmSync(ground, { recursive: true, force: true });
		},
	};
	await box.makeFolder('/opt');
	await box.writeFile('/root/good/install.sh', readFileSync(release.installScript), { mode: 0o755 });
	await made.place('/root/good', await archive('good'));
	return made;
}

async function archiveOf(folder: string, more: (folder: string) => readonly string[]): Promise<Buffer> {
	mkdirSync(join(folder, 'sluice-0.1.0/bin'), { recursive: true });
	for (const [path, text] of [
		['bin/sluice', stand],
		['bin/node', '#!/bin/sh\necho v24\n'],
	] as const) {
		writeFileSync(join(folder, 'sluice-0.1.0', path), text);
		chmodSync(join(folder, 'sluice-0.1.0', path), 0o755);
	}
	const odd = more(folder);
	const archive = join(folder, 'archive.tar.xz');
	await run('tar', ['-cJf', archive, '--absolute-names', '--no-recursion', '-C', folder, ...members, ...odd]);
	return readFileSync(archive);
}
