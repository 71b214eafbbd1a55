/** install.sh in a private root: what it refuses, before anything is unpacked. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { boxesUnavailable } from '../mta/box.ts';
import { archiveName, type InstallGround, installGround } from './install-ground.ts';

const skip = (await boxesUnavailable()) ?? false;
const name = archiveName;
let ground: InstallGround;

before(async () => {
	if (!skip) ground = await installGround();
});
after(() => ground?.stop());

test('a development release is not installed by accident', { skip }, async () => {
	const { box, refuses } = ground;
	await refuses(
		box.run(['sh', '/root/good/install.sh', '--yes'], { allowFailure: true }),
		/DEVELOPMENT KEY.*--allow-development-key/,
	);
});

test('a damaged archive, a signature of somebody else, and a missing one are refused', { skip }, async () => {
	const { archive, box, install, place, refuses } = ground;
	const good = await archive('tampered');
	await place('/root/tampered', good);
	const file = `/root/tampered/${name}`;
	const changed = Buffer.from(good);
	changed[changed.length >> 1]! ^= 1;
	await box.writeFile(file, changed);
	await refuses(install('--file', file), /the archive is damaged: its SHA-256 is/);
	// Whoever changes the archive also writes its checksum.
	const hash = createHash('sha256').update(changed).digest('hex');
	await box.writeFile(`${file}.sha256`, `${hash}  ${name}\n`);
	await refuses(install('--file', file), /the signature is not that of Sluice's release key/);
	await box.removeFile(`${file}.sig`);
	await refuses(install('--file', file), /\.sig is missing/);
	await refuses(install('--file', '/root/none.tar.xz'), /none\.tar\.xz is missing/);
});

test('a folder /opt that others can change is refused: what was checked could be exchanged there', {
	skip,
}, async () => {
	const { archive, box, install, place, refuses } = ground;
	await place('/root/open', await archive('whole'));
	await box.run(['chmod', '0777', '/opt']);
	try {
		await refuses(install('--file', `/root/open/${name}`), /\/opt can be changed by others than root/);
	} finally {
		await box.run(['chmod', '0755', '/opt']);
	}
});

test('an archive that leads out of its folder is refused before anything of it is unpacked', { skip }, async () => {
	const { archive, install, place, refuses } = ground;
	const evil: { readonly [which: string]: readonly [(folder: string) => readonly string[], RegExp] } = {
		link: [
			(folder) => {
				symlinkSync('/etc', join(folder, 'sluice-0.1.0/etc'));
				return ['sluice-0.1.0/etc'];
			},
			/something else than files and folders/,
		],
		device: [() => ['/dev/null'], /something else than files and folders/],
		absolute: [
			(folder) => {
				writeFileSync(join(folder, 'passwd'), 'evil');
				return [join(folder, 'passwd')];
			},
			/not below sluice-0\.1\.0: \//,
		],
		upwards: [
			(folder) => {
				writeFileSync(join(folder, 'evil'), 'evil');
				return ['sluice-0.1.0/../evil'];
			},
			/leads elsewhere: sluice-0\.1\.0\/\.\.\/evil/,
		],
		beside: [
			(folder) => {
				writeFileSync(join(folder, 'other'), 'evil');
				return ['other'];
			},
			/not below sluice-0\.1\.0: other/,
		],
		newline: [
			(folder) => {
				writeFileSync(join(folder, 'sluice-0.1.0/a\nb'), 'evil');
				return ['sluice-0.1.0/a\nb'];
			},
			/odd name/,
		],
	};
	for (const [which, [more, reason]] of Object.entries(evil)) {
		await place(`/root/${which}`, await archive(which, more));
		await refuses(install('--file', `/root/${which}/${name}`), reason);
	}
});

test('a server it cannot run on is refused with the reason and what mends it', { skip }, async () => {
	const { box, install, refuses } = ground;
	const withTool = async (tool: string, script: string, reason: RegExp): Promise<void> => {
		await box.writeFile(`/usr/local/sbin/${tool}`, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
		try {
			await refuses(install(), reason);
		} finally {
			await box.removeFile(`/usr/local/sbin/${tool}`);
		}
	};
	await withTool('getconf', 'echo glibc 2.17', /needs glibc 2\.28 or newer .*; this system has 2\.17/);
	await withTool('getconf', 'exit 1', /another C library/);
	await withTool('id', 'echo 1000', /must be run as root/);
	await withTool(
		'uname',
		'if [ "$1" = -m ]; then echo aarch64; else echo Linux; fi',
		/for x86_64; this machine is aarch64/,
	);
	await withTool('df', 'printf "h\\n/dev/x 1 1 102400 1%% /\\n"', /needs 300 MB free in \/opt; there are 100 MB/);
	await box.run(['mv', '/usr/bin/xz', '/usr/bin/xz.away']);
	try {
		await refuses(install(), /xz is missing; install it with: apt-get install xz-utils/);
	} finally {
		await box.run(['mv', '/usr/bin/xz.away', '/usr/bin/xz']);
	}
});

test('wrong use is said before anything is looked at', { skip }, async () => {
	const { box, install, refuses } = ground;
	await refuses(install('--file'), /--file needs a value/, 2);
	await refuses(install('--file', 'a', '--from', 'https://b.test/'), /exclude each other/, 2);
	await refuses(install('--unpacked', '/root'), /not for this script/, 2);
	await refuses(install('--from', 'http://releases.test/'), /--from takes an https:\/\/ address/);
	const help = await box.run(['sh', '/root/good/install.sh', '--help']);
	assert.match(help.stdout, /--file TAR/);
});
