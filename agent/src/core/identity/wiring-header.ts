/**
 * Exim's word about the sender: `X-Sluice-Sender: v=1; s=SECRET; id=; proto=; auth=; uid=; ident=; host=; port=; cwd=; anc=`.
 *
 * Our router writes it as one line, after it has removed every copy that the message brought, and puts a secret into it that
 * no tenant can read. So a header with the right secret is Exim's. A copy with a wrong one is a forgery that got past the
 * removal; it is stripped and counted and does not undo the right one, or else a tenant could make himself unattributed by
 * adding rubbish. Two right ones mean that the secret has leaked: nobody is believed until it is changed.
 *
 * Without a secret: a first delivery attempt can run inside the tenant's jail, where the secret file is not seen, and the
 * header then says `s=`. Exim has still removed the tenant's copies, and the kernel has proved the peer. Such a header is
 * believed (as derived, with an alarm) only in the case in which it can arise: the one field of ours, behind the message's own, by local
 * submission, of a tenant's uid. The remaining way to forge it is a message that leaves Exim for our port by a router
 * other than ours; it could then name another unix user, but no mailbox and no system user.
 */

import { bytesOfBase64 } from '../header/bytes.ts';
import { beginsWith, type HeaderField } from '../header/scan.ts';
import type { AlarmCode } from './alarms.ts';

/** A 4 kB working directory makes 5.5 kB; the ACL cuts at 1 kB. */
export const wiringHeaderBytesMax = 8192;

const keys = ['v', 's', 'id', 'proto', 'auth', 'uid', 'ident', 'host', 'port', 'cwd', 'anc'] as const;

/** What Exim said; `auth`, `ident`, `cwd`, `anc` are bytes a tenant can shape (one character each), not yet safe to show. */
export type WiringValues = {
	readonly id: string;
	readonly proto: string;
	readonly auth: string;
	/** Undefined when empty or no number. */
	readonly uid: number | undefined;
	readonly ident: string;
	readonly host: string;
	readonly port: string;
	readonly cwd: string;
	readonly anc: string;
};

export type WiringWord =
	| {
			readonly kind: 'believed';
			readonly values: WiringValues;
			readonly alarms: readonly AlarmCode[];
	  }
	/** The header is all there but without a secret: see above. */
	| {
			readonly kind: 'without-secret';
			readonly values: WiringValues;
			readonly alarms: readonly AlarmCode[];
	  }
	| { readonly kind: 'none'; readonly alarms: readonly AlarmCode[] };

export type WiringFields = {
	readonly text: string;
	readonly fields: readonly HeaderField[];
	readonly wiring: readonly HeaderField[];
	readonly lookAlikes: number;
	readonly secrets: readonly string[];
};

/** What the header fields named like ours say. The caller has made sure that the peer is Exim. */
export function readWiring({ text, fields, wiring, lookAlikes, secrets }: WiringFields): WiringWord {
	const alarms = new Set<AlarmCode>();
	if (lookAlikes > 0) alarms.add('wiring.look-alike');
	if (!secrets.some((secret) => secret !== '')) alarms.add('wiring.no-secret-configured');
	else if (wiring.length === 0) alarms.add('wiring.header-missing');

	const right: string[] = [];
	let withoutSecret: string | undefined;
	for (const field of wiring) {
		if (field.end - field.start > wiringHeaderBytesMax) {
			alarms.add('wiring.too-long');
			continue;
		}
		const value = text.slice(field.nameEnd + 1, field.end);
		const said = secretIn(value);
		if (said === '') withoutSecret = value;
		else if (said !== undefined && isOneOf(said, secrets)) right.push(field.isFolded ? '' : value);
		else alarms.add('wiring.wrong-secret');
	}

	if (right.length > 1) return none(alarms, 'wiring.two-secrets');
	if (right.length === 1) return believed(right[0] as string, 'believed', alarms);
	if (withoutSecret === undefined) return { kind: 'none', alarms: [...alarms] };
	alarms.add('wiring.secret-missing');
	const [only] = wiring;
	const isOnly = only !== undefined && wiring.length === 1 && lookAlikes === 0 && standsAsAdded(text, fields, only);
	return isOnly && !only.isFolded
		? believed(withoutSecret, 'without-secret', alarms)
		: { kind: 'none', alarms: [...alarms] };
}

export type Displaced = {
	readonly word: WiringWord;
	/** Offsets in the text that was looked at. */
	readonly cuts: readonly (readonly [start: number, end: number])[];
};

