/**
 * Who sent a message that came through Postfix, from its topmost Received line and XFORWARD.
 *
 * Only the topmost Received counts, by position: everything below could have come with the message. What it says by itself
 * (a login, a uid) is proved, whatever XFORWARD says beside it: a tenant may send XFORWARD to the local smtpd, and disagreement
 * must not buy him an unattributed message. The second line down counts in three cases only: below the uid of a configured
 * pipe filter; below an SMTP filter's re-injection that the mail log confirms; and, of a .forward, the `Delivered-To` that
 * local(8) writes directly under its own Received. The addresses in ORCPT tell the alias but a client may set it: a hint.
 */

import type { Envelope } from '@sluice/shared/words/envelope.ts';
import { escapeBytes, readableText } from '../header/bytes.ts';
import { type HeaderField, isNamed, rawValue } from '../header/scan.ts';
import type { AlarmCode } from './alarms.ts';
import type { AccountDirectory, AttributionSettings, ForwardedClient, HeaderFacts } from './facts.ts';
import { accountOfAddress, type Circumstances, type Finding, mailboxFinding, unattributed } from './finding.ts';
import { type PostfixReceived, readPostfixReceived } from './received.ts';
import { unixFinding } from './sender-class.ts';

export type PostfixCase = {
	readonly text: string;
	readonly fields: readonly HeaderField[];
	/** Received fields, topmost first. */
	readonly received: readonly HeaderField[];
	readonly envelope: Envelope;
	readonly xforward: ForwardedClient;
	readonly headers: HeaderFacts;
};

