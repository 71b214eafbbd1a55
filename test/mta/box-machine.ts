/** A box as the installers see a server: files through its root on the host, programs inside it. */
import { type Machine, systemMachine } from '@sluice/installers/facts/machine.ts';
import type { Box } from './box.ts';

export function machineOf(box: Box): Machine {
	const asUser = ({ uid, gid }: { readonly uid: number; readonly gid: number }): readonly string[] => [
		'setpriv',
		`--reuid=${uid}`,
		`--regid=${gid}`,
		'--clear-groups',
		'--',
	];
	return systemMachine(
		box.hostPath(''),
		async (command, { user, cwd, input, isDetached } = {}) => {
			const options = {
				allowFailure: true,
				...(cwd === undefined ? {} : { cwd }),
				...(input === undefined ? {} : { input }),
			};
			const ran = box.run(user === undefined ? command : [...asUser(user), ...command], options);
			if (isDetached === true) {
				ran.catch(() => {});
				return { exitCode: 0, output: '' };
			}
			const { code, stdout, stderr } = await ran;
			return { exitCode: code, output: stdout + stderr };
		},
		true,
	);
}
