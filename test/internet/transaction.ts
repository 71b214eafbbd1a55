/**
 * What a session holds from MAIL to the final dot, and the part of a message record that comes from it.
 */
import { unstuff } from './end-of-data.ts';
import type { Fault, Magic } from './magic.ts';
import { bodySha256, type ReceivedMessage, type ReceivedRecipient } from './message.ts';
import type { PathArgument } from './path.ts';

export type Transaction = {
	readonly reversePath: PathArgument;
	/** Every RCPT, refused ones too. */
	readonly recipients: ReceivedRecipient[];
	acceptedCount: number;
	/** What a recipient has asked for at a later stage; the first to ask wins. */
	atData: Fault | undefined;
	atContent: Fault | undefined;
	atEnd: Fault | undefined;
};

export const openTransaction = (reversePath: PathArgument): Transaction => ({
	reversePath,
	recipients: [],
	acceptedCount: 0,
	atData: undefined,
	atContent: undefined,
	atEnd: undefined,
});

/** Remembers the wish of a recipient for a later stage. */
export function noteMagic(transaction: Transaction, { stage, fault }: Magic): void {
	if (stage === 'data') transaction.atData ??= fault;
	if (stage === 'content') transaction.atContent ??= fault;
	if (stage === 'end') transaction.atEnd ??= fault;
}

type FromTransaction =
	| 'at'
	| 'reversePath'
	| 'mailParameters'
	| 'recipients'
	| 'acceptedRecipients'
	| 'raw'
	| 'content'
	| 'bodySha256';

/** Envelope and content as they are recorded. */
export function recordOf(transaction: Transaction, raw: Buffer): Pick<ReceivedMessage, FromTransaction> {
	const { reversePath, recipients } = transaction;
	const content = unstuff(raw);
	return {
		at: Date.now(),
		reversePath: reversePath.address,
		mailParameters: reversePath.parameters,
		recipients,
		acceptedRecipients: recipients.filter((one) => one.isAccepted).map((one) => one.address),
		raw,
		content,
		bodySha256: bodySha256(content),
	};
}
