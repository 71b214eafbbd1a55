/** A machine in memory of which any one act that changes something fails, or is the last one of a process that is killed. */
import type { Machine } from '../facts/machine.ts';
import type { MemoryMachine } from '../facts/memory-machine.fixture.ts';

export class Killed extends Error {}

/** What changes something: `fail` makes the Nth throw or end with 1, `kill` ends the process there. */
export type Trouble = { at: number; how: 'fail' | 'kill' | 'none'; acts: number };

const changing = ['write', 'create', 'remove', 'makeFolder', 'removeFolder', 'link', 'copyTree', 'removeTree'] as const;
const looks =
	/^(?:systemctl (?:is-|--version)|uname|getconf|hostname|df |ss |\/usr\/sbin\/nft list|\/usr\/sbin\/exim4)/;

/** The memory, with the Nth act going wrong. */
export function troubled(memory: MemoryMachine, trouble: Trouble): Machine {
	let isDead = false;
	const goesWrong = (): boolean => {
		if (trouble.how === 'none') {
			isDead = false;
			return false;
		}
		if (isDead) throw new Killed('the process is gone');
		trouble.acts++;
		if (trouble.acts !== trouble.at) return false;
		if (trouble.how === 'kill') {
			isDead = true;
			throw new Killed('killed');
		}
		return true;
	};
	const wrapped = Object.fromEntries(
		changing.map((name) => [
			name,
			async (...words: readonly unknown[]) => {
				if (goesWrong()) throw new Error(`no ${name} now`);
				return (memory[name] as (...all: readonly unknown[]) => Promise<unknown>)(...words);
			},
		]),
	);
	return {
		...memory,
		...wrapped,
		async run(command, options) {
			if (!looks.test(command.join(' ')) && goesWrong()) return { exitCode: 1, output: 'broken' };
			return memory.run(command, options);
		},
	};
}

/** False: the command came to its end before its act of that number. */
export async function killedAt(trouble: Trouble, at: number, command: () => Promise<unknown>): Promise<boolean> {
	Object.assign(trouble, { at, how: 'kill', acts: 0 });
	const isKilled = await command().then(
		() => trouble.acts >= at,
		(error: unknown) => {
			if (!(error instanceof Killed)) throw error;
			return true;
		},
	);
	trouble.how = 'none';
	return isKilled;
}
