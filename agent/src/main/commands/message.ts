/**
 * `sluice message …`: find a message, read its life, decide about it.
 */
import { recipientStates } from '@sluice/shared/words/recipient.ts';
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, noun, orInvalid, wholeNumber, withCommon } from './options.ts';
import { parseTime } from './render/time.ts';
import { type ActOptions, acts, actTexts, performAct, withAct } from './selecting.ts';
import type { Terminal } from './terminal.ts';

const idShape = /^[0-9a-hjkmnp-tv-z]{13}$/;

const idArgument = (): Argument =>
	new Argument('<id>', 'id of the message, as the reply to DATA, the log and `sluice message list` show it').argParser(
		(text: string) => {
			const id = text.trim().toLowerCase();
			if (!idShape.test(id))
				throw new InvalidArgumentError('A message id has 13 characters of 0-9 and a-z without i, l, o, u.');
			return id;
		},
	);

type ListOptions = CommonOptions & {
	readonly account?: string;
	readonly identity?: string;
	readonly sender?: string;
	readonly recipient?: string;
	readonly subject?: string;
	readonly state?: (typeof recipientStates)[number];
	readonly since?: number;
	readonly until?: number;
	readonly limit: number;
	readonly cursor?: string;
};

const filterNames = ['account', 'identity', 'sender', 'recipient', 'subject', 'state'] as const;

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
	const { messageListLines } = await import('./render/messages.ts');
	const { since, until, limit, cursor } = options;
	const filters = Object.fromEntries(filterNames.map((name) => [name, options[name]]));
	const isFiltered =
		filterNames.some((name) => options[name] !== undefined) || since !== undefined || until !== undefined;
	await answer(terminal, options, {
		id: 'listMessages',
		input: {
			query: {
				...filters,
				limit,
				...(cursor === undefined ? {} : { cursor }),
				...(since === undefined ? {} : { since: new Date(since).toISOString() }),
				...(until === undefined ? {} : { until: new Date(until).toISOString() }),
			},
		},
		render: (page, view) => messageListLines(page, view, isFiltered),
	});
}

function addList(message: Command, terminal: Terminal): void {
	const time = (text: string): number => orInvalid(parseTime(text, { nowMs: terminal.now(), zone: terminal.zone }));
	withCommon(message.command('list'))
		.description('Search messages, newest first.')
		.option('--account <id>', 'of a hosting account')
		.option('--identity <kind:id>', 'of an identity: mailbox:user@site.test, unix:7001')
		.option('--sender <address>', 'by reverse-path: an address, or @domain')
		.option('--recipient <address>', 'by recipient: an address, or @domain')
		.option('--subject <text>', 'by part of the subject')
		.addOption(new Option('--state <state>', 'with a recipient in this state').choices([...recipientStates]))
		.option('--since <time>', 'accepted after: 2h, 3d, "2026-11-24 07:20", RFC 3339', time)
		.option('--until <time>', 'accepted before', time)
		.option('--limit <number>', 'at most this many', wholeNumber(1, 1000), 50)
		.option('--cursor <text>', 'go on where a list ended')
		.action((options: ListOptions) => list(terminal, options));
}

export function addMessage(program: Command, terminal: Terminal): void {
	const message = noun(program, 'message', 'Find a message, read its life, decide about it.');
	addList(message, terminal);
	withCommon(message.command('trace'))
		.description('The whole life of a message: who sent it and how we know, the verdict, every step, what is next.')
		.addArgument(idArgument())
		.action(async (id: string, options: CommonOptions) => {
			const { traceLines } = await import('./render/trace.ts');
			await answer(terminal, options, { id: 'traceMessage', input: { params: { id } }, render: traceLines });
		});
	for (const act of acts) {
		withAct(withCommon(message.command(act)), act)
			.description(actTexts[act])
			.addArgument(idArgument())
			.action((id: string, options: ActOptions) => performAct(terminal, act, { kind: 'message', id }, options));
	}
}
