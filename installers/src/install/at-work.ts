/** What installing and taking out have in common while they are at work: what steps ask for, notes for people, leftovers swept away. */
import type { StepPorts } from '../apply/run-steps.ts';
import { sweepLeftovers } from '../facts/machine.ts';
import { configFolder, configParts, installFolder, programFolder, unitFolder } from '../facts/places.ts';
import { progressOf } from '../mta/perform.ts';
import type { Speaker } from '../mta/speak.ts';
import { type InstallCall, machineOf, type NestedCall } from './call.ts';
import { performNested } from './nested.ts';

/** Of one installation: what the steps ask for beyond files and programs. */
export function stepPorts(nested: NestedCall): StepPorts {
	const never = async () => {
		throw new Error('that is for the wiring alone');
	};
	return {
		machine: machineOf(nested),
		...progressOf(nested.speaker),
		test: never,
		reloadAgent: never,
		nested: (act) => performNested(nested, act),
		onNote: nested.note,
	};
}

/** Notes are said at once, below the step that is under way, and kept for the report. */
export function notesTo(speaker: Speaker): Pick<NestedCall, 'note'> & { readonly notes: readonly string[] } {
	const notes: string[] = [];
	return {
		notes,
		note(text) {
			notes.push(text);
			speaker.say(`        ${text}`);
		},
	};
}

/** What a command that was cut off was about to put in place. */
export const sweep = (call: InstallCall<unknown>): Promise<void> =>
	sweepLeftovers(machineOf(call), [
		configFolder,
		configParts,
		unitFolder,
		installFolder,
		'/usr/local/bin',
		programFolder,
	]);
