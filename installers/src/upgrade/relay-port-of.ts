/** The relay port that the configuration of this server names. */
import { readConfig } from '@sluice/agent/main/read-config.ts';
import { configFile } from '../facts/places.ts';
import { relayPortDefault } from '../facts/relay-port.ts';

export function relayPortOf(file: string = configFile): number {
	const config = readConfig(file);
	const port = config.ok ? Number(/:(\d+)$/.exec(config.value.smtp.listen)?.[1]) : Number.NaN;
	return Number.isInteger(port) ? port : relayPortDefault;
}
