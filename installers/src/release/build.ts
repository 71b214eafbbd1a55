/**
 * `npm run release`: builds a release from this checkout.
 *
 * Exit 0: built; 1: could not; 2: wrong use. See docs/releasing.md.
 */
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { originOf } from './origin.ts';
import { buildRelease } from './release.ts';
import { releaseKey } from './signature.ts';

const root = join(import.meta.dirname, '../../..');

const options = {
	version: { type: 'string' },
	out: { type: 'string', default: 'var/release' },
	key: { type: 'string' },
	fast: { type: 'boolean', default: false },
	help: { type: 'boolean', short: 'h', default: false },
} as const;

const usage = `npm run release -- [--version X] [--out DIR] [--key FILE] [--fast]

Builds sluice-VERSION-linux-x64.tar.xz with checksum, signature, install.sh and bill of materials.

  --version X  the version (that of package.json)
  --out DIR    where to (${options.out.default})
  --key FILE   the private key that signs, PEM, ECDSA on P-256 ($SLUICE_RELEASE_KEY; else a development key below var/)
  --fast       compresses quickly instead of well, to try things`;

function wanted() {
	try {
		return parseArgs({ options }).values;
	} catch (error) {
		console.error(`${(error as Error).message}\n\n${usage}`);
		process.exit(2);
	}
}

const values = wanted();
if (values.help) {
	console.log(usage);
	process.exit(0);
}
const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string };
const version = values.version ?? own.version;
if (!/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/.test(version)) {
	console.error(`${version} is not a version: three numbers, as 1.2.3 or 1.2.3-rc.1.`);
	process.exit(2);
}
try {
	const key = releaseKey(root, values.key ?? (process.env.SLUICE_RELEASE_KEY || undefined));
	const { archive, manifest } = await buildRelease({
		root,
		out: resolve(values.out),
		version,
		origin: originOf(root, process.env),
		key,
		isFast: values.fast,
		progress: (text) => console.log(`${text} …`),
	});
	console.log(`${relative(process.cwd(), archive)}: ${manifest.files.length} files, from ${manifest.commit}`);
	if (!manifest.runtime.isStripped) console.log('Node keeps its symbol table: `strip` is not installed here.');
	if (key.kind === 'development')
		console.warn(
			'\nSIGNED WITH A DEVELOPMENT KEY. This is for trying only: install.sh refuses it without --allow-development-key.\nA release needs --key FILE or $SLUICE_RELEASE_KEY.',
		);
} catch (error) {
	console.error((error as Error).message);
	process.exit(1);
}
