/** `sluice audit`: who did what, newest first. */
import type { Command } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, wholeNumber, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

type AuditOptions = CommonOptions & {
	readonly by?: string;
	readonly subject?: string;
	readonly act?: string;
	readonly limit: number;
	readonly cursor?: string;
};

export function addAudit(program: Command, terminal: Terminal): void {
	withCommon(program.command('audit'))
		.description('Administrative acts, newest first: when, who, what, why.')
		.option('--by <text>', 'by part of who did it')
		.option('--subject <text>', 'by part of what it was done to: an account, a message id')
		.option('--act <text>', 'by the begin of the act: limit, hold, queue, account, panel, mta')
		.option('--limit <number>', 'at most this many', wholeNumber(1, 1000), 50)
		.option('--cursor <text>', 'go on where a list ended')
		.action(async ({ limit, cursor, by, subject, act, ...options }: AuditOptions) => {
			const { auditLines } = await import('./render/audit.ts');
			await answer(terminal, options, {
				id: 'audit',
				input: {
					query: {
						limit,
						...(by === undefined ? {} : { actor: by }),
						...(subject === undefined ? {} : { subject }),
						...(act === undefined ? {} : { act }),
						...(cursor === undefined ? {} : { cursor }),
					},
				},
				render: auditLines,
			});
		});
}
