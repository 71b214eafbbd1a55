/**
 * An installation that is struck: each step fails once, or the installer is killed in it; the server is then what it was, or the
 * installation is whole, byte for byte.
 *
 * `npm test`: Exim, one act of each step fails; every act failing and killed is in memory there (installers/src/install). SLUICE_LONG=1: every
 * kind of server, three acts of each step, killed ones gone on with and taken out.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serversUnavailable } from './server-box.ts';
import type { ServerMta } from './server-mta.ts';
import { chosenActs, strikeFails, strikeKills, struckGround } from './struck.ts';
import { flows } from './whole.ts';

const skip = (await serversUnavailable()) ?? false;

const isLong = process.env.SLUICE_LONG === '1';
const kinds: readonly ServerMta[] = isLong ? ['exim', 'exim-single', 'postfix', 'cpanel'] : ['exim'];
const failedPlaces = isLong ? [0, 0.5, 1] : [1];
const killedPlaces = [0, 0.5, 1];

for (const mta of kinds)
	test(`each step of an installation struck, on a server with ${mta}`, { skip }, async (context) => {
		const ground = await struckGround(context, mta);
		const outcomes = [];
		for (const act of chosenActs(ground.acts, failedPlaces)) {
			const outcome = await strikeFails(ground, act);
			outcomes.push(outcome);
		}
		assert.ok(outcomes.filter((each) => each === 'back').length > outcomes.length / 2, outcomes.join(' '));
		const kills = isLong ? chosenActs(ground.acts, killedPlaces) : [];
		for (const act of kills) {
			await strikeKills(ground, act, 'uninstall');
			await strikeKills(ground, act, 'again');
		}
		await flows(ground.server, 'struck', 'direct');
		context.diagnostic(`${outcomes.length} failures (${outcomes.join(' ')}), ${kills.length} kills`);
	});
