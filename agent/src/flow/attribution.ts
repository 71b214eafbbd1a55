/**
 * The first step of acceptance: what the edge heard, put before core/identity.
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import type { Envelope } from '@sluice/shared/words/envelope.ts';
import { textOf } from '../core/dsn/text.ts';
import { attribute } from '../core/identity/attribute.ts';
import type { AttributionResult } from '../core/identity/facts.ts';
import { readHeader } from '../core/identity/header-facts.ts';
import type { ReceivedContent, SmtpSession } from '../ports/smtp-in.ts';
import { type Flow, reportError } from './context.ts';

export type Handed = {
	readonly session: SmtpSession;
	readonly envelope: Envelope;
	readonly content: ReceivedContent;
};

/** Who sent it. An error costs no message: it is then nobody's that we know. */
export function attributeSubmission(flow: Flow, { session, envelope, content }: Handed): AttributionResult {
	const facts = {
		headerText: content.headerText,
		textBehindHeader: () => textBehindHeader(content),
		envelope,
		helo: session.helo,
		peerAddress: session.peer.address,
		peerProved: session.peer.proved,
		xforward: session.xforward,
		...(session.credential === undefined ? {} : { credential: session.credential }),
	};
	try {
		return attribute(facts, flow.settings().attribution, flow.accounts.directory);
	} catch (error) {
		reportError(flow, 'attribute', error);
		return unknownSender(envelope, content);
	}
}

/** How far behind the header a wiring header is looked for that is not in it. */
const behindHeaderBytesMax = 65_536;

function textBehindHeader({ chunks, headerText }: ReceivedContent): string {
	let text = '';
	let skip = headerText.length;
	for (const chunk of chunks) {
		const rest = chunk.subarray(Math.min(skip, chunk.length));
		skip -= chunk.length - rest.length;
		text += textOf(rest.subarray(0, behindHeaderBytesMax - text.length));
		if (text.length >= behindHeaderBytesMax) break;
	}
	return text;
}

/**
 * What is known when attribution itself has failed: nothing but the hint of the envelope. Wiring lines are cut all the same, or
 * the secret would leave with the message.
 */
function unknownSender(envelope: Envelope, { headerText }: ReceivedContent): AttributionResult {
	const hint = { domain: domainOf(envelope.reversePath), address: envelope.reversePath.toLowerCase() };
	return {
		attribution: {
			account: '',
			class: 'unattributed',
			certainty: 'none',
			from: 'attribution failed',
			hint,
			alarms: [],
		},
		cuts: readHeader(headerText, undefined).cuts,
		headers: { fromAddress: '', hops: 0, ownReceived: { count: 0, isDirect: false }, claims: [] },
		fields: [],
	};
}
