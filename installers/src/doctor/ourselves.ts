/** The command `sluice` once more, as a child: for repairs that are commands already. */
import { commandLink } from '../facts/places.ts';
import type { Ground } from './ground.ts';

/** The installed command where there is one, else the one that runs now. */
export const ourselves = ({ isInstalled }: Pick<Ground, 'isInstalled'>, words: readonly string[]): readonly string[] =>
	isInstalled ? [commandLink, ...words] : [process.execPath, process.argv[1] ?? '', ...words];
