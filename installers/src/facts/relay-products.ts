/**
 * Other products on this server that lead outgoing mail somewhere, or look at it: relays in Exim's and Postfix' configuration by name, filters, a
 * second MTA, parts of Sluice that were set up by hand.
 *
 * What stands in the way of wiring is refused there, with the same words (plan/exim-refusals.ts, cpanel-findings.ts); here it is named before anything
 * begins. Exim's relays are read by shared/mta/exim-relays.ts. Only looks.
 */
import { relaysIn } from '@sluice/shared/mta/exim-relays.ts';
import { type Finding, watch } from '../doctor/finding.ts';
import { agentUnit } from '../units/names.ts';
import { cpanelBuilt, isCpanel } from './cpanel.ts';
import { eximProgram } from './exim.ts';
import type { Machine } from './machine.ts';
import { unitFolder } from './places.ts';

/** Host names of relays, by who runs them. */
const relayHosts: readonly (readonly [suffix: RegExp, product: string])[] = [
	[/mailchannels\.net$/, 'MailChannels'],
	[/mailbaby\.net$/, 'MailBaby'],
	[/(?:spamexperts\.(?:com|net|eu)|antispamcloud\.com)$/, 'SpamExperts'],
	[/mailtrap\.io$/, 'Mailtrap'],
	[/sendgrid\.net$/, 'SendGrid'],
	[/mailgun\.org$/, 'Mailgun'],
	[/smtp2go\.com$/, 'SMTP2GO'],
	[/amazonaws\.com$/, 'Amazon SES'],
	[/postmarkapp\.com$/, 'Postmark'],
	[/mailjet\.com$/, 'Mailjet'],
	[/sparkpostmail\.com$/, 'SparkPost'],
	[/(?:brevo|sendinblue)\.com$/, 'Brevo'],
	[/socketlabs\.com$/, 'SocketLabs'],
	[/elasticemail\.com$/, 'Elastic Email'],
];

export const productOf = (host: string): string | undefined =>
	relayHosts.find(([suffix]) => suffix.test(host.toLowerCase().replace(/\.$/, '')))?.[1];

/** Programs of products that change the mail server's configuration by themselves. */
const productFiles: readonly (readonly [path: string, product: string])[] = [
	['/usr/local/prospamfilter', 'SpamExperts'],
	['/etc/mailscanner', 'MailScanner'],
	['/usr/mailscanner', 'MailScanner (ConfigServer)'],
	['/etc/msfe-ng', 'MailScanner front end'],
	['/etc/mxsentinel', 'MX Sentinel'],
];

export async function relayFindings(machine: Machine): Promise<readonly Finding[]> {
	const found = await Promise.all([
		eximRelays(machine),
		postfixRelays(machine),
		products(machine),
		secondMta(machine),
		setUpByHand(machine),
	]);
	return found.flat();
}

async function eximRelays(machine: Machine): Promise<readonly Finding[]> {
	const config = (await isCpanel(machine))
		? ((await machine.read(cpanelBuilt))?.content ?? '')
		: (await machine.exists(eximProgram))
			? (await machine.run([eximProgram, '-bP', 'config'])).output
			: '';
	return relaysIn(config).map(({ router, route, hosts }) => {
		const product = hosts.map(productOf).find((name) => name !== undefined);
		return watch(
			'server.other-relay',
			`Exim leads all remote mail to ${product === undefined ? 'another relay' : product} (router ${router}: ${hosts.length > 0 ? hosts.join(', ') : route}).`,
			'cPanel: `--adopt-upstream` makes it the upstream of the agent. Elsewhere: delivery.smarthost of the agent, then `sluice mta wire --over-smarthost`.',
		);
	});
}

/** Parameters of Postfix that lead mail elsewhere, or give it to others, and what that means here. */
const postfixParameters: { readonly [name: string]: string } = {
	relayhost: 'leads all remote mail to another relay',
	transport_maps: 'leads mail of some domains another way, past the agent',
	sender_dependent_relayhost_maps: 'leads mail of some senders another way, past the agent',
	sender_dependent_default_transport_maps: 'chooses a transport by sender; those that name a relay go past the agent',
	smtp_fallback_relay: 'leads mail that cannot be delivered to another relay',
	content_filter: 'gives all mail to a filter: the login is believed only where the log confirms it',
	smtpd_milters: 'gives mail to filters',
	non_smtpd_milters: 'gives mail of local programs to filters',
};
const milters: readonly string[] = ['smtpd_milters', 'non_smtpd_milters'];

async function postfixRelays(machine: Machine): Promise<readonly Finding[]> {
	if (!(await machine.exists('/usr/sbin/postconf'))) return [];
	const { exitCode, output } = await machine.run(['postconf', '-n']);
	if (exitCode !== 0) return [];
	return output.split('\n').flatMap((line) => {
		const [, name = '', value = ''] = /^(\w+) = (.+)$/.exec(line.trim()) ?? [];
		const meaning = postfixParameters[name];
		if (meaning === undefined || value === '' || /^\[127\.0\.0\.1\]:\d+$/.test(value)) return [];
		const product = productOf(/([a-z0-9-]+\.[a-z0-9.-]+)/i.exec(value)?.[1] ?? '');
		const mend =
			name === 'relayhost'
				? 'Set it as delivery.smarthost of the agent, then `sluice mta wire --over-smarthost`.'
				: milters.includes(name)
					? 'Nothing to do where they only sign or check.'
					: 'docs/wiring.md, section Postfix, tells what it means.';
		return [
			watch(
				'server.other-relay',
				`Postfix: ${name} ${meaning}${product === undefined ? '' : ` (${product})`}: ${value}.`,
				mend,
			),
		];
	});
}

async function products(machine: Machine): Promise<readonly Finding[]> {
	const found = await Promise.all(
		productFiles.map(async ([path, product]) => ((await machine.exists(path)) ? [{ path, product }] : [])),
	);
	return found
		.flat()
		.map(({ path, product }) =>
			watch(
				'server.product',
				`${product} is installed (${path}) and may change the configuration of the mail server by itself.`,
				'`sluice mta status` after each of its updates; the watch puts the wiring right where it may.',
			),
		);
}

const mtaPrograms: { readonly [name: string]: readonly string[] } = {
	Exim: [eximProgram, '/usr/sbin/exim'],
	Postfix: ['/usr/sbin/postconf'],
	qmail: ['/var/qmail/bin/qmail-send'],
	Sendmail: ['/usr/lib/sm.bin/sendmail', '/usr/sbin/sendmail.sendmail'],
};

async function secondMta(machine: Machine): Promise<readonly Finding[]> {
	const there = await Promise.all(
		Object.entries(mtaPrograms).map(async ([name, paths]) =>
			(await Promise.all(paths.map((path) => machine.exists(path)))).includes(true) ? [name] : [],
		),
	);
	const names = there.flat();
	if (names.length < 2) return [];
	return [
		watch(
			'server.second-mta',
			`More than one mail server is installed: ${names.join(', ')}. Only one is led through the agent.`,
			'Make sure that the other sends nothing, or remove it.',
		),
	];
}

/** As docs/cpanel.md told before there was an installer: units that somebody copied. */
async function setUpByHand(machine: Machine): Promise<readonly Finding[]> {
	const path = `${unitFolder}/${agentUnit}`;
	const unit = await machine.read(path);
	if (unit === undefined || unit.content.startsWith('# Written by sluice')) return [];
	return [
		watch(
			'server.by-hand',
			`Sluice was set up here by hand: ${path} is not the installer's.`,
			'The installer puts its own in its place and keeps the old one for `sluice uninstall`.',
		),
	];
}
