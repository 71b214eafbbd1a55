/**
 * What taking out a recorded step is called. What was written down says how it was done ("Start the agent …"); whoever takes it out wants to
 * read what happens now.
 *
 * By id, so that the record of an installation stays as it is, and what an earlier release has written down is told rightly too. Pure.
 */
import { dirname } from 'node:path';
import type { RecordedStep } from '../apply/install-journal.ts';
import { unitFolder } from '../facts/places.ts';
import type { Action } from './step.ts';

const words: { readonly [step: string]: string } = {
	'units run-folder': 'Remove the folder of the sockets.',
	'units serve': 'Stop the agent and what it needs, now and at every start of the server.',
	'firewall firewall csf': 'Take sluice out of SMTP_ALLOWUSER of CSF again (csf -r).',
	'firewall firewall rule': 'Take the rule of our own out of the firewall, with what looks after it.',
	'firewall firewall csfpost': 'Take our lines out of csfpost.sh.',
	'firewall firewall mail-group': 'Forget that the agent runs in the group mail.',
};

export function undoText({ part, id, what, undo }: RecordedStep): string {
	const known = words[`${part} ${id}`];
	if (known !== undefined) return known;
	const files = undo.filter((action) => action.kind === 'put-back' || action.kind === 'remove');
	return part === 'units' && files.length > 0 ? filesText(files) : `Take back: ${what}`;
}

function filesText(files: readonly Extract<Action, { readonly kind: 'put-back' | 'remove' }>[]): string {
	const former = files.filter((file) => file.kind === 'put-back' && file.former !== undefined).map(({ path }) => path);
	const ours = files.map(({ path }) => path).filter((path) => !former.includes(path));
	const units = ours.filter((path) => dirname(path) === unitFolder);
	const gone = [
		...(units.length === 0 ? [] : [`${units.length} unit files from ${unitFolder}`]),
		...ours.filter((path) => !units.includes(path)),
	];
	return [
		...(gone.length === 0 ? [] : [`Remove ${gone.join(', ')}.`]),
		...(former.length === 0 ? [] : [`Put ${former.join(', ')} back as it was.`]),
	].join(' ');
}
