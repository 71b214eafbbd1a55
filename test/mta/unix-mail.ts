/**
 * Mail that programs of a unix user hand to the local sendmail command: a shell, cron, or PHP's own mail().
 */

import type { Box } from './box.ts';

export type SendmailCall = {
	readonly user: string;
	/** Arguments of sendmail; `-t -i` unless told. */
	readonly arguments?: string;
	readonly message: string | Uint8Array;
	readonly cwd?: string;
};

/** `sendmail` as this user; lines end in LF as programs on unix write them. */
export async function sendmail(box: Box, call: SendmailCall): Promise<void> {
	const input = typeof call.message === 'string' ? call.message.replaceAll('\r\n', '\n') : call.message;
	await box.runAs(call.user, `/usr/sbin/sendmail ${call.arguments ?? '-t -i'}`, {
		input,
		...(call.cwd === undefined ? {} : { cwd: call.cwd }),
	});
}

export type PhpMail = {
	readonly user: string;
	/** Path of the script, made with its folders and owned by the user. */
	readonly script: string;
	readonly to: string;
	readonly subject: string;
	readonly body?: string;
	/** Header lines for mail()'s fourth argument. */
	readonly headers?: readonly string[];
	/** mail()'s fifth argument, e.g. `-fshop@site2.test`. */
	readonly parameters?: string;
	/** Where PHP is started; the script's folder, as a web server does, unless told. */
	readonly cwd?: string;
};

/** A script that calls mail(), run by Debian's PHP. Throws when mail() answers false. */
export async function phpMail(box: Box, mail: PhpMail): Promise<void> {
	const folder = mail.script.slice(0, mail.script.lastIndexOf('/'));
	const words = [mail.to, mail.subject, mail.body ?? 'Hello.', (mail.headers ?? []).join('\r\n')];
	const values = [...words, ...(mail.parameters === undefined ? [] : [mail.parameters])];
	const code = `<?php exit(mail(${values.map(phpString).join(', ')}) ? 0 : 1);\n`;
	await box.makeFolder(folder, { owner: mail.user });
	await box.writeFile(mail.script, code, { owner: mail.user });
	// cPanel and Plesk both switch X-PHP-Originating-Script on.
	await box.runAs(mail.user, `/usr/bin/php8.2 -d mail.add_x_header=1 '${mail.script}'`, { cwd: mail.cwd ?? folder });
}

function phpString(text: string): string {
	return `base64_decode('${Buffer.from(text).toString('base64')}')`;
}
