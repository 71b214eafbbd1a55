/** Samples that the tests of attribution share: submissions and wiring headers as the MTAs send them. Holds no tests itself. */
import type { AttributionSettings, ForwardedClient, SubmissionFacts } from './facts.ts';

export const secret = 'k3ep-th1s-0ut-of-s1ght';

export const eximSettings: AttributionSettings = {
	mta: 'exim',
	secrets: [secret, 'the-one-before'],
	hostNames: ['host.test'],
	eximUid: 999,
	listUserIds: [7010],
};

export const postfixSettings: AttributionSettings = {
	mta: 'postfix',
	secrets: [],
	hostNames: ['host.test'],
	postfixUid: 105,
};

export const base64 = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('base64');

export type EximSays = {
	readonly s?: string;
	readonly id?: string;
	readonly proto?: string;
	readonly auth?: string;
	readonly uid?: string;
	readonly ident?: string;
	readonly host?: string;
	readonly port?: string;
	readonly cwd?: string;
	readonly anc?: string;
};

/** The wiring header as our router writes it, line end included. */
export function eximHeader(says: EximSays): string {
	const { s = secret, id = '1rAbcD-000001-aa', proto = '', uid = '', host = '', port = '' } = says;
	const encoded = (bytes = '') => base64(bytes);
	return (
		`X-Sluice-Sender: v=1; s=${s}; id=${id}; proto=${proto}; auth=${encoded(says.auth)}; uid=${uid}; ` +
		`ident=${encoded(says.ident)}; host=${host}; port=${port}; cwd=${encoded(says.cwd)}; anc=${encoded(says.anc)}\r\n`
	);
}

export function submission(
	headerText: string,
	reversePath: string,
	more: Partial<SubmissionFacts> & { readonly orcpt?: string } = {},
): SubmissionFacts {
	const { orcpt, ...facts } = more;
	return {
		headerText,
		envelope: {
			reversePath,
			recipients: [
				{
					address: 'dest@example.net',
					...(orcpt === undefined ? {} : { orcpt }),
				},
			],
			has8bit: false,
			smtpUtf8: false,
		},
		helo: 'host.test',
		peerAddress: '127.0.0.1',
		peerProved: true,
		xforward: {},
		...facts,
	};
}

export const fromOutside = (ident: string): ForwardedClient => ({
	name: 'mx.outside.test',
	addr: '198.51.100.9',
	port: '40000',
	proto: 'ESMTP',
	helo: 'mx.outside.test',
	ident,
	source: 'REMOTE',
});
