/**
 * install.sh in a private root: what it refuses before anything is unpacked, what it hands over, and that it leaves nothing behind.
 *
 * Small archives signed with the development key stand for the release where only the script is asked; they hold a `bin/sluice` that
 * writes down how it was called. One case runs the real release.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { releaseKey, signatureOf } from '@sluice/installers/release/signature.ts';
import { type Box, boxesUnavailable, type RunResult, startBox } from '../mta/box.ts';
import { unpackedLayer } from '../mta/debs.ts';
import { builtRelease } from './built.ts';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../..');
const unavailable = await boxesUnavailable();
const skip = unavailable === undefined ? false : `no boxes here: ${unavailable}`;
const release = skip ? undefined : await builtRelease();
const name = 'sluice-0.1.0-linux-x64.tar.xz';
const ground = mkdtempSync(join(tmpdir(), 'sluice-install-script-'));
let box: Box;

const certificate = (file: string): Buffer => readFileSync(join(root, 'test/internet/certs', file));

before(async () => {
	if (release === undefined) return;
	box = await startBox({ name: 'install.sh', layers: [await unpackedLayer('shellcheck')], users: [] });
	await box.makeFolder('/opt');
	await box.writeFile('/root/good/install.sh', readFileSync(release.installScript), { mode: 0o755 });
	await place('/root/good', await smallArchive('good'));
});
after(async () => {
	await box?.stop();
	rmSync(ground, { recursive: true, force: true });
});

/** A release in small: prints what it was called with, and waits where it is told to. */
const stand = `#!/bin/sh
echo "args:$*"
echo "unpacked:$(stat -c '%a %u' "$3/.." "$3/bin/sluice" | tr '\\n' ' ')"
if [ "\${4:-}" = --wait ]; then echo waiting; touch /root/waiting; while [ ! -e /root/go-on ]; do sleep 0.05; done; fi
if [ "\${4:-}" = --fail ]; then exit 7; fi
`;

