/**
 * The release in use: whole as it was released, what runs is of it, and nothing of older ones is left that nobody needs.
 */
import { currentRelease, programFolder, releasesFolder } from '../facts/places.ts';
import { compileCache, manifestName, type ReleaseManifest, releaseManifest } from '../release/manifest.ts';
import { type Finding, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';

const again =
	'Install the release again: `sh install.sh`. It puts the files in place and keeps configuration and mail.';
const namedMax = 3;

export async function versionFindings(ground: Ground): Promise<readonly Finding[]> {
	const { machine, health } = ground;
	const file = await machine.read(`${currentRelease}/${manifestName}`);
	if (file === undefined)
		return [wrong('version.none', `${currentRelease} leads to no release (${manifestName} is missing).`, again)];
	const manifest = manifestOf(file.content);
	if (manifest === undefined)
		return [wrong('version.none', `${currentRelease}/${manifestName} cannot be read by this version.`, again)];
	const { version, key } = manifest;
	const [changed, left] = await Promise.all([changedFiles(ground, manifest), leftovers(ground)]);
	return [
		...(health === undefined || health.version === version
			? []
			: [
					wrong(
						'version.running',
						`The agent that runs is ${health.version}, and ${version} is installed.`,
						'`systemctl restart sluice-agent`',
					),
				]),
		...(changed.length === 0
			? []
			: [
					wrong(
						'version.files',
						`${changed.length} files of the release are not as released: ${changed.slice(0, namedMax).join(', ')}${changed.length > namedMax ? ' …' : ''}.`,
						again,
					),
				]),
		...(key === 'development'
			? [watch('version.development', `Release ${version} is signed with a key of development.`, 'Install a release.')]
			: []),
		...left,
	];
}

function manifestOf(text: string): ReleaseManifest | undefined {
	try {
		return releaseManifest.parse(JSON.parse(text));
	} catch {
		return undefined;
	}
}

/** By the server's own sha256sum: the Node that would reckon is one of these files. */
async function changedFiles({ machine }: Ground, { files }: ReleaseManifest): Promise<readonly string[]> {
	const paths = files.map(({ path }) => `${currentRelease}/${path}`);
	const { output } = await machine.run(['sha256sum', '--', ...paths]);
	const sums = new Map(
		output.split('\n').map((line) => {
			const [, sum = '', path = ''] = /^([0-9a-f]{64})[ *]+(.+)$/.exec(line) ?? [];
			return [path, sum] as const;
		}),
	);
	return files
		.filter(({ path, sha256 }) => !path.startsWith(compileCache) && sums.get(`${currentRelease}/${path}`) !== sha256)
		.map(({ path }) => path);
}

const unpackFolder = /^\.sluice-unpack\./;
/** The one in use and the one before. */
const releasesKept = 2;

async function leftovers({ machine }: Ground): Promise<readonly Finding[]> {
	const [unpacked, releases] = await Promise.all([machine.list('/opt'), machine.list(releasesFolder)]);
	const folders = unpacked.filter((name) => unpackFolder.test(name)).map((name) => `/opt/${name}`);
	const half = releases.filter((name) => name.startsWith('.')).map((name) => `${releasesFolder}/${name}`);
	const all = [...folders, ...half];
	const old = releases.filter((name) => !name.startsWith('.')).length - releasesKept;
	return [
		...(all.length === 0
			? []
			: [
					watch(
						'version.leftover',
						`A cut off installation has left ${all.join(', ')}.`,
						`\`rm -rf ${all.join(' ')}\``,
					),
				]),
		...(old > 0
			? [
					watch(
						'version.many',
						`${old} more releases than needed are kept in ${programFolder}.`,
						'The next upgrade removes them.',
					),
				]
			: []),
	];
}
