/**
 * The same string object for equal strings.
 *
 * A thousand recipients deferred by one server have the same last reply; kept once it costs nothing. The pool is bounded:
 * when it is full it starts anew, which costs memory for a while and nothing else.
 */
export type TextPool = { readonly texts: Map<string, string>; readonly max: number };

export const createTextPool = (max: number): TextPool => ({ texts: new Map(), max });

export function pooled(pool: TextPool, text: string): string {
	if (text === '') return text;
	const known = pool.texts.get(text);
	if (known !== undefined) return known;
	if (pool.texts.size >= pool.max) pool.texts.clear();
	pool.texts.set(text, text);
	return text;
}
