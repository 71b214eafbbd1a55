/** What taking out does to the mail server's files, as diffs, before it is asked. */
import type { Speaker } from '../mta/speak.ts';
import { bareNow, unifiedDiff } from '../plan/wiring.ts';
import type { Found } from './remains.ts';

export function showMail(speaker: Speaker, { site }: Found): string {
	if (site === undefined || !site.traces.ok) return '';
	const diffs = site.traces.value.files
		.filter((file) => !bareNow(file))
		.map(({ path, current, bare }) => unifiedDiff(path, current?.content, bare));
	for (const diff of diffs) speaker.diff(diff);
	return diffs.join('');
}
