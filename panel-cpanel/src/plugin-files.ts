/**
 * The plugin's files of this version: where each is here, and where it goes. The list of places is install-map.ts; this joins it with
 * what lies in this checkout or release.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assetBytes, assetFiles, assetHash } from '@sluice/shared/panel/asset-files.ts';
import { hookScript } from './hooks.ts';
import { assetFolders, installMap } from './install-map.ts';

export type PluginSource = { readonly content: () => Buffer; readonly to: string; readonly mode: number };

const native = fileURLToPath(new URL('../native', import.meta.url));

export function pluginSources(): readonly PluginSource[] {
	const assets = assetFiles();
	const mapped = installMap([...assets.keys()], assetHash()).map(({ from, of, to, mode }) => ({
		content: () => (of === 'native' ? readFileSync(join(native, from)) : assetBytes(from)),
		to,
		mode,
	}));
	return [...mapped, { content: () => readFileSync(join(native, 'hooks/sluice-hook')), to: hookScript, mode: 0o755 }];
}

/** Where this version's files of the pages lie; folders of other versions stand beside them. */
export const presentAssetFolders = (): readonly string[] => assetFolders(assetHash());
