/** Whether this server's clock is kept right: signatures, TLS and every limit by the hour go by it. */
import { type Finding, watch } from './finding.ts';
import type { Ground } from './ground.ts';

export async function clockFindings({ machine }: Ground): Promise<readonly Finding[]> {
	const { exitCode, output } = await machine.run(['timedatectl', 'show', '-p', 'NTPSynchronized', '--value']);
	// No such program, or nobody who would know: nothing is said against the clock.
	if (exitCode !== 0 || output.trim() !== 'no') return [];
	return [
		watch(
			'server.clock',
			'The clock of this server is not kept right by any time server: signatures and limits go by it.',
			'Set up chrony or systemd-timesyncd; `timedatectl` shows it.',
		),
	];
}
