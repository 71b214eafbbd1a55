/**
 * Options that commands about cPanel share: where its server is, where we keep what we remember of it.
 */

export const rootOption = ['--root <folder>', 'a cPanel server below this folder', '/'] as const;
export const memoryOption = ['--memory <folder>', 'what was before it was lifted', '/var/lib/sluice-helper'] as const;
/** Of the reconcile. Its hook (panel-cpanel/native/hooks) writes below it too. */
export const stateOption = (what: string) => ['--state <folder>', what, '/var/lib/sluice-cpanel'] as const;
