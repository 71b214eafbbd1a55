/**
 * Senders as Exim names them: for scenarios in which somebody is known to have sent the mail.
 *
 * The test's own user takes the place of the MTA's, so that the kernel proves the peer whoever runs the tests. What real Exim
 * writes is test/mta's business; here the header is only written as the contract says.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigInput } from '@sluice/shared/contract/config.ts';

export const wiringSecret = 'Xp2s5v8yBeKbPeShVmYq3t6w9zCFJaNd';

type Wired = { readonly smtp: NonNullable<ConfigInput['smtp']>; readonly wiring: NonNullable<ConfigInput['wiring']> };

/** Puts the secret into the folder and says that Exim stands in front, as this process's user. */
export function wiredConfig(folder: string): Wired {
	const secretFile = join(folder, 'wiring-secret');
	writeFileSync(secretFile, `${wiringSecret}\n`, { mode: 0o600 });
	const uid = process.getuid?.() ?? 0;
	return { smtp: { mtaUsers: [uid] }, wiring: { mta: 'exim', secretFile } };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

type Values = { readonly proto: string; readonly auth?: string; readonly uid?: number; readonly queueId?: string };

const wiringLine = ({ proto, auth = '', uid = 0, queueId = '1abcde-000001-AB' }: Values): string =>
	`X-Sluice-Sender: v=1; s=${wiringSecret}; id=${queueId}; proto=${proto}; auth=${base64(auth)}; uid=${uid}; ident=; host=192.0.2.9; port=465; cwd=; anc=\r\n`;

/** Somebody who logged in: account `domain:DOMAIN`, identity `mailbox:LOGIN`. */
export const mailbox = (login: string): string => wiringLine({ proto: 'esmtpsa', auth: login });

/** A script of a unix user: account `uid:UID`, identity `unix:UID`. */
export const unixUser = (uid: number): string => wiringLine({ proto: 'local', uid });
