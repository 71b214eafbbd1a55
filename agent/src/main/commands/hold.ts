/**
 * `sluice hold …`: standing holds. Unlike `queue hold`, which holds what is there, they also hold what comes.
 */
import { type Command, Option } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, noun, orInvalid, withCommon } from './options.ts';
import { parseSpan } from './render/time.ts';
import { type SelectorOptions, selectorFrom, withSelector } from './selecting.ts';
import type { Terminal } from './terminal.ts';

const secondsMin = 60;
const secondsMax = 31_536_000;
export const holdSecondsDefault = 86_400;

/** Seconds of a hold as typed, within bounds, or wrong use. */
export function holdSeconds(text: string): number {
	const seconds = orInvalid(parseSpan(text));
	return orInvalid(
		seconds >= secondsMin && seconds <= secondsMax
			? { ok: true, value: seconds }
			: { ok: false, error: 'From 60s to 365d.' },
	);
}

type SetOptions = CommonOptions &
	SelectorOptions & { readonly reason: string; readonly for: number; readonly ownerMayRelease?: boolean };
type LiftOptions = CommonOptions & { readonly release?: boolean };

export function addHold(program: Command, terminal: Terminal): void {
	const hold = noun(program, 'hold', 'Standing holds: new mail that matches is held too.');
	withCommon(hold.command('list'))
		.description('Standing holds in force: what, why, who, until when.')
		.action(async (options: CommonOptions) => {
			const { holdListLines } = await import('./render/holds.ts');
			await answer(terminal, options, { id: 'listHolds', render: holdListLines });
		});
	withSelector(withCommon(hold.command('set')))
		.description('Hold queued and new mail until a time. It ends by itself; what it holds stays held.')
		.requiredOption('--reason <text>', 'why; shown in trace and audit')
		.addOption(
			new Option('--for <time>', 'how long: 30m, 12h, 7d').argParser(holdSeconds).default(holdSecondsDefault, 'a day'),
		)
		.option(
			'--owner-may-release',
			'leave it to the account to let go what is held, where rights.owners.release allows that',
		)
		.action(async (options: SetOptions, command: Command) => {
			const selector = selectorFrom(options, command);
			const { holdSetLines } = await import('./render/holds.ts');
			await answer(terminal, options, {
				id: 'putHold',
				input: {
					body: {
						selector,
						reason: options.reason,
						seconds: options.for,
						...(options.ownerMayRelease === true ? { ownerMayRelease: true } : {}),
					},
				},
				render: holdSetLines,
			});
		});
	withCommon(hold.command('lift'))
		.description('End a standing hold. New mail passes again.')
		.argument('<id>', 'id of the hold, as `sluice hold list` shows it')
		.option('--release', 'also let go what it holds')
		.action(async (id: string, { release = false, ...options }: LiftOptions) => {
			const { holdLiftedLines } = await import('./render/holds.ts');
			await answer(terminal, options, {
				id: 'deleteHold',
				input: { params: { id }, query: { release: release ? 'true' : 'false' } },
				render: (lifted) => holdLiftedLines(id, release, lifted),
			});
		});
}
