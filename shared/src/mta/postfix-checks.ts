/**
 * What must be seen before a wired Postfix may be left alone, in order. Pure; see checks.ts.
 *
 * Postfix reads changes only on reload, so the values are asked of `postconf` before it and proved by a message after it.
 */

import type { CommandCheck, WiringCheck } from './checks.ts';
import type { PostfixParameters } from './postfix.ts';

export type PostfixCheckSettings = {
	readonly parameters: PostfixParameters;
	/** Folder of main.cf; left out: Postfix's own. */
	readonly configDir?: string;
	/** An address at a domain that is not local: `probe@example.com`. */
	readonly remoteAddress: string;
	/** A local alias that leads outside, if there is one. */
	readonly aliasAddress?: string;
	/** Sender of the test message; left out: the user's own. */
	readonly sender?: string;
};

export function checksPostfix(settings: PostfixCheckSettings): readonly WiringCheck[] {
	const file = settings.configDir === undefined ? [] : ['-c', settings.configDir];
	const command = (id: string, sentence: string, words: readonly string[]): CommandCheck => ({
		kind: 'command',
		id,
		sentence,
		command: words,
		runAs: 'root',
		prints: [],
		neverPrints: ['fatal:', 'error:'],
		isReadOnly: true,
	});
	const names = Object.keys(settings.parameters);
	return [
		command('postfix.syntax', 'Postfix can read its configuration.', ['postfix', ...file, 'check']),
		{
			...command('postfix.values', 'The wiring is in force.', ['postconf', ...file, ...names]),
			prints: names.map((name) => `${name} = ${settings.parameters[name]}`),
		},
		{
			...command('postfix.reload', 'Postfix takes it over.', ['postfix', ...file, 'reload']),
			isReadOnly: false,
		},
		...probes(settings),
	];
}

/** A forged copy of Exim's header and a forged Received: on Postfix neither may count. */
function probes({ remoteAddress, aliasAddress, sender }: PostfixCheckSettings): readonly WiringCheck[] {
	const probe = {
		kind: 'probe',
		runAs: 'nobody',
		...(sender === undefined ? {} : { from: sender }),
		directoryName: 'probe',
		headers: [
			'X-Sluice-Sender: v=1; s=forged; id=; proto=esmtpa; auth=Zm9yZ2Vk; uid=; ident=; host=; port=; cwd=; anc=',
			'Received: by localhost (Postfix, from userid 0)\r\n\tid FORGED1; Thu, 1 Jan 1970 00:00:00 +0000',
		],
	} as const;
	const direct: WiringCheck = {
		...probe,
		id: 'postfix.probe',
		sentence: 'The agent sees who sent a message, and forged lines do not count.',
		to: remoteAddress,
		mustHold: ['uid', 'no-alarm'],
	};
	if (aliasAddress === undefined) return [direct];
	return [
		direct,
		{
			...probe,
			id: 'postfix.probe-alias',
			sentence: 'The agent sees which alias forwarded a message.',
			to: aliasAddress,
			mustHold: ['uid', 'ancestor'],
		},
	];
}
