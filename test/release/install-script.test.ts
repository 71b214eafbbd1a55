/**
 * install.sh in a private root: what it hands over, where it takes the release from, and that it leaves nothing behind. Also uninstall.sh.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer as createPlainServer, type RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { boxesUnavailable } from '../mta/box.ts';
import { archiveName, type InstallGround, installGround } from './install-ground.ts';

const root = join(import.meta.dirname, '../..');
const certificate = (file: string): Buffer => readFileSync(join(root, 'test/internet/certs', file));

const skip = (await boxesUnavailable()) ?? false;
const name = archiveName;
let ground: InstallGround;

before(async () => {
	if (!skip) ground = await installGround();
});
after(() => ground?.stop());

test('a good archive beside the script is unpacked for root only, handed over with all other options, and removed', {
	skip,
}, async () => {
	const { install, leftInOpt } = ground;
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

test('a download is by https only, also when the server leads elsewhere', { skip }, async (context) => {
	const { box, refuses } = ground;
	const { cert, key } = { cert: certificate('good.crt'), key: certificate('good.key') };
	const asked: string[] = [];
	const give: RequestListener = (request, response) => {
		readFile(box.hostPath(`/root/good/${request.url!.split('/').at(-1)}`)).then(
			(content) => response.end(content),
			() => response.writeHead(404).end(),
		);
	};
	const portOf = async (server: Server): Promise<number> => {
		await once(server.listen(0, '127.0.0.1'), 'listening');
		context.after(() => server.close());
		return (server.address() as AddressInfo).port;
	};
	const open = await portOf(createPlainServer(give));
	const server = createServer({ cert, key }, (request, response) => {
		asked.push(request.url!);
		if (!request.url!.startsWith('/led/')) give(request, response);
		else response.writeHead(302, { location: `http://127.0.0.1:${open}${request.url}` }).end();
	});
	const url = `https://127.0.0.1:${await portOf(server)}`;
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
	const { box, leftInOpt, release } = ground;
	const whole = readFileSync(release.installScript, 'utf8');
	await box.writeFile('/root/good/half.sh', whole.slice(0, whole.lastIndexOf('main "$@"')));
	const { stdout, stderr } = await box.run(['sh', '/root/good/half.sh', '--allow-development-key']);
	assert.deepEqual([stdout, stderr, await leftInOpt()], ['', '', '']);
});

test('a signal does not take the files from under the running program, and they are removed after it', {
	skip,
}, async () => {
	const { box, leftInOpt } = ground;
	const running = box.run(
		['sh', '-c', 'sh /root/good/install.sh --allow-development-key --wait & echo $! >/root/script.pid; wait $!'],
		{ allowFailure: true },
	);
	await box.run(['sh', '-c', 'while [ ! -e /root/waiting ]; do sleep 0.05; done; kill -TERM $(cat /root/script.pid)']);
	assert.match(await leftInOpt(), /^\.sluice-unpack\.\w+\n$/);
	await box.writeFile('/root/go-on', '');
	assert.equal((await running).code, 0, 'the program’s answer, not the signal');
	assert.equal(await leftInOpt(), '');
});

test('what a killed script has left a day ago is removed, and nothing younger', { skip }, async () => {
	const { box, install } = ground;
	await box.run([
		'sh',
		'-c',
		'mkdir /opt/.sluice-unpack.old /opt/.sluice-unpack.new; touch -d "2 days ago" /opt/.sluice-unpack.old',
	]);
	assert.equal((await install()).code, 0);
	assert.equal(await ground.leftInOpt(), '.sluice-unpack.new\n');
	await box.run(['rmdir', '/opt/.sluice-unpack.new']);
});

test('the shell of other systems reads it too', { skip }, async () => {
	const { box, leftInOpt } = ground;
	const script = ['bash', '--posix', '/root/good/install.sh', '--allow-development-key', '--yes'];
	assert.match((await box.run(script)).stdout, /^args:install --unpacked \S+ --yes$/m);
	assert.equal(await leftInOpt(), '');
});

test('uninstall.sh is the installed command, or says that there is none', { skip }, async () => {
	const { box } = ground;
	await box.writeFile('/root/uninstall.sh', readFileSync(join(root, 'installers/scripts/uninstall.sh')), {
		mode: 0o755,
	});
	const missing = await box.run(['/root/uninstall.sh', '--yes'], { allowFailure: true });
	assert.equal(missing.code, 1);
	assert.match(missing.stderr, /not installed here/);
	await box.writeFile('/opt/sluice/current/bin/sluice', '#!/bin/sh\necho "args:$*"\n', { mode: 0o755 });
	assert.equal((await box.run(['/root/uninstall.sh', '--drain', '1h'])).stdout, 'args:uninstall --drain 1h\n');
	await box.removeFile('/opt/sluice');
});

test('the real release is unpacked and its own program is run', { skip }, async () => {
	const { box, install, leftInOpt, release } = ground;
	for (const end of ['', '.sha256', '.sig'])
		await box.writeFile(`/root/real/${name}${end}`, readFileSync(`${release.archive}${end}`));
	const { code, stdout, stderr } = await install('--file', `/root/real/${name}`, '--no-such-option');
	assert.equal(code, 2, stdout + stderr);
	assert.match(stderr, /unknown (?:option|command)/i);
	assert.equal(await leftInOpt(), '');
});