/**
 * The wiring header behind the end of the header. Whatever Exim writes in front of ours may hold a blank line that a tenant chose
 * (a directory's name, in a header of the stock route or of an ACL). Then the header as we see it ends there, and ours would go
 * out as content. It is cut wherever a secret stands, and one that is whole is believed as if it stood in its place: nobody else
 * knows the secret. Undefined when there is none.
 */
export function findDisplaced(text: string, secrets: readonly string[]): Displaced | undefined {
	const lines = new Map<number, number>();
	for (const secret of secrets) {
		if (secret === '') continue;
		for (let at = text.indexOf(secret); at >= 0; at = text.indexOf(secret, at + secret.length)) {
			const newline = text.indexOf('\n', at);
			lines.set(text.lastIndexOf('\n', at) + 1, newline < 0 ? text.length : newline + 1);
		}
	}
	if (lines.size === 0) return undefined;
	const cuts = [...lines].sort(([one], [other]) => one - other);
	const alarms = new Set<AlarmCode>(['wiring.displaced']);
	const [start, end] = cuts[0] as [number, number];
	const value = text.slice(start + wiringName.length + 1, end);
	const isOurs = beginsWith(text, start, wiringName) && text[start + wiringName.length] === ':';
	const said = isOurs ? secretIn(value) : undefined;
	const isWhole = cuts.length === 1 && said !== undefined && isOneOf(said, secrets);
	return { cuts, word: isWhole ? believed(value, 'believed', alarms) : { kind: 'none', alarms: [...alarms] } };
}

const wiringName = 'x-sluice-sender';

/** Behind ours stands what the stock route adds, cPanel's `X-AntiAbuse` and the like; never a field of the message itself. */
const standsAsAdded = (text: string, fields: readonly HeaderField[], ours: HeaderField): boolean =>
	fields.slice(fields.indexOf(ours) + 1).every((field) => beginsWith(text, field.start, 'x-'));

function none(alarms: Set<AlarmCode>, alarm: AlarmCode): WiringWord {
	alarms.add(alarm);
	return { kind: 'none', alarms: [...alarms] };
}

function believed(value: string, kind: 'believed' | 'without-secret', alarms: Set<AlarmCode>): WiringWord {
	if (value === '') return none(alarms, 'wiring.folded');
	const values = valuesIn(value);
	return values === undefined ? none(alarms, 'wiring.malformed') : { kind, values, alarms: [...alarms] };
}

/** The secret as said; undefined when the value does not even begin like ours. */
function secretIn(value: string): string | undefined {
	const found = /^ ?v=[^;\r\n]{0,8}; s=([^;\r\n]*);/.exec(value);
	return found === null ? undefined : (found[1] as string);
}

/** Every key once and in order, four of them base64; undefined for anything else. */
function valuesIn(value: string): WiringValues | undefined {
	const parts = value.trim().split(';');
	if (parts.length !== keys.length) return undefined;
	const said: string[] = [];
	for (let index = 0; index < keys.length; index++) {
		const part = (parts[index] as string).trim();
		const key = keys[index] as string;
		if (part.charCodeAt(key.length) !== 0x3d || !part.startsWith(key)) return undefined;
		said.push(part.slice(key.length + 1));
	}
	const [version, , id, proto, auth64, uid, ident64, host, port, cwd64, anc64] = said as Eleven;
	const auth = bytesOfBase64(auth64);
	const ident = bytesOfBase64(ident64);
	const cwd = bytesOfBase64(cwd64);
	const anc = bytesOfBase64(anc64);
	if (version !== '1' || auth === undefined || ident === undefined || cwd === undefined || anc === undefined)
		return undefined;
	if (uid !== '' && !/^\d{1,10}$/.test(uid)) return undefined;
	return {
		id,
		proto,
		auth,
		uid: uid === '' ? undefined : Number(uid),
		ident,
		host,
		port,
		cwd,
		anc,
	};
}

type Eleven = [string, string, string, string, string, string, string, string, string, string, string];

/**
 * True when `said` is one of `secrets`. The time depends on the lengths only, never on how many characters agree or which
 * secret it was: a tenant who could measure it would find the secret character by character.
 */
export function isOneOf(said: string, secrets: readonly string[]): boolean {
	let anyEqual = 0;
	for (const secret of secrets) {
		let difference = said.length ^ secret.length;
		for (let index = 0; index < said.length; index++) {
			// `%` keeps the walk as long as what was said; an empty secret never matches.
			difference |= said.charCodeAt(index) ^ (secret.length === 0 ? 0x1ff : secret.charCodeAt(index % secret.length));
		}
		anyEqual |= difference === 0 && said.length > 0 ? 1 : 0;
	}
	return anyEqual === 1;
}
