/**
 * The wiring of Postfix: a few parameters of main.cf.
 *
 * `relayhost` leads remote mail to the agent; XFORWARD and the authenticated sender in Received tell who sent it. Unlike a transport
 * map, relayhost leaves Plesk's per-domain transports (own address and EHLO name) in force. Our lines stand in a block at the end,
 * where they count (the last of two lines for a parameter does); the lines they replace become comments that hold them
 * unchanged, so that taking out is exact. A parameter that already has our value is left alone.
 *
 * Another smarthost is never overwritten by itself: the caller reports it, and wires over it only when told to.
 *
 * Pure, text to text. Not here: postfix reload, maps, Plesk's own smarthost setting (installers).
 */

import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { type BlockProblem, findBlocks, insertBlock, removeBlocks } from './blocks.ts';
import type { WiringFinding } from './checks.ts';
import { mainCfLines, mainCfValue } from './main-cf.ts';

export type PostfixWiringSettings = {
	/** Port of the agent on 127.0.0.1. */
	readonly agentPort: number;
	/** Map of the senders that alone come to the agent (canary.ts); left out: everybody. */
	readonly onlyPath?: string;
};

/** Parameter → value, in the order they are written. */
export type PostfixParameters = { readonly [parameter: string]: string };

/** The parameters to set. Brackets: no MX lookup. Throws for a port that is none. */
export function renderPostfix({ agentPort, onlyPath }: PostfixWiringSettings): PostfixParameters {
	if (!Number.isInteger(agentPort) || agentPort < 1 || agentPort > 65535) throw new RangeError(`no port: ${agentPort}`);
	return {
		...(onlyPath === undefined ? { relayhost: nextHopOf(agentPort) } : { [senderMap]: `texthash:${onlyPath}` }),
		smtp_send_xforward_command: 'yes',
		smtpd_sasl_authenticated_header: 'yes',
	};
}

/** Where Postfix sends what is led to the agent. */
export const nextHopOf = (agentPort: number): string => `[127.0.0.1]:${agentPort}`;

const senderMap = 'sender_dependent_relayhost_maps';

export type PostfixProblem = BlockProblem | { readonly kind: 'smarthost'; readonly finding: WiringFinding };

export type PostfixWireOptions = {
	/** Wire although another relayhost is set; it is kept in a comment and comes back when the wiring is taken out. */
	readonly overSmarthost?: boolean;
};

const blockName = 'postfix';
/** What stands before a line of the administrator's that our block replaces. */
const formerMark = '# sluice keeps: ';

/** main.cf with `parameters` in force, instead of any earlier wiring of ours. */
export function wirePostfix(
	mainCf: string,
	parameters: PostfixParameters,
	options: PostfixWireOptions = {},
): Result<string, PostfixProblem> {
	const bare = removePostfix(mainCf);
	if (!bare.ok) return bare;
	const smarthost = smarthostFinding(bare.value, parameters);
	if (smarthost !== undefined && options.overSmarthost !== true)
		return failed({ kind: 'smarthost', finding: smarthost });

	const ours = Object.entries(parameters).filter(([name, value]) => mainCfValue(bare.value, name) !== value);
	if (ours.length === 0) return ok(bare.value);
	const replaced = new Set(ours.map(([name]) => name));
	const kept = mainCfLines(bare.value)
		.map(({ text, parameter }) => (parameter !== undefined && replaced.has(parameter) ? formerMark + text : text))
		.join('');
	return insertBlock(kept, blockName, ours.map(([name, value]) => `${name} = ${value}`).join('\n'), 'end');
}

/** main.cf as it was before `wirePostfix`, byte for byte. */
export function removePostfix(mainCf: string): Result<string, BlockProblem> {
	const bare = removeBlocks(mainCf);
	if (!bare.ok) return bare;
	const restored = mainCfLines(bare.value).map(({ text }) =>
		text.startsWith(formerMark) ? text.slice(formerMark.length) : text,
	);
	return ok(restored.join(''));
}

export type PostfixDetection = {
	/** `wired`: every parameter is in force. `outdated`: our block is there but something else is in force. */
	readonly state: 'absent' | 'wired' | 'outdated';
	/** Parameters that do not have the value they should, with what they have. */
	readonly differences: readonly {
		readonly parameter: string;
		readonly wanted: string;
		readonly found: string | undefined;
	}[];
	/** Our block is in the file; `wired` without it: somebody else (Plesk's smarthost setting) keeps the same values. */
	readonly hasBlock: boolean;
};

