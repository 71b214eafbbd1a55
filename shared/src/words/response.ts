/**
 * What a remote answer means: whose fault, what to do. The closed lists of the contract.
 */

export const causes = [
	'recipient-gone',
	'mailbox-full',
	'content',
	'sender-auth',
	'our-ip',
	'our-domain',
	'rate',
	'greylist',
	'destination-down',
	'policy',
	'size',
	'protocol',
	'expired',
	'unknown',
] as const;
export type Cause = (typeof causes)[number];

export const actors = ['customer', 'host', 'recipient-side', 'nobody'] as const;
export type Actor = (typeof actors)[number];

export const responseActions = ['retry', 'slower', 'other-source', 'hold', 'bounce', 'suppress'] as const;
export type ResponseAction = (typeof responseActions)[number];
