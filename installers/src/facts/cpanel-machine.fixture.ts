/** A cPanel server in memory: its commands as far as the plugin uses them. */
import { hookScript } from '@sluice/panel-cpanel/hooks.ts';
import { fileOf, memoryMachine } from './memory-machine.fixture.ts';
import { pluginPrograms } from './plugin.ts';

const jupiter = '/usr/local/cpanel/base/frontend/jupiter';

/** cPanel's commands as far as the plugin uses them. `failAt`: the so-manieth command that changes something fails. */
export function cpanelMachine(failAt = Number.POSITIVE_INFINITY) {
	const hooked = new Set<string>();
	let isRegistered = false;
	let hasItem = false;
	let changes = 0;
	const given = Object.values(pluginPrograms).map((path) => fileOf(path, '', { mode: 0o755 }));
	const machine = memoryMachine(
		[fileOf('/usr/local/cpanel/version', '11.138.0.6\n'), ...given],
		([program, ...words]) => {
			const done = { exitCode: 0, output: '' };
			if (program === pluginPrograms.isRegistered) return { ...done, output: `${isRegistered ? 1 : 0}\n` };
			if (program === pluginPrograms.manageHooks && words[0] === 'list')
				return { ...done, output: JSON.stringify([...hooked].map((event) => ({ event, hook: hookScript }))) };
			if (program === '/usr/bin/touch') return done;
			changes += 1;
			if (changes === failAt) return { exitCode: 1, output: 'out of luck' };
			if (program === pluginPrograms.register) isRegistered = true;
			if (program === pluginPrograms.unregister) isRegistered = false;
			if (program === pluginPrograms.addItem) hasItem = true;
			if (program === pluginPrograms.removeItem) hasItem = false;
			const event = words[words.indexOf('--event') + 1] as string;
			if (words[0] === 'add') hooked.add(event);
			if (words[0] === 'delete' && !hooked.delete(event)) return { exitCode: 1, output: 'no such hook' };
			return done;
		},
	);
	machine.folders.add(jupiter);
	return { machine, state: () => ({ isRegistered, hasItem, hooks: hooked.size }), changes: () => changes };
}
