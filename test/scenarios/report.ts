/**
 * A report as its reader takes it apart: three parts, the fields about the message, the fields about each recipient. RFC 3464, 6522.
 */
import assert from 'node:assert/strict';
import type { ReceivedMessage } from '../internet/message.ts';
import { headerValues } from '../internet/message.ts';

export type Fields = { readonly [name: string]: string };

export type Report = {
	readonly to: readonly string[];
	readonly sink: string;
	readonly subject: string;
	/** The part for people. */
	readonly text: string;
	readonly message: Fields;
	readonly recipients: readonly Fields[];
	/** What is returned: its media type and its content. */
	readonly returned: { readonly type: string; readonly content: string };
};

const fieldsOf = (block: string): Fields =>
	Object.fromEntries(
		block
			.replace(/\r\n[ \t]+/g, ' ')
			.split('\r\n')
			.filter((line) => line !== '')
			.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
	);

function partOf(part: string): { readonly type: string; readonly body: string } {
	const blank = part.indexOf('\r\n\r\n');
	const { 'Content-Type': type = '' } = fieldsOf(part.slice(0, blank));
	return { type, body: part.slice(blank + 4) };
}

/** Takes a report apart; fails where it is none. */
export function reportIn(received: ReceivedMessage): Report {
	const { content, acceptedRecipients, reversePath, sink } = received;
	const [type = ''] = headerValues(content, 'Content-Type');
	const boundary = /^multipart\/report; report-type=delivery-status;\s*boundary="([^"]+)"$/.exec(type)?.[1];
	assert.ok(boundary !== undefined, `no report: ${type}`);
	assert.equal(reversePath, '', 'a report has the null reverse-path');
	const text = content.toString('utf8');
	const parts = text.split(`\r\n--${boundary}`);
	assert.equal(parts.length, 5, 'three parts, what stands before them and the end');
	assert.equal(parts[4], '--\r\n');
	const [people, programs, returned] = parts.slice(1, 4).map((part) => partOf(part.slice(2)));
	assert.match(people?.type ?? '', /^text\/plain; charset=(us-ascii|utf-8)$/);
	assert.match(programs?.type ?? '', /^message\/(global-)?delivery-status$/);
	const [message = '', ...recipients] = (programs?.body ?? '').split('\r\n\r\n').filter((block) => block.trim() !== '');
	return {
		to: acceptedRecipients,
		sink,
		subject: headerValues(content, 'Subject')[0] ?? '',
		text: people?.body ?? '',
		message: fieldsOf(message),
		recipients: recipients.map(fieldsOf),
		returned: { type: returned?.type ?? '', content: returned?.body ?? '' },
	};
}
