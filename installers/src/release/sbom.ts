/**
 * The bill of materials: CycloneDX 1.6 as JSON, of exactly what is inside. Names, versions, licences and hashes of the packages; and the
 * two programs that came inside packages, Node and SQLite, under their own names, since that is how vulnerabilities are published.
 *
 * Nothing in it is of the moment or the machine: the serial number is made from the content.
 * Source: https://cyclonedx.org/docs/1.6/json/, package URLs: https://github.com/package-url/purl-spec
 */
import { createHash } from 'node:crypto';
import type { Part } from './packages.ts';

export type BillOf = {
	readonly version: string;
	/** RFC 3339. */
	readonly date: string;
	readonly parts: readonly Part[];
	/** Of the SQLite that is compiled into better-sqlite3. */
	readonly sqliteVersion: string;
	readonly nodeVersion: string;
};

type Component = { readonly [field: string]: unknown } & { readonly 'bom-ref': string };

const npmUrl = (name: string, version: string): string => `pkg:npm/${name.replace('@', '%40')}@${version}`;

const licenses = (license: string): object[] => [
	/[ ()]/.test(license) ? { expression: license } : { license: { id: license } },
];

/** `sha512-BASE64` of a lock file as CycloneDX writes it. */
function hashes(integrity: string | undefined): object[] | undefined {
	const [algorithm, base64] = integrity?.split('-') ?? [];
	if (algorithm !== 'sha512' || base64 === undefined) return undefined;
	return [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }];
}

function componentOf({ name, version, license, integrity }: Part): Component {
	const url = npmUrl(name, version);
	const hash = hashes(integrity);
	return {
		type: 'library',
		'bom-ref': url,
		name,
		version,
		licenses: licenses(license),
		purl: url,
		...(hash === undefined ? {} : { hashes: hash }),
	};
}

/** The document's text. */
export function billOfMaterials({ version, date, parts, sqliteVersion, nodeVersion }: BillOf): string {
	const own = npmUrl('sluice', version);
	const components: Component[] = [
		...parts.map(componentOf),
		{
			type: 'platform',
			'bom-ref': `node@${nodeVersion}`,
			name: 'node',
			version: nodeVersion,
			licenses: licenses('MIT'),
			cpe: `cpe:2.3:a:nodejs:node.js:${nodeVersion}:*:*:*:*:*:*:*`,
		},
		{
			type: 'library',
			'bom-ref': `sqlite@${sqliteVersion}`,
			name: 'sqlite',
			version: sqliteVersion,
			licenses: [{ license: { name: 'Public domain' } }],
			cpe: `cpe:2.3:a:sqlite:sqlite:${sqliteVersion}:*:*:*:*:*:*:*`,
		},
	];
	const body = {
		metadata: {
			timestamp: date,
			component: { type: 'application', 'bom-ref': own, name: 'sluice', version, licenses: licenses('Apache-2.0') },
		},
		components,
		dependencies: [{ ref: own, dependsOn: components.map((component) => component['bom-ref']) }],
	};
	const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(body))}`;
	return `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber, version: 1, ...body }, null, '\t')}\n`;
}

/** A UUID of version 8 (own scheme, RFC 9562 §5.8) from a text. */
function uuidOf(text: string): string {
	const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
	bytes[6] = (bytes[6]! & 0x0f) | 0x80;
	bytes[8] = (bytes[8]! & 0x3f) | 0x80;
	return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
