/** A plain test message as bytes for `submit` and sendmail: CRLF, Date, From, To, Subject. Pure. */

export type PlainMessage = {
	readonly from: string;
	readonly to: string;
	readonly subject: string;
	/** Further header lines, each `Name: value`, put on top. */
	readonly headers?: readonly string[];
	readonly body?: string;
};

export function plainMessage(message: PlainMessage): string {
	const lines = [
		...(message.headers ?? []),
		`From: <${message.from}>`,
		`To: <${message.to}>`,
		`Subject: ${message.subject}`,
		'Date: Mon, 23 Nov 2026 10:00:00 +0000',
		'',
		message.body ?? `Hello from ${message.subject}.`,
	];
	return `${lines.join('\r\n')}\r\n`;
}
