/**
 * Who sent a message that came through Exim, from the wiring header.
 *
 * `proto` decides which of the values counts. `local…` is a submission by sendmail (also `exim -bs` and `-bS`): the uid is the
 * sender, and `auth` is only his login name again. `esmtpa`, `esmtpsa`: the authenticated login. Other SMTP: somebody from
 * outside, so the message leaves only because an alias or .forward sent it out, and `anc` says which. Exim puts `utf8` in
 * front of any of these for SMTPUTF8 mail. For SMTP the uid is Exim's own and says nothing.
 */

import { escapeBytes } from '../header/bytes.ts';
import type { AlarmCode } from './alarms.ts';
import type { AccountDirectory, AttributionSettings, HeaderFacts } from './facts.ts';
import {
	accountOfAddress,
	type Circumstances,
	type Finding,
	type Login,
	mailboxFinding,
	unattributed,
} from './finding.ts';
import { isSystemUid, unixFinding } from './sender-class.ts';
import type { WiringValues, WiringWord } from './wiring-header.ts';

export type EximCase = {
	readonly word: WiringWord;
	readonly reversePath: string;
	readonly headers: HeaderFacts;
};

export function senderByExim(
	{ word, reversePath, headers }: EximCase,
	settings: AttributionSettings,
	directory: AccountDirectory,
): Finding {
	if (word.kind === 'none') return unattributed('exim, no wiring header to believe', word.alarms);
	const { values, alarms } = word;
	const beside = circumstancesOf(values);
	const proto = values.proto.startsWith('utf8') ? values.proto.slice(4) : values.proto;

	if (proto.startsWith('local')) {
		if (values.uid === undefined) return unattributed('exim header, no uid', [...alarms, 'wiring.malformed'], beside);
		const local = {
			uid: values.uid,
			reversePath,
			headers,
			evidence: evidenceOf(values),
			beside,
			alarms,
		};
		if (word.kind === 'believed') return unixFinding(local, settings, directory);
		if (isSystemUid(values.uid, settings, directory))
			return unattributed('exim header without secret, system uid', alarms, beside);
		const { certainty: _proved, ...finding } = unixFinding(local, settings, directory);
		return {
			...finding,
			certainty: 'derived',
			from: `${finding.from}, secret missing`,
		};
	}
	if (word.kind === 'without-secret') return unattributed('exim header without secret', alarms, beside);
	if (/^e?smtps?a$/.test(proto)) {
		return authenticated(values, { reversePath, headers, beside, alarms }, directory);
	}
	if (beside.ancestor !== undefined) return forwarded(beside.ancestor, { ...beside, alarms }, directory);
	return unattributed(
		`exim header, proto=${escapeBytes(values.proto)} from ${values.host || 'nowhere'}`,
		alarms,
		beside,
	);
}

function authenticated(
	{ auth }: WiringValues,
	login: Pick<Login, 'reversePath' | 'headers' | 'beside' | 'alarms'>,
	directory: AccountDirectory,
): Finding {
	if (auth !== '') {
		return mailboxFinding({ ...login, login: withAt(escapeBytes(auth)), evidence: 'exim header' }, directory);
	}
	return unattributed('exim header, authenticated as nobody', [...login.alarms, 'wiring.auth-empty'], login.beside);
}

/** The ancestor is Exim's own knowledge; that its account pays for what it forwards follows from it. */
function forwarded(
	ancestor: string,
	beside: Circumstances & { readonly alarms: readonly AlarmCode[] },
	directory: AccountDirectory,
): Finding {
	const id = ancestor.toLowerCase();
	return {
		...beside,
		account: accountOfAddress(id, directory),
		identity: { kind: 'address', id },
		class: 'forward',
		certainty: 'derived',
		from: `exim header, forwarded by ${id}`,
	};
}

/** cPanel also takes `user+site1.test`, `user%site1.test` and `user:site1.test` as login of `user@site1.test`. */
function withAt(login: string): string {
	if (login.includes('@')) return login;
	const found = /^(.+)[+%:]([^+%:]+\.[^+%:.]+)$/.exec(login);
	return found === null ? login : `${found[1]}@${found[2]}`;
}

function evidenceOf({ ident, proto }: WiringValues): string {
	return ident === '' ? `exim header, ${proto}` : `exim header, ${proto} by ${escapeBytes(ident)}`;
}

function circumstancesOf({ id, host, cwd, anc }: WiringValues): Circumstances {
	return {
		...(id === '' ? {} : { mtaQueueId: id }),
		...(host === '' ? {} : { clientAddress: host }),
		...(anc === '' ? {} : { ancestor: escapeBytes(anc) }),
		...(cwd === '' ? {} : { directory: escapeBytes(cwd) }),
	};
}