/** Makes an archive of a folder \`sluice-0.1.0\` in which \`more\` may put what does not belong there. */
async function smallArchive(which: string, more: (folder: string) => readonly string[] = () => []): Promise<Buffer> {
	const folder = join(ground, which);
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

const members = ['sluice-0.1.0', 'sluice-0.1.0/bin', 'sluice-0.1.0/bin/node', 'sluice-0.1.0/bin/sluice'];

/** Puts an archive with checksum and a good signature into a folder of the box. */
async function place(folder: string, archive: Buffer): Promise<void> {
	const hash = createHash('sha256').update(archive).digest('hex');
	await box.writeFile(`${folder}/${name}`, archive);
	await box.writeFile(`${folder}/${name}.sha256`, `${hash}  ${name}\n`);
	await box.writeFile(`${folder}/${name}.sig`, signatureOf(releaseKey(root, undefined), archive));
}

const install = (...args: string[]): Promise<RunResult> =>
	box.run(['sh', '/root/good/install.sh', '--allow-development-key', ...args], { allowFailure: true });

const leftInOpt = async (): Promise<string> => (await box.run(['ls', '-A', '/opt'])).stdout;

/** Nothing was handed over, the reason was said, and nothing is left. */
async function refuses(result: Promise<RunResult>, reason: RegExp, code = 1): Promise<void> {
	const { code: got, stdout, stderr } = await result;
	assert.match(stderr, reason);
	assert.equal(got, code, stderr);
	assert.doesNotMatch(stdout, /args:/);
	assert.equal(await leftInOpt(), '');
}

test('a good archive beside the script is unpacked for root only, handed over with all other options, and removed', {
	skip,
}, async () => {
	const { code, stdout, stderr } = await install('--dry-run', '--only', 'a b', '--yes');
	assert.equal(code, 0, stderr);
	assert.match(
		stdout,
		/^args:install --unpacked \/opt\/\.sluice-unpack\.\w+\/sluice-0\.1\.0 --dry-run --only a b --yes$/m,
	);
	assert.match(stdout, /^unpacked:700 0 755 0 $/m);
	assert.match(stderr, /WARNING: signed with a development key/);
	assert.equal(await leftInOpt(), '');
	assert.equal((await install('--fail')).code, 7, 'the program’s own answer');
	assert.equal(await leftInOpt(), '');
});

test('a development release is not installed by accident', { skip }, async () => {
	await refuses(
		box.run(['sh', '/root/good/install.sh', '--yes'], { allowFailure: true }),
		/DEVELOPMENT KEY.*--allow-development-key/,
	);
});

test('a damaged archive, a signature of somebody else, and a missing one are refused', { skip }, async () => {
	const good = await smallArchive('tampered');
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

test('an archive that leads out of its folder is refused before anything of it is unpacked', { skip }, async () => {
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
		await place(`/root/${which}`, await smallArchive(which, more));
		await refuses(install('--file', `/root/${which}/${name}`), reason);
	}
});

test('a server it cannot run on is refused with the reason and what mends it', { skip }, async () => {
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
	await refuses(install('--file'), /--file needs a value/, 2);
	await refuses(install('--file', 'a', '--from', 'https://b.test/'), /exclude each other/, 2);
	await refuses(install('--unpacked', '/root'), /not for this script/, 2);
	await refuses(install('--from', 'http://releases.test/'), /--from takes an https:\/\/ address/);
	const help = await box.run(['sh', '/root/good/install.sh', '--help']);
	assert.match(help.stdout, /--file TAR/);
});

test('a download is by https only, also when the server leads elsewhere', { skip }, async (context) => {
	const { cert, key } = { cert: certificate('good.crt'), key: certificate('good.key') };
	const asked: string[] = [];
	const server = createServer({ cert, key }, (request, response) => {
		asked.push(request.url!);
		const file = request.url!.split('/').at(-1)!;
		if (request.url!.startsWith('/led/')) response.writeHead(302, { location: `http://127.0.0.1:9/${file}` }).end();
		else
			readFile(box.hostPath(`/root/good/${file}`)).then(
				(content) => response.end(content),
				() => response.writeHead(404).end(),
			);
	}).listen(0, '127.0.0.1');
	await once(server, 'listening');
	context.after(() => server.close());
	const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
	await box.writeFile('/root/ca.crt', certificate('ca.crt'));
	await box.writeFile('/root/wgetrc', 'ca_certificate = /root/ca.crt\n');
	const env = { CURL_CA_BUNDLE: '/root/ca.crt', WGETRC: '/root/wgetrc' };
	const from = (address: string, more: object = env) =>
		box.run(['sh', '/root/good/install.sh', '--allow-development-key', '--from', address], {
			allowFailure: true,
			env: { ...more },
		});
	for (const tool of ['curl', 'wget']) {
		if ((await box.run(['sh', '-c', `command -v ${tool}`], { allowFailure: true })).code !== 0) {
			context.diagnostic(`${tool} is not here`);
			continue;
		}
		asked.length = 0;
		const { code, stdout, stderr } = await from(`${url}/some/`);
		assert.equal(code, 0, stderr);
		assert.match(stdout, /^args:install --unpacked/m);
		assert.deepEqual(
			asked,
			['', '.sha256', '.sig'].map((end) => `/some/${name}${end}`),
		);
		assert.equal((await from(`${url}/other/${name}`)).code, 0);
		await refuses(from(`${url}/led`), /cannot download/);
		await refuses(from(`${url}/some`, {}), /cannot download/);
		// The next turn is wget's.
		await box.run(['sh', '-c', `mv /usr/bin/${tool} /usr/bin/${tool}.away`]);
	}
	await refuses(from(url), /curl is missing; install it with: apt-get install curl/);
});

test('half of the script does nothing', { skip }, async () => {
	const whole = readFileSync(release!.installScript, 'utf8');
	await box.writeFile('/root/good/half.sh', whole.slice(0, whole.lastIndexOf('main "$@"')));
	const { stdout, stderr } = await box.run(['sh', '/root/good/half.sh', '--allow-development-key']);
	assert.deepEqual([stdout, stderr, await leftInOpt()], ['', '', '']);
});

test('a signal does not take the files from under the running program, and they are removed after it', {
	skip,
}, async () => {
	const running = box.run(
		['sh', '-c', 'sh /root/good/install.sh --allow-development-key --wait & echo $! >/root/script.pid; wait $!'],
		{ allowFailure: true },
	);
	await box.run(['sh', '-c', 'while [ ! -e /root/waiting ]; do sleep 0.05; done; kill -TERM $(cat /root/script.pid)']);
	assert.match(await leftInOpt(), /^\.sluice-unpack\.\w+\n$/);
	await box.writeFile('/root/go-on', '');
	await running;
	assert.equal(await leftInOpt(), '');
});

test('the real release is unpacked and its own program is run', { skip }, async () => {
	for (const end of ['', '.sha256', '.sig'])
		await box.writeFile(`/root/real/${name}${end}`, readFileSync(`${release!.archive}${end}`));
	const { code, stdout, stderr } = await install('--file', `/root/real/${name}`, '--no-such-option');
	assert.equal(code, 2, stdout + stderr);
	assert.match(stderr, /unknown (?:option|command)/i);
	assert.equal(await leftInOpt(), '');
});
