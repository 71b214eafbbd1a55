/**
 * Who sent a submission: the first step of accepting one.
 *
 * The header block is walked once (header-facts.ts); what the MTA says is read by the rules of that MTA (exim.ts,
 * postfix.ts); what a tenant could have written becomes the hint. A peer that the kernel did not prove is not believed in
 * anything, but all our header names are cut from its mail just the same.
 *
 * Pure and total: any bytes give a result, at worst `unattributed`. Not here: what an account may send (core/metering), whether
 * the mail looks bad (core/detection).
 */

import { domainOf } from '@sluice/shared/words/address.ts';
import type { Attribution, SenderHint } from '@sluice/shared/words/attribution.ts';
import { detached } from '@sluice/shared/words/detached.ts';
import type { Cut } from '@sluice/shared/words/message.ts';
import type { AlarmCode } from './alarms.ts';
import { senderByExim } from './exim.ts';
import type { AccountDirectory, AttributionResult, AttributionSettings, SubmissionFacts } from './facts.ts';
import { credentialFinding, type Finding, unattributed } from './finding.ts';
import { type HeaderReading, readHeader } from './header-facts.ts';
import { senderByPostfix } from './postfix.ts';
import { loginLineOf, readPostfixReceived } from './received.ts';
import { senderBeforeSrs } from './srs.ts';
import { findDisplaced, readWiring } from './wiring-header.ts';

/** Who sent a submission, which header bytes are not sent on, and what the header says. Never throws. */
export function attribute(
	facts: SubmissionFacts,
	settings: AttributionSettings,
	directory: AccountDirectory,
): AttributionResult {
	const reading = readHeader(facts.headerText, settings.ownReceivedToken);
	const { displaced, ...finding } = findSender(facts, reading, settings, directory);
	const rewritten = senderBeforeSrs(facts.envelope.reversePath);
	return {
		attribution: withoutHeader({ ...finding, hint: hintOf(facts, reading, finding) }),
		cuts: inOrder([...reading.cuts, ...displaced, ...loginCuts(facts, reading, settings)]),
		headers: reading.facts,
		fields: reading.fields,
		...(rewritten === undefined ? {} : { forwardedFor: rewritten.original }),
	};
}

/** The topmost Received of a believed Postfix, without the login that it says for us alone. */
function loginCuts(facts: SubmissionFacts, { received }: HeaderReading, settings: AttributionSettings): readonly Cut[] {
	const top = received[0];
	if (settings.mta !== 'postfix' || !facts.peerProved || top === undefined) return [];
	const read = readPostfixReceived(facts.headerText, top);
	const cut = read?.kind === 'smtp' && read.login !== undefined ? loginLineOf(facts.headerText, top) : undefined;
	return cut === undefined ? [] : [cut];
}

/** Ordered and apart, as whoever sends the content on expects them. */
const inOrder = (cuts: readonly Cut[]): readonly Cut[] =>
	cuts.length < 2 ? cuts : cuts.toSorted(([one], [other]) => one - other);

/** The attribution stays for as long as the message; the header that its words were cut from may be a megabyte. */
function withoutHeader(found: Attribution): Attribution {
	const { identity, hint, mtaQueueId, clientAddress, ancestor, directory } = found;
	return {
		...found,
		account: detached(found.account),
		from: detached(found.from),
		hint: {
			domain: detached(hint.domain),
			address: detached(hint.address),
			...(hint.script === undefined ? {} : { script: detached(hint.script) }),
		},
		...(identity === undefined ? {} : { identity: { kind: identity.kind, id: detached(identity.id) } }),
		...(mtaQueueId === undefined ? {} : { mtaQueueId: detached(mtaQueueId) }),
		...(clientAddress === undefined ? {} : { clientAddress: detached(clientAddress) }),
		...(ancestor === undefined ? {} : { ancestor: detached(ancestor) }),
		...(directory === undefined ? {} : { directory: detached(directory) }),
	};
}

/** The finding, and what is to be cut behind the header. */
type Found = Finding & { readonly displaced: readonly Cut[] };

function findSender(
	facts: SubmissionFacts,
	reading: HeaderReading,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Found {
	const { headerText, envelope, xforward, peerProved, credential } = facts;
	if (credential !== undefined) return { ...credentialFinding(credential, facts.peerAddress), displaced: [] };
	if (settings.mta === 'none') return { ...unattributed('no MTA is wired', []), displaced: [] };
	if (!peerProved) {
		const hasMarks = reading.wiring.length > 0 || xforward.ident !== undefined;
		const alarms: readonly AlarmCode[] = hasMarks ? ['wiring.peer-not-proved'] : [];
		return { ...unattributed('peer is neither root nor the MTA', alarms), displaced: [] };
	}
	if (settings.mta === 'exim') return findByExim(facts, reading, settings, directory);
	const submission = {
		text: headerText,
		fields: reading.fields,
		headers: reading.facts,
		received: reading.received,
		envelope,
		xforward,
	};
	return { ...senderByPostfix(submission, settings, directory), displaced: [] };
}

function findByExim(
	{ headerText, textBehindHeader, envelope }: SubmissionFacts,
	reading: HeaderReading,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Found {
	const { fields, wiring, lookAlikes } = reading;
	const { secrets } = settings;
	const inPlace = readWiring({ text: headerText, fields, wiring, lookAlikes, secrets });
	const displaced = inPlace.kind === 'believed' ? undefined : findDisplaced(textBehindHeader?.() ?? '', secrets);
	const word = displaced?.word ?? inPlace;
	const begin = headerText.length;
	return {
		...senderByExim({ word, reversePath: envelope.reversePath, headers: reading.facts }, settings, directory),
		displaced: (displaced?.cuts ?? []).map(([start, end]) => [begin + start, begin + end]),
	};
}

/** Of forwarded mail the forwarding address, since the reverse-path is a stranger's; else the reverse-path, else From. */
function hintOf({ envelope }: SubmissionFacts, { facts, claimedScript }: HeaderReading, finding: Finding): SenderHint {
	const forwarder = finding.class === 'forward' ? finding.ancestor : undefined;
	const address = forwarder ?? (envelope.reversePath || facts.fromAddress);
	const script = claimedScript ?? finding.directory;
	return {
		domain: domainOf(address),
		address,
		...(script === undefined ? {} : { script }),
	};
}
