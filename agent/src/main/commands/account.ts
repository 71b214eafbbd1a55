/**
 * `sluice account …`: hosting accounts: what they have used, what waits, what is allowed; and stopping one.
 */
import { accountStates } from '@sluice/shared/words/account.ts';
import { type Command, Option } from 'commander';
import { answer, clientFor, unknownAccountNote, writeFailure, writeLines } from './call.ts';
import { addChangeLimits } from './change-limits.ts';
import { holdSeconds, holdSecondsDefault } from './hold.ts';
import { addLearn } from './learn.ts';
import { setLimit } from './limit.ts';
import { type NumberOptions, withSetting } from './limited.ts';
import { type CommonOptions, noun, wholeNumber, withCommon } from './options.ts';
import { jsonText } from './render/text.ts';
import { viewOf } from './render/view.ts';
import { addSimulate } from './simulate.ts';
import type { Terminal } from './terminal.ts';

type ListOptions = CommonOptions & {
	readonly search?: string;
	readonly state?: (typeof accountStates)[number];
	readonly reseller?: string;
	readonly plan?: string;
	readonly near?: boolean;
	readonly sort: 'usage' | 'name' | 'waiting';
	readonly limit: number;
	readonly cursor?: string;
};
type ReasonOptions = CommonOptions & { readonly reason: string };

const messagesShown = 5;
const idArgument = ['<id>', "the panel's id of the account: a cPanel user, a Plesk GUID"] as const;
const reasonOption = ['--reason <text>', 'why; shown in trace and audit'] as const;

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
	const { accountListLines } = await import('./render/accounts.ts');
	const { search, state, reseller, plan, near, sort, limit, cursor } = options;
	const filters = Object.entries({ search, state, reseller, plan, cursor, ...(near ? { near: 'true' } : {}) }).filter(
		([, value]) => value !== undefined,
	);
	await answer(terminal, options, {
		id: 'listAccounts',
		input: { query: { ...Object.fromEntries(filters), sort, limit } },
		render: (page, view) => accountListLines(page, view, filters.length > 0),
	});
}

/** Everything about one account, asked at once. What the agent cannot tell besides the account itself is left out. */
async function show(terminal: Terminal, id: string, options: CommonOptions): Promise<void> {
	const client = await clientFor(terminal, options);
	const params = { level: 'accounts', id } as const;
	const [account, limits, usage, messages, holds] = await Promise.all([
		client.call('getAccount', { params: { id } }),
		client.call('getLimits', { params }),
		client.call('getUsage', { params }),
		client.call('listMessages', { query: { account: id, limit: messagesShown } }),
		client.call('listHolds'),
	]);
	if (!account.ok || !limits.ok || !usage.ok) {
		const failed = [account, limits, usage].find((one) => !one.ok);
		if (failed?.ok === false) writeFailure(terminal, options, failed.error);
		return terminal.endWith(1);
	}
	const { key } = account.value;
	const seen = {
		account: account.value,
		limits: limits.value,
		usage: usage.value,
		holds: holds.ok
			? holds.value.items.filter(({ selector }) => selector.kind === 'account' && selector.id === key)
			: [],
		messages: messages.ok ? messages.value.items : [],
	};
	if (options.json === true) return terminal.writeOut(jsonText(seen));
	const { accountLines } = await import('./render/account.ts');
	writeLines(terminal, accountLines(seen, viewOf(terminal)));
}

/** Lifts what holds the account, then lets go what is held. */
async function release(
	terminal: Terminal,
	id: string,
	{ reason, now, ...options }: ReasonOptions & { readonly now?: boolean },
): Promise<void> {
	const client = await clientFor(terminal, options);
	const [account, holds] = await Promise.all([client.call('getAccount', { params: { id } }), client.call('listHolds')]);
	// An account that no panel has named, and that has sent nothing today, may still have a hold.
	const key = account.ok ? account.value.key : id;
	let lifted = 0;
	for (const hold of holds.ok ? holds.value.items : []) {
		if (hold.selector.kind !== 'account' || hold.selector.id !== key) continue;
		const done = await client.call('deleteHold', { params: { id: hold.id } });
		if (!done.ok) {
			writeFailure(terminal, options, done.error);
			return terminal.endWith(1);
		}
		lifted += 1;
	}
	const { releasedLines } = await import('./render/account.ts');
	await answer(terminal, options, {
		id: 'act',
		input: {
			params: { act: 'release' },
			body: { selector: { kind: 'account', id }, reason, now: now === true },
		},
		render: (done, view) => releasedLines({ id, lifted }, done, view),
	});
}

type SenderOptions = CommonOptions & { readonly allow?: readonly string[]; readonly forbid?: readonly string[] };

