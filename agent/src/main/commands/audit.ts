/** `sluice audit`: who did what, newest first. */
import type { Command } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, wholeNumber, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

type AuditOptions = CommonOptions & { readonly limit: number; readonly cursor?: string };

export function addAudit(program: Command, terminal: Terminal): void {
	withCommon(program.command('audit'))
		.description('Administrative acts, newest first: when, who, what, why.')
		.option('--limit <number>', 'at most this many', wholeNumber(1, 1000), 50)
		.option('--cursor <text>', 'go on where a list ended')
		.action(async ({ limit, cursor, ...options }: AuditOptions) => {
			const { auditLines } = await import('./render/audit.ts');
			await answer(terminal, options, {
				id: 'audit',
				input: { query: { limit, ...(cursor === undefined ? {} : { cursor }) } },
				render: auditLines,
			});
		});
}
