/**
 * What must be seen before a wired Exim may be left alone, in order.
 *
 * `exim -bV` finds only what breaks the file's form; a transport that does not exist, `:` for `::`, a forgotten `self = send` or a
 * router behind the stock ones all pass it. `-bt` finds those, `-brt` the retry rule that stands too late, `-bP` as an ordinary
 * user the forgotten `hide`; the rest (secret, base64, ACL hooks, SRS) only a message shows. Pure.
 */

import type { CommandCheck, WiringCheck } from './checks.ts';
import { eximForwardTransportName, eximRetryRule, eximRouterName, eximTransportName } from './exim.ts';

export type EximCheckSettings = {
	/** `/usr/sbin/exim`. */
	readonly program: string;
	/** File to check when it is not the one Exim reads by itself. */
	readonly configPath?: string;
	readonly agentPort: number;
	/** Restarts Exim: `['/usr/local/cpanel/scripts/restartsrv_exim']`. */
	readonly restart: readonly string[];
	/** An address of this server, as sender: a null sender meets other routers. */
	readonly ownAddress: string;
	/** An address nobody has, at a domain that is not local: `probe@example.com`. */
	readonly remoteAddress: string;
	/** A local alias that leads outside, if there is one. */
	readonly aliasAddress?: string;
	/** Forwards go out by SRS. */
	readonly hasSrs: boolean;
};

export function checksExim(settings: EximCheckSettings): readonly WiringCheck[] {
	return [
		syntax(settings),
		route(settings, 'exim.route', settings.remoteAddress, eximTransportName),
		...(settings.aliasAddress === undefined
			? []
			: [
					route(
						settings,
						'exim.route-alias',
						settings.aliasAddress,
						settings.hasSrs ? eximForwardTransportName : eximTransportName,
					),
				]),
		retryRule(settings),
		secretHidden(settings),
		restarted(settings),
		...probes(settings),
		nothingFrozen(settings),
	];
}

const common = { kind: 'command', runAs: 'root', neverPrints: [], isReadOnly: true } as const;

const fileArguments = ({ configPath }: EximCheckSettings): readonly string[] =>
	configPath === undefined ? [] : ['-C', configPath];

function syntax(settings: EximCheckSettings): CommandCheck {
	return {
		...common,
		id: 'exim.syntax',
		sentence: 'Exim can read the configuration.',
		command: [settings.program, ...fileArguments(settings), '-bV'],
		prints: ['Configuration file is'],
	};
}

function route(settings: EximCheckSettings, id: string, address: string, transport: string): CommandCheck {
	return {
		...common,
		id,
		sentence: `Mail to ${address} goes to the agent.`,
		command: [settings.program, ...fileArguments(settings), '-f', settings.ownAddress, '-bt', address],
		// The host line tells `::` from `:`, and a crash in the header's expansion prints nothing at all.
		prints: [`router = ${eximRouterName}, transport = ${transport}`, 'host 127.0.0.1', `port=${settings.agentPort}`],
		neverPrints: ['cannot be resolved at this time', 'PANIC', 'is undeliverable'],
	};
}

function retryRule(settings: EximCheckSettings): CommandCheck {
	return {
		...common,
		id: 'exim.retry',
		sentence: 'After an outage of the agent mail flows again within ten seconds.',
		command: [settings.program, ...fileArguments(settings), '-brt', '127.0.0.1'],
		prints: [eximRetryRule],
	};
}

function secretHidden(settings: EximCheckSettings): CommandCheck {
	return {
		...common,
		id: 'exim.secret-hidden',
		sentence: 'Users of this server cannot read the wiring secret.',
		command: [settings.program, ...fileArguments(settings), '-bP', 'router', eximRouterName],
		runAs: 'nobody',
		prints: ['headers_add = <value not displayable>'],
		neverPrints: ['readfile'],
	};
}

function restarted(settings: EximCheckSettings): CommandCheck {
	return {
		...common,
		id: 'exim.restart',
		sentence: 'Exim starts with it.',
		command: settings.restart,
		prints: [],
		isReadOnly: false,
	};
}

/** A directory that would write a header of its own and a forged copy: both must be harmless. */
function probes({ remoteAddress, aliasAddress, hasSrs }: EximCheckSettings): readonly WiringCheck[] {
	const probe = {
		kind: 'probe',
		runAs: 'nobody',
		directoryName: 'a\nX-Evil: 1',
		headers: [
			'X-Sluice-Sender: v=1; s=forged; id=; proto=esmtpa; auth=Zm9yZ2Vk; uid=; ident=; host=; port=; cwd=; anc=',
		],
	} as const;
	const always = ['one-wiring-header', 'right-secret', 'uid', 'directory', 'no-alarm', 'no-evil-header'] as const;
	const direct: WiringCheck = {
		...probe,
		id: 'exim.probe',
		sentence: 'The agent sees who sent a message, and a forged header is gone.',
		to: remoteAddress,
		mustHold: always,
	};
	if (aliasAddress === undefined) return [direct];
	const forwarded: WiringCheck = {
		...probe,
		id: 'exim.probe-alias',
		sentence: 'The agent sees which alias forwarded a message.',
		to: aliasAddress,
		mustHold: [...always, 'ancestor', ...(hasSrs ? (['srs-sender'] as const) : [])],
	};
	return [direct, forwarded];
}

function nothingFrozen(settings: EximCheckSettings): CommandCheck {
	return {
		...common,
		id: 'exim.nothing-frozen',
		sentence: 'No probe is stuck in the queue.',
		command: [settings.program, '-bp'],
		prints: [],
		neverPrints: ['*** frozen ***'],
	};
}
