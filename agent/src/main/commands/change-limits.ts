/**
 * `sluice account change-limits`: one number of many accounts: shown first, done when it is said, undone in one go.
 */
import type { LimitChangeDto } from '@sluice/shared/contract/change-operations.ts';
import type { OperationInput } from '@sluice/shared/contract/operations.ts';
import { accountStates } from '@sluice/shared/words/account.ts';
import { type LimitMode, type LimitRule, limitModes, limitRules } from '@sluice/shared/words/limits.ts';
import { type Command, Option } from 'commander';
import { answer, clientFor, writeFailure, writeLines } from './call.ts';
import { parseUntil, typed } from './limited.ts';
import { type CommonOptions, orInvalid, withCommon } from './options.ts';
import { countText, jsonText } from './render/text.ts';
import { viewOf } from './render/view.ts';
import type { Terminal } from './terminal.ts';

type ChangeOptions = CommonOptions & {
	readonly account?: readonly string[];
	readonly search?: string;
	readonly state?: (typeof accountStates)[number];
	readonly reseller?: string;
	readonly plan?: string;
	readonly near?: boolean;
	readonly waiting?: boolean;
	readonly ownLimits?: boolean;
	readonly all?: boolean;
	readonly rule?: LimitRule;
	readonly value?: { readonly value: number | undefined };
	readonly mode: LimitMode;
	readonly until?: number;
	readonly note?: string;
	readonly preview?: boolean;
	readonly yes?: boolean;
};
type Body = OperationInput<'changeLimits'>['body'];

/** Whom it is about; undefined: nobody was named, or both ways at once. */
function targetOf(options: ChangeOptions): Body['target'] | undefined {
	const { account, search, state, reseller, plan, near, waiting, ownLimits, all } = options;
	const matching = Object.fromEntries(
		Object.entries({ search, state, reseller, plan, near, waiting, ownLimits }).filter(
			([, value]) => value !== undefined,
		),
	);
	const isMatching = Object.keys(matching).length > 0 || all === true;
	if (isMatching === (account !== undefined)) return undefined;
	return account === undefined ? { matching } : { accounts: [...account] };
}

/** Undefined: no number was named. */
function bodyOf({ rule, value, mode, until, note }: ChangeOptions, target: Body['target']): Body | undefined {
	if (rule === undefined || value === undefined) return undefined;
	return {
		target,
		rule,
		value: value.value ?? null,
		mode,
		...(until === undefined ? {} : { until: new Date(until).toISOString() }),
		...(note === undefined ? {} : { note }),
		preview: false,
	};
}

async function isMeant(terminal: Terminal, { changed }: LimitChangeDto, options: ChangeOptions): Promise<boolean> {
	if (options.preview === true || changed === 0) return false;
	if (options.yes === true) return true;
	if (!terminal.canAsk) return false;
	const reply = await terminal.ask(`Change ${countText(changed, 'account')}? Type yes: `);
	return reply.trim().toLowerCase() === 'yes';
}

async function change(terminal: Terminal, body: Body, options: ChangeOptions): Promise<void> {
	const client = await clientFor(terminal, options);
	const looked = await client.call('changeLimits', { body: { ...body, preview: true } });
	if (!looked.ok) {
		writeFailure(terminal, options, looked.error);
		return terminal.endWith(1);
	}
	const { changeLines, changedLines } = await import('./render/changes.ts');
	const view = viewOf(terminal);
	if (options.json !== true) writeLines(terminal, changeLines(looked.value, view));
	if (!(await isMeant(terminal, looked.value, options))) {
		if (options.json === true) terminal.writeOut(jsonText(looked.value));
		else if (looked.value.changed > 0) terminal.writeOut('Nothing is changed yet; --yes does it.\n');
		return;
	}
	// Others than those that were shown are not changed.
	const done = await client.call('changeLimits', { body: { ...body, expected: looked.value.accounts } });
	if (!done.ok) {
		writeFailure(terminal, options, done.error);
		return terminal.endWith(1);
	}
	if (options.json === true) terminal.writeOut(jsonText(done.value));
	else writeLines(terminal, changedLines(done.value, view));
}

export function addChangeLimits(account: Command, terminal: Terminal): void {
	const command = withCommon(account.command('change-limits'))
		.description('Set one number for many accounts, or take it away: shown first, undone in one go.')
		.option('--account <id...>', 'these accounts; else all that the following let through, as in account list')
		.option('--search <text>', 'part of an id, a name or a domain')
		.addOption(new Option('--state <state>', 'only in this state').choices([...accountStates]))
		.option('--reseller <name>', 'only of a reseller')
		.option('--plan <name>', 'only of a plan')
		.option('--near', 'only those that have used most of a limit')
		.option('--waiting', 'only those of which something waits')
		.option('--own-limits', 'only those for which numbers are set by name')
		.option('--all', 'every account')
		.addOption(new Option('--rule <rule>', 'which number').choices([...limitRules]))
		.option('--value <number>', 'the number; inherit: the own number is taken away', typed)
		.addOption(new Option('--mode <mode>', 'monitor: only counted').choices([...limitModes]).default('enforce'))
		.option('--until <time>', 'an exception, until then: 3d, 2026-12-01', (text: string) =>
			orInvalid(parseUntil(text, terminal)),
		)
		.option('--note <text>', 'why; shown beside the numbers and in the audit')
		.option('--preview', 'only show what it would change')
		.option('--yes', 'do it without a question')
		.helpCommand(false)
		.action(async (options: ChangeOptions, self: Command) => {
			const target = targetOf(options);
			if (target === undefined)
				return self.error('name --account, or filters such as --plan, or --all', { exitCode: 2 });
			const body = bodyOf(options, target);
			if (body === undefined) return self.error('name --rule and --value', { exitCode: 2 });
			await change(terminal, body, options);
		});
	withCommon(command.command('undo'))
		.description('Put back what stood before a change, where nobody has changed it since. For seven days.')
		.argument('<id>', 'the change, as it said itself and as the audit has it')
		.action(async (id: string, _options: CommonOptions, self: Command) => {
			const { undoneLines } = await import('./render/changes.ts');
			await answer(terminal, self.optsWithGlobals(), {
				id: 'undoLimitChange',
				input: { params: { id }, body: {} },
				render: undoneLines,
			});
		});
}
