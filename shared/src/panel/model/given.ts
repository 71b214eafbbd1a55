/**
 * Reading what an address or a form brings: anything may stand in it, whatever the form asked for. What it means is for each page's model.
 */

/** Fields by name, not looked at yet. */
export type Given = { readonly [name: string]: unknown };

/** Empty for what is no text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Without blanks around it, and no longer than that. */
export const trimmedOf = (value: unknown, charsMax: number): string => textOf(value).trim().slice(0, charsMax);
