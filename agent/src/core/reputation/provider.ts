/**
 * Who runs the servers that mail is handed to, by the name of the host that was reached.
 *
 * The address's domain says little: half of all companies have their mail at Google or Microsoft. The MX host's name is set by whoever
 * receives, and says who that is: known providers by the domains their hosts are named in, everybody else by the registrable domain of
 * the host. A smarthost is a host like any other. Where there is no domain (an address, `localhost`) the name stands for itself.
 *
 * Pure. Not here: what a provider's answers mean (core/delivery), and that only so many names are counted (io/store/stats-answers.ts).
 */
import { getDomain } from 'tldts';

/** Domains in which the hosts of a provider have their names, and what it is called. Its own domains, its older ones, its brands. */
const known: readonly (readonly [provider: string, ...domains: readonly string[]])[] = [
	['Google', 'google.com', 'googlemail.com', 'gmail.com', 'psmtp.com'],
	['Microsoft', 'outlook.com', 'hotmail.com', 'office365.us', 'outlook.cn', 'microsoft.com', 'mx.microsoft'],
	['Yahoo and AOL', 'yahoodns.net', 'yahoo.com', 'aol.com', 'yahoo.net'],
	['Apple iCloud', 'icloud.com', 'apple.com', 'me.com', 'mac.com'],
	['GMX, WEB.DE and mail.com', 'gmx.net', 'gmx.de', 'gmx.com', 'web.de', 'mail.com'],
	['IONOS', 'kundenserver.de', 'ionos.com', 'ionos.de', 'ionos.co.uk', 'ionos.fr', 'ionos.es', '1and1.com', '1und1.de'],
	['Telekom', 't-online.de', 'telekom.de', 'telekom.com'],
	['freenet', 'freenet.de', 'mobilcom.de'],
	['Vodafone', 'vodafonemail.de', 'vodafone.de', 'arcor.de'],
	['Strato', 'strato.de', 'rzone.de', 'strato.com'],
	['Orange', 'orange.fr', 'wanadoo.fr', 'orange.com'],
	['SFR', 'sfr.fr', 'neuf.fr'],
	['Free', 'free.fr', 'proxad.net'],
	['La Poste', 'laposte.net'],
	['Libero', 'libero.it', 'iol.it', 'italiaonline.it'],
	['Aruba', 'aruba.it', 'arubabusiness.it', 'technorail.com'],
	['Seznam', 'seznam.cz'],
	['Onet', 'onet.pl', 'poczta.onet.pl', 'op.pl'],
	['Wirtualna Polska', 'wp.pl', 'o2.pl'],
	['Interia', 'interia.pl'],
	['Mail.ru', 'mail.ru'],
	['Yandex', 'yandex.ru', 'yandex.net', 'yandex.com'],
	['Zoho', 'zoho.com', 'zoho.eu', 'zoho.in', 'zohomail.com'],
	['Proton', 'protonmail.ch', 'proton.me', 'protonmail.com'],
	['Fastmail', 'messagingengine.com', 'fastmail.com'],
	['Comcast', 'comcast.net'],
	['Charter', 'charter.net', 'charter.com'],
	['Cox', 'cox.net'],
	['BT', 'btinternet.com', 'bt.com'],
	['OVHcloud', 'ovh.net', 'ovh.com'],
	['Gandi', 'gandi.net'],
	['Infomaniak', 'infomaniak.ch', 'infomaniak.com'],
	['Hetzner', 'your-server.de', 'hetzner.com'],
	['GoDaddy', 'secureserver.net', 'godaddy.com'],
	['Namecheap', 'registrar-servers.com', 'privateemail.com'],
	['Amazon', 'amazonaws.com', 'awsapps.com', 'amazon.com'],
	['Rackspace', 'emailsrvr.com', 'rackspace.com'],
	['Tencent', 'qq.com'],
	['NetEase', '163.com', '126.com', 'netease.com'],
	['Naver', 'naver.com'],
	['Proofpoint', 'pphosted.com', 'ppe-hosted.com', 'ppops.net', 'proofpoint.com'],
	['Mimecast', 'mimecast.com', 'mimecast.co.za', 'mimecast-offshore.com'],
	['Barracuda', 'barracudanetworks.com', 'cudamail.com', 'ess.barracudanetworks.com'],
	['Cisco', 'iphmx.com', 'cisco.com'],
	['Trend Micro', 'trendmicro.com', 'trendmicro.eu'],
	['Hornetsecurity', 'hornetsecurity.com', 'antispameurope.com', 'expurgate.net', 'hornetsecurity.cloud'],
	['Retarus', 'retarus.com', 'retarus.de'],
	['NoSpamProxy', 'nospamproxy.com', 'cloud.nospamproxy.com'],
	['Sophos', 'sophos.com', 'reflexion.net'],
	['SpamExperts', 'antispamcloud.com', 'spamexperts.com', 'spamexperts.eu'],
	['MailChannels', 'mailchannels.net'],
	['Mailgun', 'mailgun.org', 'mailgun.net'],
	['SendGrid', 'sendgrid.net'],
	['Cloudflare', 'cloudflare.net', 'cloudflare.com'],
];

const byDomain: ReadonlyMap<string, string> = new Map(
	known.flatMap(([provider, ...domains]) => domains.map((domain) => [domain, provider] as const)),
);
const names: ReadonlySet<string> = new Set(known.map(([provider]) => provider));

/** One of those that are known by name, of which there are few. */
export const isKnownProvider = (provider: string): boolean => names.has(provider);

/**
 * The provider of a host as a step of the log names it: `mx1.example.net [203.0.113.5]`, or a name alone. Never longer than a domain
 * may be.
 */
export function providerOf(host: string): string {
	const space = host.indexOf(' ');
	const name = (space < 0 ? host : host.slice(0, space)).toLowerCase().replace(/\.$/, '').slice(0, hostCharsMax);
	// Below what is registered too: `mx.microsoft` is a name in a brand's own top level domain.
	for (let at = 0; at >= 0 && at < name.length; at = nextLabel(name, at)) {
		const provider = byDomain.get(name.slice(at));
		if (provider !== undefined) return provider;
	}
	return getDomain(name) ?? name;
}

/** RFC 1035 §2.3.4. */
const hostCharsMax = 255;

/** Where the next label begins; -1: none. */
function nextLabel(name: string, at: number): number {
	const dot = name.indexOf('.', at);
	return dot < 0 ? -1 : dot + 1;
}
