/** Subjects for people: decoded, in one line, bounded, and never a way to hide or turn what stands there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { subjectText } from './subject.ts';

test('encoded words are decoded, also when a character is parted between two; all else is as it came', () => {
	const told = [
		['=?utf-8?Q?Gr=C3=BC=C3=9Fe_aus_K=C3=B6ln?=', 'Grüße aus Köln'],
		['=?UTF-8?B?SGVyYnN0LVNhbGU6IDMw?= =?UTF-8?B?ICUgYXVmIFN0cmljaw==?=', 'Herbst-Sale: 30 % auf Strick'],
		['=?utf-8?B?R3LD?= =?utf-8?B?vMOfZQ==?=', 'Grüße'],
		['=?iso-8859-1?Q?Stra=DFe?=', 'Straße'],
		['Re: =?utf-8?Q?=E2=9C=93?= done', 'Re: ✓ done'],
		['plain 100% =3D subject', 'plain 100% =3D subject'],
		['später', 'später'],
		['=?nowhere-8?X?abc?=', '=?nowhere-8?X?abc?='],
		['', ''],
	] as const;
	for (const [stored, text] of told) assert.equal(subjectText(stored), text);
});

test('what an encoded word hides is no line, no escape sequence, no turned text, and of bounded length', () => {
	const hidden = (text: string): string => `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`;
	assert.equal(subjectText(hidden('a\r\nBcc: x@y.test')), 'a Bcc: x@y.test');
	assert.equal(subjectText(hidden('\x1b]0;owned\x07 \u202ecod.exe')), '�]0;owned� �cod.exe');
	assert.equal(subjectText(hidden('x'.repeat(2900))).length, 998);
	assert.equal(subjectText('y'.repeat(5000)).length, 998);
	assert.equal(subjectText(`${'z'.repeat(996)}🎉🎉`).isWellFormed(), true, 'cut between characters');
});

test('whatever a stranger writes gives one safe line', () => {
	const word = fc.tuple(
		fc.constantFrom('utf-8', 'iso-2022-jp', 'utf-16', 'x', ''),
		fc.constantFrom('q', 'B', 'x'),
		fc.string(),
	);
	const text = fc.oneof(
		fc.string({ unit: 'binary' }),
		word.map(([charset, encoding, body]) => `=?${charset}?${encoding}?${body}?=`),
	);
	fc.assert(
		fc.property(fc.array(text), (parts) => {
			const shown = subjectText(parts.join(' '));
			// biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
			assert.doesNotMatch(shown, /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/);
			assert.ok(shown.length <= 998 && shown.isWellFormed());
		}),
	);
});
