/**
 * Options that commands about cPanel share: where its server is, where we keep what we remember of it.
 */
import { helperDataFolder, reconcileFolder } from '../facts/places.ts';

export const rootOption = ['--root <folder>', 'a cPanel server below this folder', '/'] as const;
export const memoryOption = ['--memory <folder>', 'what was before it was lifted', helperDataFolder] as const;
/** Of the reconcile. Its hook (panel-cpanel/native/hooks) writes below it too. */
export const stateOption = (what: string) => ['--state <folder>', what, reconcileFolder] as const;