export function senderByPostfix(
	submission: PostfixCase,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Finding {
	const finding = senderByReceived(submission, settings, directory);
	const ancestor = finding.ancestor ?? ancestorByOrcpt(submission.envelope);
	return ancestor === undefined ? finding : { ...finding, ancestor };
}

function senderByReceived(
	submission: PostfixCase,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Finding {
	const { text, received, xforward } = submission;
	const topField = received[0];
	if (topField === undefined) return unattributed('postfix, no Received', ['wiring.received-missing']);
	const top = readPostfixReceived(text, topField);
	if (top === undefined) return unattributed('postfix, unknown Received', ['wiring.received-unknown']);
	if (!isOurHost(top.host, settings)) {
		return unattributed(`postfix Received by ${readableText(top.host, 255)}`, ['wiring.host-name'], {
			mtaQueueId: top.id,
		});
	}
	switch (top.kind) {
		case 'local':
			return settings.filterUserIds?.includes(top.uid)
				? passedByPipe(submission, top, settings, directory)
				: bySendmail(submission, top, settings, directory);
		case 'internal':
			return byPostfixItself(submission, top, settings, directory);
		case 'smtp':
			if (hasLogin(top)) return byLogin(submission, top, identAlarms(top, xforward), directory);
			if (xforward.ident !== undefined && xforward.ident !== top.id)
				return passedBySmtpFilter(submission, top, settings, directory);
			return byForward(top, settings, identAlarms(top, xforward));
	}
}

type Smtp = Extract<PostfixReceived, { kind: 'smtp' }>;
const hasLogin = (received: Smtp): received is Smtp & { readonly login: string } => received.login !== undefined;

type Local = Extract<PostfixReceived, { kind: 'local' }>;
type Internal = Extract<PostfixReceived, { kind: 'internal' }>;

function byLogin(
	{ envelope, headers }: PostfixCase,
	top: Smtp & { readonly login: string },
	alarms: readonly AlarmCode[],
	directory: AccountDirectory,
): Finding {
	const login = escapeBytes(top.login);
	const { reversePath } = envelope;
	const beside = circumstancesOf(top);
	return mailboxFinding({ login, evidence: 'postfix Received', reversePath, headers, beside, alarms }, directory);
}

function bySendmail(
	submission: PostfixCase,
	top: Local,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Finding {
	const { envelope, headers } = submission;
	const beside = circumstancesOf(top);
	return unixFinding(
		{
			uid: top.uid,
			reversePath: envelope.reversePath,
			headers,
			evidence: 'postfix Received',
			beside,
			alarms: [],
		},
		settings,
		directory,
	);
}

/** A bounce, or a .forward: local(8) writes the address whose .forward it was directly below its Received. */
function byPostfixItself(
	{ text, fields, received, envelope, xforward }: PostfixCase,
	top: Internal,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Finding {
	const beside = circumstancesOf(top);
	const below = fields[fields.indexOf(received[0] as HeaderField) + 1];
	if (below !== undefined && isNamed(text, below, 'delivered-to')) {
		const ancestor = escapeBytes(rawValue(text, below)).toLowerCase().slice(0, 320);
		return {
			...beside,
			ancestor,
			account: accountOfAddress(ancestor, directory),
			identity: { kind: 'address', id: ancestor },
			class: 'forward',
			certainty: 'derived',
			from: `postfix Delivered-To, forwarded by ${ancestor}`,
			alarms: [],
		};
	}
	if (envelope.reversePath === '' && xforward.ident === undefined) {
		return {
			...beside,
			account: mtaAccount(settings),
			class: 'dsn',
			certainty: 'proved',
			from: 'postfix, its own bounce',
			alarms: [],
		};
	}
	return {
		...beside,
		account: '',
		class: 'forward',
		certainty: 'none',
		from: 'postfix, a .forward',
		alarms: [],
	};
}

/**
 * By SMTP without a login. From another machine: mail that an alias sends out again. From this machine: anybody who speaks to
 * port 25, so nobody is known.
 */
function byForward(top: Smtp, settings: AttributionSettings, alarms: readonly AlarmCode[]): Finding {
	const beside = circumstancesOf(top);
	const from = `postfix Received, from ${top.address ?? 'an unknown address'} without login`;
	if (top.address === undefined || isThisMachine(top.address, settings)) return unattributed(from, alarms, beside);
	return { ...beside, account: '', class: 'forward', certainty: 'none', from, alarms };
}

/** `sendmail -G -i` of a pipe filter: Postfix's own Received of the first passage is the next one down. */
function passedByPipe(
	submission: PostfixCase,
	top: Local,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Finding {
	const { text, received } = submission;
	const below = received[1] === undefined ? undefined : readPostfixReceived(text, received[1]);
	if (below === undefined || !isOurHost(below.host, settings)) return bySendmail(submission, top, settings, directory);
	const derived = (finding: Finding): Finding => ({
		...finding,
		mtaQueueId: top.id,
		certainty: finding.certainty === 'none' ? 'none' : 'derived',
		from: `${finding.from}, below filter uid=${top.uid}`,
	});
	if (below.kind === 'local') return derived(bySendmail(submission, below, settings, directory));
	if (below.kind === 'smtp') {
		return derived(hasLogin(below) ? byLogin(submission, below, [], directory) : byForward(below, settings, []));
	}
	return unattributed('postfix Received, a .forward below a filter', [], circumstancesOf(top));
}

/**
 * XFORWARD names another queue id than the line on top: an SMTP content filter passed the message back, or a tenant says so.
 * Only the mail log can tell them apart.
 */
function passedBySmtpFilter(
	submission: PostfixCase,
	top: Smtp,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Finding {
	const { text, received, xforward } = submission;
	const below = received[1] === undefined ? undefined : readPostfixReceived(text, received[1]);
	if (below?.kind === 'smtp' && hasLogin(below) && isConfirmed(below, top, xforward, settings)) {
		const finding = byLogin(submission, below, [], directory);
		return { ...finding, mtaQueueId: top.id, from: `${finding.from}, below a filter, mail log agrees` };
	}
	return unattributed('postfix, re-injection not confirmed', ['wiring.ident-mismatch'], circumstancesOf(top));
}

/** The log says that the queue id in XFORWARD was this login's, and it has not come back as another message already. */
function isConfirmed(
	below: Smtp & { readonly login: string },
	top: Smtp,
	{ ident = '' }: ForwardedClient,
	settings: AttributionSettings,
): boolean {
	const passage = settings.smtpFilterConfirmed?.get(ident);
	return (
		passage !== undefined &&
		(passage.passedAs === undefined || passage.passedAs === top.id) &&
		below.id === ident &&
		isOurHost(below.host, settings) &&
		below.login.toLowerCase() === passage.saslUsername.toLowerCase()
	);
}

function identAlarms(top: Smtp, xforward: ForwardedClient): readonly AlarmCode[] {
	if (xforward.ident === undefined) return ['wiring.xforward-missing'];
	return xforward.ident === top.id ? [] : ['wiring.ident-mismatch'];
}

function isOurHost(host: string, { hostNames }: AttributionSettings): boolean {
	return hostNames.length === 0 || hostNames.some((name) => name.toLowerCase() === host.toLowerCase());
}

const mtaAccount = ({ postfixUid }: AttributionSettings): string =>
	postfixUid === undefined ? '' : `uid:${postfixUid}`;

const isThisMachine = (address: string, { ownAddresses = [] }: AttributionSettings): boolean =>
	address.startsWith('127.') ||
	address === '::1' ||
	address.toLowerCase().startsWith('::ffff:127.') ||
	ownAddresses.includes(address);

/** The first ORCPT that differs from its recipient: the alias as it was written. xtext RFC 3461 §4, §4.2. */
function ancestorByOrcpt({ recipients }: Envelope): string | undefined {
	for (const { address, orcpt } of recipients) {
		if (orcpt === undefined || !/^rfc822;/i.test(orcpt)) continue;
		const written = orcpt
			.slice(7, 7 + 960)
			.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
		if (written.toLowerCase() !== address.toLowerCase()) return escapeBytes(written).toLowerCase().slice(0, 320);
	}
	return undefined;
}

function circumstancesOf(top: PostfixReceived): Circumstances {
	return top.kind === 'smtp' && top.address !== undefined
		? { mtaQueueId: top.id, clientAddress: top.address }
		: { mtaQueueId: top.id };
}
