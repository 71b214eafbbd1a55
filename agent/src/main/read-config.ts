/** The agent's configuration for programs beside it (installers): the values, or every mistake as a sentence. */
import type { Config } from '@sluice/shared/contract/config.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { loadConfig, problemText } from '../config/load.ts';

export function readConfig(file: string): Result<Config, readonly string[]> {
	const loaded = loadConfig(file);
	return loaded.ok ? ok(loaded.value.config) : failed(loaded.error.map(problemText));
}