/** Without a change it only shows. */
async function maySendAs(
	terminal: Terminal,
	id: string,
	{ allow = [], forbid = [], ...options }: SenderOptions,
): Promise<void> {
	const { maySendAsLines } = await import('./render/account.ts');
	const client = await clientFor(terminal, options);
	const account = await client.call('getAccount', { params: { id } });
	if (!account.ok) {
		writeFailure(terminal, options, account.error);
		return terminal.endWith(1);
	}
	if (allow.length + forbid.length === 0) {
		if (options.json === true) terminal.writeOut(jsonText(account.value));
		else writeLines(terminal, maySendAsLines(account.value, viewOf(terminal)));
		return;
	}
	const lower = (texts: readonly string[]) => texts.map((text) => text.toLowerCase());
	const items = [...new Set([...account.value.maySendAs, ...lower(allow)])].filter(
		(item) => !lower(forbid).includes(item),
	);
	await answer(terminal, options, {
		id: 'putMaySendAs',
		input: { params: { id }, body: { items } },
		render: maySendAsLines,
	});
}

function addList(account: Command, terminal: Terminal): void {
	withCommon(account.command('list'))
		.description('Accounts and what they have used, the largest use first.')
		.option('--search <text>', 'part of an id, a name or a domain')
		.addOption(new Option('--state <state>', 'only in this state').choices([...accountStates]))
		.option('--reseller <name>', 'only of a reseller')
		.option('--plan <name>', 'only of a plan')
		.option('--near', 'only those that have used most of a limit')
		.addOption(new Option('--sort <by>', 'order').choices(['usage', 'name', 'waiting']).default('usage'))
		.option('--limit <number>', 'at most this many', wholeNumber(1, 1000), 50)
		.option('--cursor <text>', 'go on where a list ended')
		.action((options: ListOptions) => list(terminal, options));
}

function addHolding(account: Command, terminal: Terminal): void {
	withCommon(account.command('hold'))
		.description('Hold all of an account: what is queued and what comes, until a time.')
		.argument(...idArgument)
		.requiredOption(...reasonOption)
		.addOption(
			new Option('--for <time>', 'how long: 30m, 12h, 7d').argParser(holdSeconds).default(holdSecondsDefault, 'a day'),
		)
		.action(async (id: string, { reason, for: seconds, ...options }: ReasonOptions & { readonly for: number }) => {
			const { holdSetLines } = await import('./render/holds.ts');
			const note = await unknownAccountNote(await clientFor(terminal, options), id);
			await answer(terminal, options, {
				id: 'putHold',
				input: { body: { selector: { kind: 'account', id }, reason, seconds } },
				render: (done, view) => [...holdSetLines(done, view), ...note.map(view.paint.warning)],
			});
		});
	withCommon(account.command('release'))
		.description('End the holds of an account and let its held and waiting mail go.')
		.argument(...idArgument)
		.requiredOption(...reasonOption)
		.option('--now', 'at once, whatever limits say; otherwise what is over a limit leaves in pace')
		.action((id: string, options: ReasonOptions & { readonly now?: boolean }) => release(terminal, id, options));
}

export function addAccount(program: Command, terminal: Terminal): void {
	const account = noun(program, 'account', 'Hosting accounts: what they send, what they may, and stopping one.');
	addList(account, terminal);
	withCommon(account.command('show'))
		.description('One account: limits and where they come from, usage, what waits and until when, its last messages.')
		.argument(...idArgument)
		.addHelpText('after', '\nWith --json {account, limits, usage, holds, messages}, each as the API has it.')
		.action((id: string, options: CommonOptions) => show(terminal, id, options));
	withSetting(withCommon(account.command('set-limit')), terminal)
		.description('Set numbers for an account, or an exception with an end. What is not named stays as it is.')
		.argument(...idArgument)
		.action((id: string, options: CommonOptions & NumberOptions, command: Command) =>
			setLimit(terminal, { level: 'accounts', id }, options, command),
		);
	addChangeLimits(account, terminal);
	addHolding(account, terminal);
	addSimulate(account, terminal);
	addLearn(account, terminal);
	withCommon(account.command('may-send-as'))
		.description('Domains and addresses of others that an account may send as. Without a change: which they are.')
		.argument(...idArgument)
		.option('--allow <what...>', 'a domain or an address more')
		.option('--forbid <what...>', 'one less')
		.action((id: string, options: SenderOptions) => maySendAs(terminal, id, options));
	withCommon(account.command('forget'))
		.description('Forget a removed or unknown account: its limits, credentials and exceptions. History stays.')
		.argument(...idArgument)
		.requiredOption(...reasonOption)
		.action(async (id: string, { reason, ...options }: ReasonOptions) => {
			const { forgottenLines } = await import('./render/account.ts');
			await answer(terminal, options, {
				id: 'forgetAccount',
				input: { params: { id }, body: { reason } },
				render: (done, view) => forgottenLines(id, done, view),
			});
		});
}
