/**
 * Acts on mail: what is meant, why, and the question before mail is dropped.
 *
 * The same for one message (`message discard ID`) and for all of an account, identity or destination (`queue discard --account X`).
 */

import type { Selector } from '@sluice/shared/words/selector.ts';
import type { Command } from 'commander';
import { answer } from './call.ts';
import type { CommonOptions } from './options.ts';
import type { Terminal } from './terminal.ts';

export const acts = ['hold', 'release', 'discard', 'requeue', 'restore'] as const;
export type Act = (typeof acts)[number];

export const actTexts: { readonly [act in Act]: string } = {
	hold: 'Keep it here until somebody decides.',
	release: 'Let held or waiting mail go.',
	discard: 'Drop it. No report is sent; for some days it can be restored.',
	requeue: 'Try deferred mail again now.',
	restore: 'Bring back what was discarded or has expired.',
};

export type ActOptions = CommonOptions & {
	readonly reason: string;
	readonly yes?: boolean;
	readonly now?: boolean;
	readonly asBefore?: boolean;
};

const withNow = (command: Command): Command =>
	command.option('--now', 'at once, whatever limits say; otherwise what is over a limit leaves in pace');

export function withAct(command: Command, act: Act): Command {
	command.requiredOption('--reason <text>', 'why; shown in trace and audit');
	switch (act) {
		case 'discard':
			return command.option('--yes', 'do not ask before mail is dropped');
		case 'release':
			return withNow(command);
		case 'restore':
			return withNow(command).option('--as-before', 'what was held is held again, for the same reason');
		default:
			return command;
	}
}

export type SelectorOptions = {
	readonly account?: string;
	readonly identity?: string;
	readonly destination?: string;
};

export const withSelector = (command: Command): Command =>
	command
		.option('--account <id>', 'all of a hosting account')
		.option('--identity <kind:id>', 'all of an identity: mailbox:user@site.test, unix:7001')
		.option('--destination <domain>', 'all that goes to a domain');

/** Exactly one, or wrong use. */
export function selectorFrom(options: SelectorOptions, command: Command): Selector {
	const named = (['account', 'identity', 'destination'] as const).flatMap((kind) => {
		const id = options[kind];
		return id === undefined ? [] : [{ kind, id }];
	});
	const [only] = named;
	if (only !== undefined && named.length === 1) return only;
	return command.error('name exactly one of --account, --identity, --destination', { exitCode: 2 });
}

/** True when nobody is there to ask, or the answer is yes. Scripts are not asked: they gave a reason. */
async function mayDiscard(terminal: Terminal, { kind, id }: Selector, options: ActOptions): Promise<boolean> {
	if (options.yes === true || !terminal.canAsk) return true;
	const what = kind === 'message' ? `message ${id}` : `all open mail of ${kind} ${id}`;
	const reply = await terminal.ask(`Drop ${what}, without a report to the sender? Type yes: `);
	return reply.trim().toLowerCase() === 'yes';
}

export async function performAct(terminal: Terminal, act: Act, selector: Selector, options: ActOptions): Promise<void> {
	if (act === 'discard' && !(await mayDiscard(terminal, selector, options))) {
		terminal.writeErr('Nothing was dropped.\n');
		return terminal.endWith(1);
	}
	const { actedLines } = await import('./render/acted.ts');
	await answer(terminal, options, {
		id: 'act',
		input: {
			params: { act },
			body: { selector, reason: options.reason, now: options.now === true, asBefore: options.asBefore === true },
		},
		render: (done) => actedLines(act, selector, done),
	});
}
