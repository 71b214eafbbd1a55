/**
 * A file as it was before us, whatever has happened to it since.
 *
 * As we left it: its former bytes, mode and owner, or it goes. As it was: nothing but mode and owner. Changed by somebody else: our change
 * alone is taken out, by the difference between what we left and what was; where that cannot be told from theirs, the file stays as it
 * is, and the sentence says so. A file that we made and somebody changed goes too: nothing but us reads it.
 */
import { applyPatch, structuredPatch } from 'diff';
import type { FileFact, Machine } from '../facts/machine.ts';
import { withoutOurs } from '../plan/firewall-files.ts';
import type { PutBack } from '../plan/step.ts';

/** A sentence about what was done otherwise than by putting the former bytes back. */
export async function putBack({ path, former, ours }: PutBack, machine: Machine): Promise<string | undefined> {
	const current = await machine.read(path);
	// A file that others share, whose lines we know by themselves, whatever stands around them.
	const rest = current === undefined || current.content === ours ? undefined : withoutOurs(path, current.content);
	if (former === undefined) {
		if (current !== undefined && rest?.kind === 'keep') return keep(current, rest.content, machine);
		await machine.remove(path);
		return current !== undefined && current.content !== ours
			? `${path} had been changed since it was made; it is gone all the same.`
			: undefined;
	}
	if (current?.content === ours || current?.content === former.content) {
		await machine.write(former);
		return undefined;
	}
	if (current === undefined && ours === undefined) {
		await machine.write(former);
		return undefined;
	}
	if (current === undefined) return `${path} was removed by somebody else, and stays so.`;
	const merged = ours === undefined ? false : applyPatch(current.content, reversed(path, ours, former.content));
	if (merged === false && rest?.kind === 'keep') return keep(current, rest.content, machine);
	if (merged === false)
		return `${path} was changed by somebody else in the same place; it stays as it is. Look at it: ours may still be in it.`;
	return keep(current, merged, machine);
}

async function keep(current: FileFact, content: string, machine: Machine): Promise<string> {
	await machine.write({ ...current, content });
	return `${current.path} was changed by somebody else since: only our change was taken out, the rest stays.`;
}

const reversed = (path: string, ours: string, former: string) =>
	structuredPatch(path, path, ours, former, '', '', { context: 1 });
