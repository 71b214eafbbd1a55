/** `sluice credential …`: user names and passwords with which remote applications hand mail in. */
import type { Command } from 'commander';
import { answer } from './call.ts';
import { type CommonOptions, noun, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

type ListOptions = CommonOptions & { readonly account?: string };
type AddOptions = CommonOptions & {
	readonly account: string;
	readonly name: string;
	readonly domain?: readonly string[];
};

export function addCredential(program: Command, terminal: Terminal): void {
	const credential = noun(program, 'credential', 'Credentials with which remote applications hand mail in.');
	withCommon(credential.command('list'))
		.description('Credentials, whose they are and when they were last used. Nobody has their passwords.')
		.option('--account <id>', 'only of one account')
		.action(async ({ account, ...options }: ListOptions) => {
			const { credentialListLines } = await import('./render/credentials.ts');
			await answer(terminal, options, {
				id: 'listCredentials',
				input: { query: account === undefined ? {} : { account } },
				render: credentialListLines,
			});
		});
	withCommon(credential.command('add'))
		.description('Make a credential. Its password is shown once.')
		.requiredOption('--account <id>', 'whose mail it hands in')
		.requiredOption('--name <text>', 'for people: what it is used by')
		.option('--domain <name...>', 'may send as these domains only (default: those of the account)')
		.action(async ({ account, name, domain, ...options }: AddOptions) => {
			const { credentialMadeLines } = await import('./render/credentials.ts');
			await answer(terminal, options, {
				id: 'createCredential',
				input: { body: { account, name, ...(domain === undefined ? {} : { senderDomains: [...domain] }) } },
				render: credentialMadeLines,
			});
		});
	withCommon(credential.command('revoke'))
		.description('Revoke a credential at once. This cannot be undone; make another one instead.')
		.argument('<id>', 'id of the credential, as `sluice credential list` shows it')
		.action(async (id: string, options: CommonOptions) => {
			const { credentialRevokedLines } = await import('./render/credentials.ts');
			await answer(terminal, options, {
				id: 'revokeCredential',
				input: { params: { id } },
				render: credentialRevokedLines,
			});
		});
}
