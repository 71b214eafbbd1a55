/** Whose files may be wired. Pure. */
import type { FileFact } from '../facts/machine.ts';
import type { Refusal } from '../facts/refusal.ts';

/** Whoever may write the file decides where mail goes; such a file is not ours to bless. */
export function foreignOwner(files: readonly FileFact[]): Refusal | undefined {
	const found = files.find(({ uid, mode }) => uid !== 0 || (mode & 0o002) !== 0);
	if (found === undefined) return undefined;
	const who = found.uid === 0 ? 'may be written by everybody' : `belongs to user ${found.uid}`;
	return {
		code: 'ownership',
		text: `${found.path} ${who}: whoever writes it decides where mail goes.`,
		hint: `chown root ${found.path}; chmod o-w ${found.path}`,
	};
}
