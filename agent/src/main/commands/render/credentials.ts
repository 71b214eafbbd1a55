/** `sluice credential …`. */
import type { OperationOutput } from '@sluice/shared/contract/operations.ts';
import type { CredentialDto } from '@sluice/shared/contract/sender-operations.ts';
import { type Column, table } from './table.ts';
import { clean, hanging } from './text.ts';
import { relativeText, shortTimeText, zoneText } from './time.ts';
import { proseWidth, type View } from './view.ts';

const domainsText = ({ senderDomains }: CredentialDto): string =>
	senderDomains.length === 0 ? 'those of the account' : senderDomains.join(', ');

export function credentialListLines({ items }: OperationOutput<'listCredentials'>, view: View): readonly string[] {
	if (items.length === 0)
		return ['No credential. `sluice credential add --account X --name …` makes one and shows its password once.'];
	const columns: readonly Column<CredentialDto>[] = [
		{ title: 'ID', text: ({ id }) => id },
		{ title: 'ACCOUNT', text: ({ account }) => account, columnsMin: 8 },
		{ title: 'NAME', text: ({ name }) => name, columnsMin: 10 },
		{ title: 'SENDS AS', text: domainsText, columnsMin: 12 },
		{ title: `MADE ${zoneText(view, view.nowMs)}`, text: ({ created }) => shortTimeText(view, Date.parse(created)) },
		{
			title: 'LAST USED',
			text: ({ lastUsed }) => (lastUsed === undefined ? 'never' : relativeText(view, Date.parse(lastUsed))),
		},
	];
	return table(columns, items, view);
}

export function credentialMadeLines(
	{ credential, password }: OperationOutput<'createCredential'>,
	view: View,
): readonly string[] {
	return [
		`User name  ${clean(credential.id)}`,
		`Password   ${view.paint.strong(clean(password))}`,
		'',
		...hanging(
			'',
			`For account ${clean(credential.account)}, sending as ${clean(domainsText(credential))}. The password is not shown again; nobody keeps it.`,
			proseWidth(view),
		),
		`Undo: \`sluice credential revoke ${clean(credential.id)}\`.`,
	];
}

export const credentialRevokedLines = ({ id, account, name }: CredentialDto, view: View): readonly string[] =>
	hanging(
		'',
		`Revoked: ${clean(id)} (${clean(name)}) of account ${clean(account)}. It cannot log in any more.`,
		proseWidth(view),
	);
