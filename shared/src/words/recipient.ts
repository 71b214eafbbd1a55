/**
 * States of a recipient, the unit of state (invariant 2). The transitions between them live in core/delivery/lifecycle.ts.
 */

export const openStates = ['queued', 'waiting', 'held', 'sending'] as const;
export const finalStates = ['delivered', 'bounced', 'expired', 'discarded', 'suppressed'] as const;
export const recipientStates = [...openStates, ...finalStates] as const;

/** Not final: queued (due, or deferred until), waiting (over a limit, leaves by itself), held (needs a decision), sending. */
export type OpenState = (typeof openStates)[number];
export type FinalState = (typeof finalStates)[number];
export type RecipientState = OpenState | FinalState;

const finals: ReadonlySet<string> = new Set(finalStates);
export const isFinal = (state: RecipientState): state is FinalState => finals.has(state);
