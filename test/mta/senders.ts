/**
 * The ways in which mail is handed to a hosting server, each as a function of the subject.
 *
 * The same for both MTAs. Not here: what must come of it (attribution-case.ts, ledger.ts).
 */

import type { Exim } from './exim.ts';
import { plainMessage } from './message.ts';
import type { Postfix } from './postfix.ts';
import type { user1 } from './sites.ts';
import { type Submission, submitAccepted } from './submit.ts';
import { phpMail, sendmail } from './unix-mail.ts';

type Login = { readonly user: string; readonly password: (typeof user1)['password'] | string };
type More = { readonly headers?: readonly string[]; readonly body?: string };
type BySubject = (subject: string) => Promise<unknown>;

export type Senders = {
	/** With a login, to one or several. */
	readonly mailbox: (login: Login, to: string | readonly string[], more?: More & Partial<Submission>) => BySubject;
	/** To the port for strangers, without a login. */
	readonly outside: (to: string, more?: More & Partial<Submission>) => BySubject;
	readonly sendmail: (user: string, to: string, more?: More & { cwd?: string; arguments?: string }) => BySubject;
	readonly php: (user: string, to: string, more?: { cwd?: string; parameters?: string }) => BySubject;
	readonly root: (to: string, more?: More & { arguments?: readonly string[] }) => BySubject;
	/** `sendmail -bs`: SMTP on a pipe. */
	readonly pipe: (user: string, from: string, to: string, cwd?: string) => BySubject;
};

/** The same text for the same arguments, Message-ID too, so that a message can be sent again and compared. */
export const messageText = (subject: string, to: string, { headers = [], body }: More = {}): string =>
	plainMessage({
		from: 'someone@site1.test',
		to,
		subject,
		headers: [...headers, `Message-ID: <${subject.replace(/\W+/g, '.')}.${to}>`],
		...(body === undefined ? {} : { body }),
	});

/** `mta` is asked for at each use: it is started after the tests have been written down. */
export function sendersOf(mta: () => Exim | Postfix): Senders {
	const submission = (port: number, from: string, to: string | readonly string[], more: More & Partial<Submission>) => {
		const { headers, body, ...rest } = more;
		const recipients = typeof to === 'string' ? [to] : to;
		const say = { ...(headers === undefined ? {} : { headers }), ...(body === undefined ? {} : { body }) };
		return (subject: string) =>
			submitAccepted({ port, from, recipients, message: messageText(subject, recipients[0]!, say), ...rest });
	};
	return {
		mailbox:
			(login, to, more = {}) =>
			(subject) =>
				submission(mta().submissionPort, login.user, to, { auth: login, ...more })(subject),
		outside:
			(to, more = {}) =>
			(subject) =>
				submission(mta().smtpPort, 'stranger@outside.test', to, more)(subject),
		sendmail:
			(user, to, { cwd, arguments: words, ...say } = {}) =>
			async (subject) => {
				if (cwd !== undefined) await mta().box.makeFolder(cwd, { owner: user });
				await sendmail(mta().box, {
					user,
					message: messageText(subject, to, say),
					...(cwd === undefined ? {} : { cwd }),
					...(words === undefined ? {} : { arguments: words }),
				});
			},
		php:
			(user, to, more = {}) =>
			(subject) =>
				phpMail(mta().box, { user, script: `/home/${user}/public_html/form/contact.php`, to, subject, ...more }),
		root:
			(to, { arguments: words = ['-t', '-i'], ...say } = {}) =>
			(subject) =>
				mta().box.run(['/usr/sbin/sendmail', ...words], {
					input: messageText(subject, to, say).replaceAll('\r\n', '\n'),
				}),
		pipe: (user, from, to, cwd) => async (subject) => {
			const lines = [
				'EHLO x',
				`MAIL FROM:<${from}>`,
				`RCPT TO:<${to}>`,
				'DATA',
				`Subject: ${subject}`,
				'',
				'x',
				'.',
				'QUIT',
				'',
			];
			await mta().box.runAs(user, '/usr/sbin/sendmail -bs', {
				input: lines.join('\r\n'),
				...(cwd === undefined ? {} : { cwd }),
			});
		},
	};
}
