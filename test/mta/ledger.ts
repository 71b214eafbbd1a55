/**
 * Ledger: for every message handed in, where each of its recipients must end, and where it did end.
 *
 * An end is an arrival at a sink of the fake internet or a line of a report (DSN) that reached somebody. Each is counted by subject and
 * recipient, so that one too many is seen as well as one too few. `settled` waits until everything has ended and both queues are
 * empty, and then compares the whole lists.
 *
 * Not here: who sent what, and what it looks like on arrival.
 */

import assert from 'node:assert/strict';
import type { Internet } from '../internet/internet.ts';
import { headerValues } from '../internet/message.ts';
import type { Exim } from './exim.ts';
import type { Postfix } from './postfix.ts';
import { mailboxes } from './sites.ts';
import { tenants } from './unix-users.ts';
import { until } from './until.ts';

export type LocalReport = {
	/** Whose mailbox it is in; a sink's name when it went to the internet. */
	readonly to: string;
	readonly subject: string;
	/** Subject of the message it is about. */
	readonly about: string;
	readonly recipients: readonly { readonly address: string; readonly action: string; readonly status: string }[];
	/** Who made it. */
	readonly reportingMta: string;
	readonly text: string;
};

const settleMs = 30_000;

export class Ledger {
	readonly #internet: Internet;
	readonly #mta: Exim | Postfix;
	readonly #agentMessages: () => number | Promise<number>;
	readonly #expected: string[] = [];
	readonly #mayRepeat: string[] = [];

	/** `agentMessages`: how many messages the agent has open. */
	constructor(internet: Internet, mta: Exim | Postfix, agentMessages: () => number | Promise<number>) {
		this.#internet = internet;
		this.#mta = mta;
		this.#agentMessages = agentMessages;
	}

	/** This message arrives once at each of these. */
	arrives(subject: string, recipients: readonly string[]): void {
		this.#expected.push(...recipients.map((address) => arrival(subject, address)));
	}

	/** Its sender is told once, of each of these, with this action. */
	reported(subject: string, recipients: readonly string[], action = 'failed'): void {
		this.#expected.push(...recipients.map((address) => line(subject, address, action)));
	}

	/** As `arrives`, and may arrive once more: the first answer was lost on its way (RFC 1047). */
	mayArriveTwice(subject: string, recipients: readonly string[]): void {
		this.arrives(subject, recipients);
		this.#mayRepeat.push(...recipients.map((address) => arrival(subject, address)));
	}

	/** What has ended so far, sorted. */
	async ended(): Promise<readonly string[]> {
		const arrivals = this.#internet.accepted().flatMap(({ content, acceptedRecipients }) => {
			const text = content.toString('utf8');
			if (isReport(text)) return linesOf(readReport('internet', text));
			const subject = subjectOf(content);
			return acceptedRecipients.map((address) => arrival(subject, address));
		});
		const reports = (await this.reports()).flatMap(linesOf);
		return [...arrivals, ...reports].sort();
	}

	/** Reports in the mailboxes of this server. */
	async reports(): Promise<readonly LocalReport[]> {
		const addresses = [...tenants.map(({ name }) => name), ...mailboxes.map(({ address }) => address)];
		const boxes = await Promise.all(
			addresses.map(async (address) => {
				const bytes = Buffer.from(await this.#mta.mailbox(address), 'latin1');
				const text = bytes.toString('utf8').replaceAll('\r\n', '\n');
				return text
					.split(/^From .*\n/m)
					.filter((one) => isReport(one))
					.map((one) => readReport(address, one));
			}),
		);
		return boxes.flat();
	}

	/**
	 * Resolves when all that was expected has ended, and nothing else; throws with the difference. Answers with what came twice of
	 * what may.
	 */
	async settled(waitMs = settleMs): Promise<readonly string[]> {
		const isAll = async (): Promise<boolean> => without(this.#expected, await this.ended()).length === 0;
		await until(isAll, { waitMs, otherwise: async () => this.#difference(await this.ended()) });
		await this.#mta.queueEmpty(waitMs);
		await until(async () => (await this.#agentMessages()) === 0, {
			waitMs,
			otherwise: async () => `the agent still has ${await this.#agentMessages()} messages`,
		});
		const ended = await this.ended();
		const twice = without(ended, this.#expected);
		assert.deepEqual(without(twice, this.#mayRepeat), [], this.#difference(ended));
		return twice;
	}

	#difference(ended: readonly string[]): string {
		const list = (lines: readonly string[]) => lines.join(' | ') || 'none';
		return `missing: ${list(without(this.#expected, ended))}; too many: ${list(without(ended, this.#expected))}`;
	}
}

const arrival = (subject: string, address: string): string => `arrived: ${subject} → ${address}`;
const line = (subject: string, address: string, action: string): string => `${action}: ${subject} → ${address}`;
const linesOf = ({ about, recipients }: LocalReport): string[] =>
	recipients.map(({ address, action }) => line(about, address, action));

/** As a multiset. */
function without(these: readonly string[], those: readonly string[]): string[] {
	const left = [...those];
	return these.filter((one) => {
		const at = left.indexOf(one);
		if (at >= 0) left.splice(at, 1);
		return at < 0;
	});
}

const subjectOf = (content: Buffer): string => headerValues(content, 'Subject')[0] ?? '';
const isReport = (text: string): boolean => /^content-type: multipart\/report/im.test(headOf(text));
const headOf = (text: string): string => text.slice(0, Math.max(0, /\r?\n\r?\n/.exec(text)?.index ?? text.length));

function readReport(to: string, text: string): LocalReport {
	const plain = text.replaceAll('\r\n', '\n');
	const subjects = [...plain.matchAll(/^Subject: (.*)$/gm)].map((found) => found[1]!);
	const blocks = plain.split(/\n\n/).filter((block) => /^Final-Recipient:/im.test(block));
	const field = (block: string, name: string) =>
		new RegExp(`^${name}: (?:[\\w-]+; ?)?(.*)$`, 'im').exec(block)?.[1] ?? '';
	return {
		to,
		subject: subjects[0] ?? '',
		about: subjects.at(-1) ?? '',
		recipients: blocks.map((block) => ({
			address: field(block, 'Final-Recipient'),
			action: field(block, 'Action'),
			status: field(block, 'Status'),
		})),
		reportingMta: field(plain, 'Reporting-MTA'),
		text: plain,
	};
}
