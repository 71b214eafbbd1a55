/**
 * What of `native/` lies where on a cPanel server: the one list that installer, removal, `doctor` and tests read.
 *
 * Everything is root's. A folder that is named with the hash of its files is never changed: a new version has another, so no browser mixes
 * two of them. Registering (AppConfig, install_plugin) is done by cPanel's own commands on these files, after they lie there.
 * Pure. Not here: copying (installers), the files of the pages (shared/panel/asset-files.ts).
 */

export type InstalledFile = {
	/** Below `panel-cpanel/native`; for files of the pages their name. */
	readonly from: string;
	readonly of: 'native' | 'assets';
	readonly to: string;
	readonly mode: number;
};

const whmFolder = '/usr/local/cpanel/whostmgr/docroot/cgi/sluice';
const jupiterFolder = '/usr/local/cpanel/base/frontend/jupiter/sluice';
/** Touched after a change: WHM looks for new drivers when this folder is younger than its cache. */
export const driversFolder = '/usr/local/cpanel/Cpanel/Config/ConfigObj/Driver';

/** A file that `register_appconfig` is given. */
export const appConfigFile = '/opt/sluice/cpanel/sluice.conf';
/** A folder that `install_plugin` and `uninstall_plugin` are given: both need the same. */
export const pluginFolder = '/opt/sluice/cpanel/jupiter';

const native = (from: string, to: string, mode: number): InstalledFile => ({ from, of: 'native', to, mode });

const nativeFiles: readonly InstalledFile[] = [
	// WHM: the script, its icon, what registers it.
	native('whm/index.cgi', `${whmFolder}/index.cgi`, 0o755),
	native('whm/sluice.png', '/usr/local/cpanel/whostmgr/docroot/addon_plugins/sluice.png', 0o644),
	native('whm/sluice.conf', appConfigFile, 0o644),
	// The right that resellers are given.
	native('acl/Sluice.pm', `${driversFolder}/Sluice.pm`, 0o644),
	native('acl/Sluice/META.pm', `${driversFolder}/Sluice/META.pm`, 0o644),
	// cPanel: the page, what stands behind it, what registers it.
	native('cpanel/index.live.php', `${jupiterFolder}/index.live.php`, 0o644),
	native('uapi/Sluice.pm', '/usr/local/cpanel/Cpanel/API/Sluice.pm', 0o644),
	native('admin/Sluice/Pages.pm', '/var/cpanel/perl/Cpanel/Admin/Modules/Sluice/Pages.pm', 0o644),
	native('jupiter/install.json', `${pluginFolder}/install.json`, 0o644),
	native('jupiter/sluice.svg', `${pluginFolder}/sluice.svg`, 0o644),
	native('jupiter/feature', '/usr/local/cpanel/whostmgr/addonfeatures/sluice', 0o644),
	// Both: the way to the panel server.
	native('perl/Sluice/Wire.pm', '/var/cpanel/perl/Sluice/Wire.pm', 0o644),
	// Fields of packages.
	native('packages/sluice', '/var/cpanel/packages/extensions/sluice', 0o644),
	native('packages/sluice.tt2', '/var/cpanel/packages/extensions/sluice.tt2', 0o644),
];

/** Where the files of the pages lie beside both scripts. */
export const assetFolders = (hash: string): readonly string[] =>
	[whmFolder, jupiterFolder].map((folder) => `${folder}/assets-${hash}`);

/** Every file of the plugin. `assets`: names of the pages' files, `hash`: of their content. */
export const installMap = (assets: readonly string[], hash: string): readonly InstalledFile[] => [
	...nativeFiles,
	...assetFolders(hash).flatMap((folder) =>
		assets.map((name): InstalledFile => ({ from: name, of: 'assets', to: `${folder}/${name}`, mode: 0o644 })),
	),
];
