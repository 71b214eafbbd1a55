/**
 * A real Chromium for the tests of the pages: Debian's package, unpacked like the mail servers of test/mta, driven by playwright-core.
 *
 * It speaks to loopback only, in a profile of its own that is thrown away. Fonts come with the layer, so that pictures look alike on
 * every machine.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, type BrowserContextOptions, type Browser as Chromium, chromium } from 'playwright-core';
import { layersUnavailable, unpackedLayer } from '../mta/debs.ts';

export type TestBrowser = {
	/** A context of its own: no cookie of another test. */
	open(options?: BrowserContextOptions): Promise<BrowserContext>;
	stop(): Promise<void>;
};

const flags = [
	'--no-sandbox',
	'--disable-gpu',
	'--disable-dev-shm-usage',
	'--disable-background-networking',
	'--disable-component-update',
	'--disable-sync',
	'--disable-default-apps',
	'--no-first-run',
	'--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Why there can be no browser here, or undefined. */
export const browserUnavailable = (): string | undefined => layersUnavailable();

export async function startBrowser(): Promise<TestBrowser> {
	const layer = await unpackedLayer('chromium');
	const home = mkdtempSync(join(tmpdir(), 'sluice-chromium-'));
	const fonts = join(home, 'fonts.conf');
	writeFileSync(
		fonts,
		`<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig><dir>${layer}/usr/share/fonts</dir><cachedir>${home}/fonts</cachedir></fontconfig>`,
	);
	const libraries = [
		'x86_64-linux-gnu',
		'x86_64-linux-gnu/pulseaudio',
		'aarch64-linux-gnu',
		'aarch64-linux-gnu/pulseaudio',
		'chromium',
	]
		.map((folder) => join(layer, 'usr', 'lib', folder))
		.filter((folder) => existsSync(folder));
	const browser: Chromium = await chromium.launch({
		executablePath: join(layer, 'usr/lib/chromium/chromium'),
		args: flags,
		chromiumSandbox: false,
		env: { PATH: process.env.PATH ?? '', HOME: home, LD_LIBRARY_PATH: libraries.join(':'), FONTCONFIG_FILE: fonts },
	});
	return {
		open: (options) => browser.newContext(options),
		async stop() {
			await browser.close();
			rmSync(home, { recursive: true, force: true });
		},
	};
}
