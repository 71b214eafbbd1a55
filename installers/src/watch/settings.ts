/**
 * What the watch needs of the agent's configuration, read without the agent's own reader and however broken the rest of it is.
 *
 * A configuration with a mistake may be just why the agent does not run. So only these keys are looked at; a key that makes no sense has its
 * default; and a file that is no YAML at all leaves what was read of it last. Later files of conf.d go over earlier ones, key by key, as
 * for the agent (agent/config/load.ts).
 */
import { dirname } from 'node:path';
import { parse } from 'yaml';
import type { Machine } from '../facts/machine.ts';
import { agentSocket } from '../facts/places.ts';
import { isTree, type Tree } from './tree.ts';

export type WatchSettings = {
	readonly onOutage: 'keep' | 'bypass';
	readonly outageMs: number;
	readonly healthyMs: number;
	/** Whom alarms go to. */
	readonly to: readonly string[];
	readonly from?: string;
	/** The panel's own hold may be used. */
	readonly mayHold: boolean;
	readonly socket: string;
};

export const defaultSettings: WatchSettings = {
	onOutage: 'keep',
	outageMs: 180_000,
	healthyMs: 600_000,
	to: [],
	mayHold: false,
	socket: agentSocket,
};

export type SettingsRead = {
	readonly settings: WatchSettings;
	/** Why it is not what the files say now. */
	readonly problem?: string;
};

const addressesMax = 10;

/** `remembered`: as an earlier tick read it. */
export async function readSettings(machine: Machine, file: string, remembered: unknown): Promise<SettingsRead> {
	const folder = `${dirname(file)}/conf.d`;
	const names = (await machine.list(folder)).filter((name) => name.endsWith('.yaml'));
	let tree: Tree = {};
	for (const path of [file, ...names.map((name) => `${folder}/${name}`)]) {
		const found = await machine.read(path);
		if (found === undefined) continue;
		try {
			const part: unknown = parse(Buffer.from(found.content, 'latin1').toString('utf8'), { logLevel: 'error' });
			tree = over(tree, isTree(part) ? part : {});
		} catch (error) {
			const last = isTree(remembered) ? ofMemory(remembered) : defaultSettings;
			const why = (error as Error).message.split('\n')[0]?.slice(0, 200);
			return { settings: last, problem: `${path} cannot be read (${why}); what it said last is in force` };
		}
	}
	return { settings: settingsOf(tree) };
}

function over(lower: Tree, upper: Tree): Tree {
	const merged: { [name: string]: unknown } = { ...lower };
	for (const [name, value] of Object.entries(upper)) {
		const below = merged[name];
		merged[name] = isTree(below) && isTree(value) ? over(below, value) : value;
	}
	return merged;
}

const at = (tree: Tree, ...names: string[]): unknown =>
	names.reduce<unknown>((value, name) => (isTree(value) ? value[name] : undefined), tree);

const within = (value: unknown, min: number, max: number, otherwise: number): number =>
	typeof value === 'number' && value >= min && value <= max ? value : otherwise;

const msOf = (seconds: unknown, min: number, otherwiseMs: number): number =>
	within(seconds, min, 86_400, otherwiseMs / 1000) * 1000;

/** What may stand in a header and on a command line. */
const isAddress = (value: unknown): value is string =>
	typeof value === 'string' &&
	value.length <= 320 &&
	/^[^\s<>,;"\\()-][^\s<>,;"\\()]*$/.test(value) &&
	isPrintable(value);
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be in it
const isPrintable = (value: string): boolean => !/[\x00-\x1f\x7f]/.test(value);

function settingsOf(tree: Tree): WatchSettings {
	const onOutage = at(tree, 'watch', 'onOutage');
	const to = at(tree, 'notices', 'to');
	const from = at(tree, 'notices', 'from');
	const socket = at(tree, 'api', 'socket');
	return {
		onOutage: onOutage === 'bypass' ? 'bypass' : defaultSettings.onOutage,
		outageMs: msOf(at(tree, 'watch', 'outageSeconds'), 30, defaultSettings.outageMs),
		healthyMs: msOf(at(tree, 'watch', 'healthySeconds'), 60, defaultSettings.healthyMs),
		to: Array.isArray(to) ? to.filter(isAddress).slice(0, addressesMax) : [],
		...(isAddress(from) ? { from } : {}),
		mayHold: at(tree, 'panel', 'acts', 'hold') === true,
		socket: typeof socket === 'string' && socket.startsWith('/') ? socket : agentSocket,
	};
}

/** What this program wrote itself, checked all the same. */
const ofMemory = (kept: Tree): WatchSettings =>
	settingsOf({
		watch: {
			onOutage: kept.onOutage,
			outageSeconds: Number(kept.outageMs) / 1000,
			healthySeconds: Number(kept.healthyMs) / 1000,
		},
		notices: { to: kept.to, from: kept.from },
		panel: { acts: { hold: kept.mayHold } },
		api: { socket: kept.socket },
	});
