/** Why a reconcile did not come to its end. */
import { type ClientFailure, failureText } from '@sluice/shared/client/client.ts';

/** machine: a file of ours or of cPanel's cannot be read or written. */
export type ReconcileFailure = { readonly kind: 'busy' | 'panel' | 'agent' | 'machine'; readonly text: string };

/** With what the agent said, for who may do something about it. */
export type RunFailure = ReconcileFailure & { readonly failure?: ClientFailure };

export const agentFailure = (failure: ClientFailure): RunFailure => ({
	kind: 'agent',
	text: failureText(failure),
	failure,
});
