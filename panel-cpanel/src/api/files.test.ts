/** Files that are believed because they are root's: owners and numbers of domains, whole, damaged, and of others. */
import assert from 'node:assert/strict';
import {
	chmodSync,
	chownSync,
	mkdirSync,
	mkdtempSync,
	rmSync,
	symlinkSync,
	truncateSync,
	writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { systemCpanelFiles } from './files.ts';

const skip = process.getuid?.() === 0 ? false : 'only root can make files that are root’s';

function start(context: TestContext) {
	const root = mkdtempSync(join(tmpdir(), 'sluice-files-'));
	context.after(() => rmSync(root, { recursive: true, force: true }));
	mkdirSync(join(root, 'etc'));
	mkdirSync(join(root, 'var/cpanel/users'), { recursive: true });
	const put = (path: string, text: string): string => {
		const at = join(root, path);
		writeFileSync(at, text, { mode: 0o640 });
		return at;
	};
	return { root, put, files: systemCpanelFiles(root) };
}

test('owners: who stands there plainly; a line that is cut, strange or said twice otherwise tells nothing', {
	skip,
}, async (context) => {
	const { put, files } = start(context);
	assert.equal((await files.owners()).size, 0, 'no file');
	put(
		'etc/trueuserowners',
		'alice: rita\nbob:root\n\n# a note\ncarol: rita extra\ndora\nemil: a:b\n../x: rita\nfred: rita\nfred: root\ngina: rita\ngina: rita\r\nhugo: rit',
	);
	assert.deepEqual(Object.fromEntries(await files.owners()), { alice: 'rita', bob: 'root', gina: 'rita' });
	await fc.assert(
		fc.asyncProperty(fc.string({ maxLength: 200 }), async (text) => {
			put('etc/trueuserowners', text);
			for (const [user, owner] of await files.owners()) assert.ok(text.includes(`${user}:`) && text.includes(owner));
		}),
		{ numRuns: 50 },
	);
});

test('owners: not of a file that others could have written, a link, a folder, or one too large', {
	skip,
}, async (context) => {
	const { root, put, files } = start(context);
	const path = put('etc/trueuserowners', 'alice: rita\n');
	const count = async () => (await files.owners()).size;
	assert.equal(await count(), 1);
	for (const mode of [0o660, 0o646, 0o666]) {
		chmodSync(path, mode);
		assert.equal(await count(), 0, mode.toString(8));
	}
	chmodSync(path, 0o644);
	chownSync(path, 1001, 0);
	assert.equal(await count(), 0, 'of another');
	chownSync(path, 0, 0);
	assert.equal(await count(), 1);
	truncateSync(path, 17 << 20);
	assert.equal(await count(), 0, 'too large');
	rmSync(path);
	put('etc/other', 'alice: rita\n');
	symlinkSync(join(root, 'etc/other'), path);
	assert.equal(await count(), 0, 'a link');
	rmSync(path);
	mkdirSync(path);
	assert.equal(await count(), 0, 'a folder');
});

test('hourly numbers of domains', { skip }, async (context) => {
	const { put, files } = start(context);
	put(
		'var/cpanel/users/alice',
		'DNS=alice.test\nMAX_EMAIL_PER_HOUR=100\nMAX_EMAIL_PER_HOUR-Shop.alice.test=20\nMAX_EMAIL_PER_HOUR-old.test=unlimited\nMAX_EMAIL_PER_HOUR-odd.test=many\n',
	);
	assert.deepEqual(Object.fromEntries(await files.domainHourMessages('alice')), {
		'shop.alice.test': 20,
		'old.test': 'unlimited',
		'odd.test': undefined,
	});
	assert.equal((await files.domainHourMessages('bob')).size, 0);
	assert.equal((await files.domainHourMessages('../users/alice')).size, 0);
});
