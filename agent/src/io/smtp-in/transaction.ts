/**
 * One mail transaction as it grows: MAIL, then its recipients (RFC 5321 §3.3).
 *
 * A recipient that is named twice is one recipient, charged and delivered once. Local parts that differ in case are two, domains that
 * differ in case are one (§2.4). Pure.
 */
import type { Envelope, EnvelopeRecipient } from '@sluice/shared/words/envelope.ts';
import type { MailCommand } from '../../ports/smtp-in.ts';

export class Transaction {
	readonly mail: MailCommand;
	/** Recipients over the bound were already reported to flow: once is enough for 99,000 of them. */
	isOverflowReported = false;
	readonly #recipients: EnvelopeRecipient[] = [];
	readonly #known = new Set<string>();

	constructor(mail: MailCommand) {
		this.mail = mail;
	}

	get acceptedCount(): number {
		return this.#recipients.length;
	}

	has(address: string): boolean {
		return this.#known.has(keyOf(address));
	}

	add(recipient: EnvelopeRecipient): void {
		this.#known.add(keyOf(recipient.address));
		this.#recipients.push(recipient);
	}

	envelope(contentHas8bit: boolean): Envelope {
		const { reversePath, body, smtpUtf8, ret, envid } = this.mail;
		return {
			reversePath,
			recipients: this.#recipients,
			has8bit: contentHas8bit || body === '8BITMIME',
			smtpUtf8,
			...(ret !== undefined && { ret }),
			...(envid !== undefined && { envid }),
		};
	}
}

function keyOf(address: string): string {
	const at = address.lastIndexOf('@');
	return at < 0 ? address : address.slice(0, at) + address.slice(at).toLowerCase();
}
