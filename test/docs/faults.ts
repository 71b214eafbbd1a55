/** docs/reference/faults.md: what the relay port says when it refuses, and what the operator can do. */
import { type Fault, faults } from '@sluice/shared/words/faults.ts';
import { replyText } from '@sluice/shared/words/reply.ts';
import { cell, header, type Page, table } from './page.ts';

const introduction = `# Faults

When the relay port refuses something, the client hears the reply and the log line (\`session.refused\`, \`message.refused\`) has the code. A reply that begins with 4 loses nothing: the MTA keeps the message and tries again.

`;

export function faultsPage(): Page {
	const rows = Object.values<Fault>(faults)
		.toSorted((one, other) => one.code.localeCompare(other.code, 'en'))
		.map(({ code, reply, hint }) => [`\`${code}\``, `\`${cell(replyText(reply))}\``, cell(hint)]);
	const text = introduction + table(['code', 'the client hears', 'what to do'], rows);
	return { path: 'docs/reference/faults.md', text: header('shared/src/words/faults.ts') + text };
}
