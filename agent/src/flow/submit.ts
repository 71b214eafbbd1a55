/**
 * Submission by remote applications: what is asked of them beyond what the relay port asks.
 *
 * A blocked address is turned away before the banner; a login is checked; MAIL FROM, and every From at the end of DATA, must be of
 * a domain that the credential may send as; a missing Date or Message-ID is added (RFC 6409 §8.1, §8.2), since such mail ends as spam and no
 * mail program of ours came before. From then on the message goes the way of all mail.
 *
 * A message whose credential was revoked while it came is not taken. Not here: passwords (login.ts), limits (accept.ts and what it asks).
 */
import { domainOf } from '@sluice/shared/words/address.ts';
import { type FaultName, faults } from '@sluice/shared/words/faults.ts';
import type { Reply } from '@sluice/shared/words/reply.ts';
import { headerDate } from '../core/header/date.ts';
import { fromAddresses, fromFields } from '../core/header/from-addresses.ts';
import { isNamed, rawValue, scanHeader } from '../core/header/scan.ts';
import type { Credential } from '../core/identity/credential.ts';
import type { MailCommand, ReceivedContent, ReceptionHandlers, SmtpSession } from '../ports/smtp-in.ts';
import type { Flow } from './context.ts';
import type { Credentials } from './credentials.ts';
import { type Logins, refusedPeer } from './login.ts';
import { tellRefused } from './refusals.ts';

export type SubmissionParts = {
	readonly flow: SubmissionFlow;
	readonly credentials: Credentials;
	readonly logins: Logins;
};

export type SubmissionFlow = Pick<Flow, 'clock' | 'random' | 'events' | 'settings' | 'domainToAscii' | 'isStopping'>;

/** What the listener of the relay port is driven by, with a login before it. */
export function submissionHandlers(parts: SubmissionParts, relay: ReceptionHandlers): ReceptionHandlers {
	const { flow, logins } = parts;
	return {
		...relay,
		connect(peer) {
			if (flow.isStopping()) return faults.shuttingDown.reply;
			const fault = refusedPeer(logins, peer);
			return fault === undefined ? undefined : faults[fault].reply;
		},
		login: logins.login,
		stillWelcome: (session) => (loginOf(parts, session) === undefined ? faults.loginEnded.reply : undefined),
		mail: (session, mail) => refuseSender(parts, session, mail) ?? relay.mail(session, mail),
		message(session, envelope, content) {
			const read = readSubmission(parts, session, content);
			if (typeof read !== 'string') return relay.message(session, envelope, read);
			tell(flow, session, read, envelope.reversePath);
			return Promise.resolve(faults[read].reply);
		},
	};
}

/** The credential of a session that still holds. */
function loginOf({ credentials }: SubmissionParts, { credential }: SmtpSession): Credential | undefined {
	if (credential === undefined || !credentials.isValid(credential.id)) return undefined;
	return credentials.find(credential.id);
}

function refuseSender(parts: SubmissionParts, session: SmtpSession, { reversePath }: MailCommand): Reply | undefined {
	const credential = loginOf(parts, session);
	if (credential === undefined) return faults.loginEnded.reply;
	// Nobody's address; From says at the end whose mail it is.
	if (reversePath === '' || parts.credentials.maySendAs(credential, reversePath)) return undefined;
	tell(parts.flow, session, 'senderNotAllowed', reversePath);
	return faults.senderNotAllowed.reply;
}

/** The content as it is taken, or why it is not. */
function readSubmission(
	parts: SubmissionParts,
	session: SmtpSession,
	content: ReceivedContent,
): ReceivedContent | FaultName {
	const { flow } = parts;
	const credential = loginOf(parts, session);
	if (credential === undefined) return 'loginEnded';
	const { headerText } = content;
	const fields = scanHeader(headerText);
	const froms = fromFields(headerText, fields);
	const addresses = froms.map((field) => fromAddresses(rawValue(headerText, field)));
	const isAllowed =
		addresses.length > 0 &&
		addresses.every((list) => list?.every((address) => parts.credentials.maySendAs(credential, address)) === true);
	if (!isAllowed) return 'senderNotAllowed';
	const has = (name: string): boolean => fields.some((field) => isNamed(headerText, field, name));
	return withLines(content, [
		...(has('date') ? [] : [`Date: ${headerDate(flow.clock.now())}`]),
		...(has('message-id') ? [] : [`Message-ID: <${uniqueId(flow)}@${idDomain(flow, addresses[0]?.[0] ?? '')}>`]),
	]);
}

/** Put in front of the header, where the bytes need no change. */
function withLines(content: ReceivedContent, lines: readonly string[]): ReceivedContent {
	if (lines.length === 0) return content;
	const text = `${lines.join('\r\n')}\r\n`;
	const bytes = Uint8Array.from(text, (symbol) => symbol.charCodeAt(0));
	return {
		...content,
		chunks: [bytes, ...content.chunks],
		bytes: content.bytes + bytes.length,
		headerText: text + content.headerText,
	};
}

/** RFC 5322 §3.6.4: unique for ever, by time and by chance. */
const uniqueId = (flow: SubmissionFlow): string => {
	const chance = (): string => Math.floor(flow.random() * 2 ** 32).toString(36);
	return `${flow.clock.now().toString(36)}.${chance()}${chance()}`;
};

const plainDomain = /^[a-z0-9.-]{1,253}$/;

function idDomain(flow: SubmissionFlow, address: string): string {
	const domain = flow.domainToAscii(domainOf(address)).toLowerCase();
	return plainDomain.test(domain) ? domain : flow.settings().hostName;
}

function tell(flow: SubmissionFlow, session: SmtpSession, fault: FaultName, sender: string): void {
	const { id, helo, credential, peer } = session;
	tellRefused(flow, {
		fault,
		detail: sender,
		session: id,
		helo,
		client: peer.address,
		credential: credential?.id,
		account: credential?.account,
	});
}
