/**
 * The language of the `.smtp` files: a dialog that can be read aloud.
 *
 *     # comment; a story stands above the bytes that it is about
 *     settings {"bareNewline": "reject"}   changes to the listener's settings, before the first step
 *     proved                               the peer is root or the MTA
 *     tls-offered                          the listener has a certificate
 *     tls-first                            … and wants TLS from the first byte
 *     open                                 a new connection (the first one is opened by itself)
 *     c: EHLO client.test                  the client sends a line and CRLF
 *     c~ x\r\n.\r\n                        the client sends just these bytes; several `c` lines in a row go out as one write
 *     s: 250 2.1.0 *                       the server answers one line; `*` is any run of characters
 *     s* 250                               the server answers one reply with this code, of any number of lines
 *     tls                                  the client begins TLS
 *     end / drop                           the client ends its side / drops the connection
 *     closed                               the server closes
 *     f: nestedMail syntax                 the faults that flow was told of since the last `f:`, in order
 *     m: <from> <to> <to> …                the next message that flow was given, with its envelope
 *     m+ {"session": {"helo": "x"}}        … and parts of what came with it
 *     | Subject: x                         … and its content, line by line, dots still stuffed
 *     m: none                              no message that has not been named
 *
 * In `c`, `s:`, `m:` and `|`: `\r \n \t \0 \\ \xHH`, and `\{text*N}` repeats. Pure.
 */
export type Step = { readonly line: number } & (
	| { readonly kind: 'send'; readonly bytes: Buffer }
	| { readonly kind: 'line'; readonly pattern: RegExp; readonly text: string }
	| { readonly kind: 'reply'; readonly code: string }
	| { readonly kind: 'open' | 'tls' | 'end' | 'drop' | 'closed' }
	| { readonly kind: 'no-message' }
	| { readonly kind: 'faults'; readonly faults: readonly string[] }
	| {
			readonly kind: 'message';
			readonly from: string;
			readonly to: readonly string[];
			readonly parts: unknown;
			readonly content: string | undefined;
	  }
);

export type Dialog = {
	readonly settings: { readonly [name: string]: unknown };
	readonly isProved: boolean;
	readonly offersTls: boolean;
	readonly isImplicitTls: boolean;
	readonly steps: readonly Step[];
};

/** Throws with the number of the line that is wrong. */
export function parseDialog(text: string): Dialog {
	let settings: Dialog['settings'] = {};
	let isProved = false;
	let offersTls = false;
	let isImplicitTls = false;
	const steps: Step[] = [];
	for (const [index, source] of text.split('\n').entries()) {
		const line = index + 1;
		const [, word = '', , rest = ''] = /^(\S*)( (.*))?$/.exec(source) ?? [];
		if (word === '' || word.startsWith('#')) continue;
		if (word === 'settings') settings = JSON.parse(rest);
		else if (word === 'proved') isProved = true;
		else if (word === 'tls-offered') offersTls = true;
		else if (word === 'tls-first') isImplicitTls = true;
		else if (word === '|' || word === 'm+') steps.push(grown(steps.pop(), word, rest, line));
		else if (word === 'c:' || word === 'c~') addBytes(steps, line, bytesOf(word === 'c:' ? `${rest}\\r\\n` : rest));
		else steps.push(step(word, rest, line));
	}
	return { settings, isProved, offersTls, isImplicitTls, steps };
}

function step(word: string, rest: string, line: number): Step {
	switch (word) {
		case 's:':
			return { line, kind: 'line', pattern: patternOf(rest), text: rest };
		case 's*':
			return { line, kind: 'reply', code: rest };
		case 'f:':
			return { line, kind: 'faults', faults: rest.split(' ').filter((name) => name !== '') };
		case 'm:': {
			if (rest === 'none') return { line, kind: 'no-message' };
			const [from, ...to] = [...rest.matchAll(/<([^<>]*)>/g)].map((match) => bytesOf(match[1]!).toString('utf8'));
			if (from === undefined) throw new Error(`line ${line}: m: needs <from> and recipients`);
			return { line, kind: 'message', from, to, parts: {}, content: undefined };
		}
		case 'open':
		case 'tls':
		case 'end':
		case 'drop':
		case 'closed':
			return { line, kind: word };
		default:
			throw new Error(`line ${line}: no such word: ${word}`);
	}
}

function addBytes(steps: Step[], line: number, bytes: Buffer): void {
	const last = steps.at(-1);
	if (last?.kind === 'send') steps[steps.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, bytes]) };
	else steps.push({ line, kind: 'send', bytes });
}

function grown(last: Step | undefined, word: string, rest: string, line: number): Step {
	if (last?.kind !== 'message') throw new Error(`line ${line}: ${word} belongs behind m:`);
	if (word === 'm+') return { ...last, parts: JSON.parse(rest) };
	return { ...last, content: `${last.content ?? ''}${bytesOf(rest).toString('latin1')}\r\n` };
}

/** The bytes of a text with escapes. */
export function bytesOf(text: string): Buffer {
	const utf8 = Buffer.from(text, 'utf8').toString('latin1');
	const repeated = utf8.replace(/\\\{(.*?)\*(\d+)\}/g, (_, part: string, times: string) => part.repeat(Number(times)));
	const plain = repeated.replace(/\\(?:x([0-9a-f]{2})|([rnt0\\]))/gi, (_, hex: string | undefined, name: string) =>
		hex === undefined ? ESCAPES[name]! : String.fromCharCode(Number.parseInt(hex, 16)),
	);
	return Buffer.from(plain, 'latin1');
}

const ESCAPES: Readonly<Record<string, string>> = { r: '\r', n: '\n', t: '\t', '0': '\0', '\\': '\\' };

function patternOf(text: string): RegExp {
	const plain = bytesOf(text).toString('latin1');
	const parts = plain.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
	return new RegExp(`^${parts.join('.*')}$`, 's');
}
