/**
 * All addresses of a From field, strictly: for whoever must know that a field names nobody else.
 *
 * Display names, comments and quoted strings are passed over, so that `"boss@bank.test" <app@shop.test>` is app@shop.test and
 * `boss@bank.test, <app@shop.test>` is two. What does not read as a list of mailboxes (groups, routes, encoded addresses, stray characters)
 * is nothing at all, rather than a guess that another reader would not share. Pure. RFC 5322 §3.4, §3.2.
 */
import type { Address } from '@sluice/shared/words/address.ts';
import { type HeaderField, isNamed, rawValue } from './scan.ts';

/** The From fields of a header. A blank before the colon is old syntax (RFC 5322 §4.5) that mail programs still read. */
export const fromFields = (text: string, fields: readonly HeaderField[]): readonly HeaderField[] =>
	fields.filter((field) => {
		let nameEnd = field.nameEnd;
		while (nameEnd > field.start && /[ \t]/.test(text[nameEnd - 1] as string)) nameEnd--;
		return isNamed(text, nameEnd === field.nameEnd ? field : { ...field, nameEnd }, 'from');
	});

/**
 * All addresses that a reader could take a message to be from. Of a From that does not read as a list of mailboxes whatever looks like an
 * address: for whoever asks about each of them, never for blame.
 */
export function shownAddresses(text: string, fields: readonly HeaderField[]): readonly Address[] {
	const shown = new Set<Address>();
	for (const field of fromFields(text, fields)) {
		const value = rawValue(text, field);
		// Split and not searched: whatever is in there, the time grows with its length alone.
		const looksLike = (): readonly Address[] =>
			value
				.slice(0, valueCharsMax)
				.split(/[\s"(),:;<>[\\\]]/)
				.filter((word) => word.includes('@'));
		for (const address of fromAddresses(value) ?? looksLike()) if (shown.size < shownMax) shown.add(address);
	}
	return [...shown];
}

const shownMax = 100;

/** Longer values and longer lists are refused: a From has one address. */
const valueCharsMax = 10_000;
const addressesMax = 20;

const addrSpec = /^(?:[^\s"(),:;<>@[\\\]]+|"(?:[^"\\\r\n]|\\[^\r\n])*")@[A-Za-z0-9\u0080-\u00ff._-]+$/;

/** Addresses in order, as written; undefined when the value is not a plain list of mailboxes. One character per byte. */
export function fromAddresses(value: string): readonly Address[] | undefined {
	if (value.length > valueCharsMax) return undefined;
	const addresses: Address[] = [];
	for (const mailbox of mailboxesOf(value) ?? []) {
		const address = addressOf(mailbox);
		if (address === undefined || addresses.length === addressesMax) return undefined;
		addresses.push(address);
	}
	return addresses.length === 0 ? undefined : addresses;
}

/** The list cut at its commas, comments taken out; undefined when a quote, comment or bracket does not end. */
function mailboxesOf(value: string): readonly string[] | undefined {
	const mailboxes: string[] = [];
	let current = '';
	let comments = 0;
	let isQuoted = false;
	let isInBrackets = false;
	for (let at = 0; at < value.length; at++) {
		const symbol = value[at] as string;
		if (symbol === '\\' && (isQuoted || comments > 0)) {
			if (comments === 0) current += symbol + (value[at + 1] ?? '');
			at++;
		} else if (comments > 0) {
			if (symbol === '(') comments++;
			else if (symbol === ')') comments--;
		} else if (symbol === '"') {
			isQuoted = !isQuoted;
			current += symbol;
		} else if (isQuoted) current += symbol;
		else if (symbol === '(') {
			comments = 1;
			current += ' ';
		} else if (symbol === ',' && !isInBrackets) {
			mailboxes.push(current);
			current = '';
		} else {
			if (symbol === '<') isInBrackets = true;
			if (symbol === '>') isInBrackets = false;
			current += symbol;
		}
	}
	if (isQuoted || comments > 0 || isInBrackets) return undefined;
	mailboxes.push(current);
	return mailboxes;
}

/** `name <address>` or `address`. */
function addressOf(mailbox: string): Address | undefined {
	const text = mailbox.replace(/\r?\n(?=[ \t])/g, '').trim();
	const withoutQuoted = text.replace(/"(?:[^"\\]|\\.)*"/g, (quoted) => '_'.repeat(quoted.length));
	const open = withoutQuoted.indexOf('<');
	if (open < 0) return addrSpec.test(text) ? text : undefined;
	// Nothing behind the bracket, no second one, and no address in the name that a careless reader would take.
	if (withoutQuoted.indexOf('<', open + 1) >= 0 || withoutQuoted.indexOf('>') !== text.length - 1) return undefined;
	if (/[@:;]/.test(withoutQuoted.slice(0, open))) return undefined;
	const address = text.slice(open + 1, -1).trim();
	return addrSpec.test(address) ? address : undefined;
}