export function detectPostfix(mainCf: string, parameters: PostfixParameters): Result<PostfixDetection, BlockProblem> {
	const blocks = findBlocks(mainCf);
	if (!blocks.ok) return blocks;
	const hasBlock = blocks.value.some(({ name }) => name === blockName);
	const differences = Object.entries(parameters).flatMap(([parameter, wanted]) => {
		const found = mainCfValue(mainCf, parameter);
		return found === wanted ? [] : [{ parameter, wanted, found }];
	});
	const state = differences.length === 0 ? 'wired' : hasBlock ? 'outdated' : 'absent';
	return ok({ state, differences, hasBlock });
}

function smarthostFinding(mainCf: string, parameters: PostfixParameters): WiringFinding | undefined {
	const value = mainCfValue(mainCf, 'relayhost');
	if (parameters.relayhost === undefined || value === undefined || value === '' || value === parameters.relayhost)
		return undefined;
	return {
		code: 'smarthost',
		severity: 'stops',
		text: 'Another relay is set. Make it the upstream of the agent first, then wire over it.',
		evidence: `relayhost = ${value}`,
	};
}

/** Of a canary: somebody leads senders to other relays already, and two maps of senders are one too many to tell apart. */
function canaryFinding(mainCf: string, parameters: PostfixParameters): WiringFinding | undefined {
	const value = mainCfValue(mainCf, senderMap);
	if (parameters[senderMap] === undefined || value === undefined || value === '' || value === parameters[senderMap])
		return undefined;
	return {
		code: 'sender-relay-map',
		severity: 'stops',
		text: 'A map of senders is in use already, so a canary cannot have one: choose another stage.',
		evidence: `${senderMap} = ${value}`,
	};
}

/** What in main.cf would lead mail past the agent, break the hop to it, or change who the sender seems to be. */
export function findingsPostfix(mainCf: string, parameters: PostfixParameters): readonly WiringFinding[] {
	const bare = removePostfix(mainCf);
	const text = bare.ok ? bare.value : mainCf;
	const findings: (WiringFinding | undefined)[] = [smarthostFinding(text, parameters), canaryFinding(text, parameters)];
	for (const { parameter, isHarmless, ...finding } of oddSettings) {
		const value = mainCfValue(text, parameter);
		if (value === undefined || value === '' || isHarmless(value)) continue;
		if (parameter === senderMap && parameters[senderMap] !== undefined) continue;
		findings.push({ ...finding, evidence: `${parameter} = ${value}` });
	}
	return findings.filter((finding) => finding !== undefined);
}

type OddSetting = Omit<WiringFinding, 'evidence'> & {
	readonly parameter: string;
	readonly isHarmless: (value: string) => boolean;
};

const never = () => false;

const oddSettings: readonly OddSetting[] = [
	{
		parameter: 'sender_dependent_relayhost_maps',
		code: 'sender-relay-map',
		severity: 'bypasses',
		text: 'Senders in this map go to another relay, not to the agent.',
		isHarmless: never,
	},
	{
		parameter: 'default_transport',
		code: 'default-transport',
		severity: 'bypasses',
		text: 'A transport with a next hop of its own does not ask relayhost.',
		isHarmless: (value) => /^(?:smtp|relay):?$/.test(value),
	},
	{
		parameter: 'sender_dependent_default_transport_maps',
		code: 'sender-transport-map',
		severity: 'note',
		text: 'Entries with a next hop go past the agent; entries without one (Plesk: own address a domain) are right.',
		isHarmless: never,
	},
	{
		parameter: 'transport_maps',
		code: 'transport-map',
		severity: 'note',
		text: 'Remote domains in this map go past the agent.',
		isHarmless: never,
	},
	{
		parameter: 'smtp_tls_security_level',
		code: 'tls-required',
		severity: 'stops',
		text: 'TLS is required of every server, and the agent speaks none on the loopback.',
		isHarmless: (value) => /^(?:none|may|dane)$/.test(value),
	},
	{
		parameter: 'smtp_sasl_auth_enable',
		code: 'client-login',
		severity: 'note',
		text: 'Postfix logs in to relays; it needs no login for the agent, which offers none.',
		isHarmless: (value) => value === 'no',
	},
	{
		parameter: 'content_filter',
		code: 'filter',
		severity: 'note',
		text: 'A content filter passes mail through Postfix twice; tell the agent about it, or its mail cannot be attributed.',
		isHarmless: never,
	},
	{
		parameter: 'smtpd_proxy_filter',
		code: 'filter',
		severity: 'note',
		text: 'A proxy filter stands before the queue; tell the agent about it, or its mail cannot be attributed.',
		isHarmless: never,
	},
	{
		parameter: 'soft_bounce',
		code: 'soft-bounce',
		severity: 'note',
		text: 'Refused mail stays in the queue instead of being returned.',
		isHarmless: (value) => value === 'no',
	},
	{
		parameter: 'defer_transports',
		code: 'deferred-transport',
		severity: 'note',
		text: 'Mail of these transports waits.',
		isHarmless: never,
	},
];
