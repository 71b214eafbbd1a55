/** What a plain Exim has and says, in memory. */
import type { EximFacts } from './exim.ts';
import type { FileFact } from './machine.ts';

export const eximTemplate = '/etc/exim4/exim4.conf.template';
/** The least that can be wired. */
export const eximText = `domainlist local_domains = @
begin acl
begin routers
dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
begin transports
remote_smtp:
  driver = smtp
begin retry
`;

/** A single configuration: this file. */
export const eximFactsOf = (source: FileFact, rest: Partial<EximFacts> = {}): EximFacts => ({
	kind: 'exim',
	version: '4.96',
	hostName: 'host.test',
	user: { name: 'Debian-exim', uid: 104 },
	layout: 'single',
	configPath: source.path,
	effective: source.content,
	sources: [source],
	isBypassed: false,
	hasSecret: false,
	...rest,
});
