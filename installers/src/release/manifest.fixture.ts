/** The manifest of a release in memory. */
import type { releaseManifest } from './manifest.ts';

type Manifest = ReturnType<typeof releaseManifest.parse>;

export const manifestWith = (more: Partial<Manifest>): Manifest => ({
	format: 1,
	name: 'sluice',
	version: '1.0.0',
	platform: 'linux-x64',
	commit: 'abc',
	date: '2026-01-01T00:00:00Z',
	key: 'release',
	needs: { glibc: '2.28', glibcxx: '3.4.22' },
	runtime: { node: '24.0.0', isStripped: true },
	sqlite: { betterSqlite3: '1', glibc: '2.29', glibcxx: '3.4.22', otherwise: 'node:sqlite' },
	files: [],
	...more,
});
