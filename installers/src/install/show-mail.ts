/** What taking out does to the mail server's files, before it is asked. */
import { showRemoval } from '../mta/show-removal.ts';
import type { Speaker } from '../mta/speak.ts';
import { bareNow } from '../plan/wiring.ts';
import type { Found } from './remains.ts';

export function showMail(speaker: Speaker, { site }: Found): string {
	if (site === undefined || !site.traces.ok) return '';
	const files = site.traces.value.files.filter((file) => !bareNow(file));
	return showRemoval(
		speaker,
		files.map(({ path, current, bare }) => ({ path, before: current?.content, after: bare })),
	);
}
