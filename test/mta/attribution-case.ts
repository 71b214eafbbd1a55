/**
 * One way to hand in mail, and whom the agent must take for its sender.
 *
 * A case is run through a whole hosting server: the trace of the agent says who sent it and from what it knows that, the sink has each
 * recipient once, and nothing of ours is left in the header.
 */

import assert from 'node:assert/strict';
import type { SenderClass } from '@sluice/shared/words/attribution.ts';
import { headerValues, type ReceivedMessage } from '../internet/message.ts';
import type { Found, Hosting, MtaKind } from './hosting.ts';

export type AttributionCase = {
	readonly name: string;
	readonly send: (subject: string) => Promise<unknown>;
	readonly arrivesAt: readonly string[];
	/** Left out: with the subject it was sent with. */
	readonly arrivesAs?: string;
	/** In how many transactions the MTA hands it over; left out: it may choose. */
	readonly transactions?: number;
	/** It is the MTA's report about the message that was sent, to this recipient. */
	readonly reportAbout?: string;
	readonly from: {
		readonly class: SenderClass;
		readonly account: string;
		readonly identity: string;
		readonly certainty: 'proved' | 'derived' | 'none';
		readonly evidence: string | RegExp;
		readonly directory?: string | undefined;
		readonly ancestor?: string;
		readonly client?: string;
		readonly alarms?: readonly string[];
	};
	readonly sender?: string | RegExp;
	/** Further looks at what arrived. */
	readonly look?: (arrived: readonly ReceivedMessage[]) => void;
};

/** Hands it in, waits for both ends, and compares. */
export async function runCase(hosting: Hosting<MtaKind>, one: AttributionCase): Promise<void> {
	const { internet, ledger } = hosting;
	const subject = one.name.replace(/[^\x20-\x7e]/g, '.');
	const arrivesAs = one.arrivesAs ?? subject;
	if (one.reportAbout === undefined) ledger.arrives(arrivesAs, one.arrivesAt);
	else ledger.reported(subject, [one.reportAbout]);
	await one.send(subject);
	const goesThere = (address: string) => one.arrivesAt.includes(address);
	const found = await hosting.attributed(
		(accepted) =>
			accepted.subject === arrivesAs && Array.isArray(accepted.recipients) && accepted.recipients.some(goesThere),
		one.arrivesAt.length,
	);
	if (one.transactions !== undefined) assert.equal(found.length, one.transactions);
	for (const each of found) checkFound(each, one);
	assert.deepEqual(found.flatMap(({ recipients }) => recipients).sort(), [...one.arrivesAt].sort());

	const arrived = () =>
		internet
			.accepted()
			.filter(
				({ content, acceptedRecipients }) =>
					headerValues(content, 'Subject')[0] === arrivesAs && acceptedRecipients.some(goesThere),
			);
	await internet.waitFor(
		() => arrived().flatMap(({ acceptedRecipients }) => acceptedRecipients).length >= one.arrivesAt.length,
		15_000,
	);
	for (const { content } of arrived()) assert.doesNotMatch(headerText(content), /^x-sluice/im);
	one.look?.(arrived());
}

function checkFound(found: Found, { from, sender }: AttributionCase): void {
	const { class: kind, account, identity, certainty, alarms } = found;
	assert.deepEqual(
		{ class: kind, account, identity, certainty, alarms },
		{
			class: from.class,
			account: from.account,
			identity: from.identity,
			certainty: from.certainty,
			alarms: from.alarms ?? [],
		},
	);
	if (typeof from.evidence === 'string') assert.equal(found.evidence, from.evidence);
	else assert.match(found.evidence, from.evidence);
	for (const key of ['directory', 'ancestor', 'client'] as const)
		if (key in from) assert.equal(found[key], from[key], key);
	if (typeof sender === 'string') assert.equal(found.sender, sender);
	else if (sender !== undefined) assert.match(found.sender, sender);
}

export const headerText = (content: Buffer): string =>
	content.toString('latin1', 0, Math.max(0, content.indexOf('\r\n\r\n')) + 2);
