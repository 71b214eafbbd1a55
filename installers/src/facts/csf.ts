/**
 * CSF's settings as far as they concern outgoing mail, and one word of them changed without touching another byte.
 *
 * `csf.conf` holds lines `NAME = "value"`. With SMTP_BLOCK, only root and who is named in SMTP_ALLOWUSER and SMTP_ALLOWGROUP
 * (comma-separated) may connect to SMTP_PORTS of other servers; SMTP_REDIRECT leads the others to the local server instead of refusing
 * them. CSF makes all rules anew at `csf -r`, by itself too, and afterwards runs csfpost.sh, so what others add does not last.
 * Facts from CSF's own documentation and settings file; no code of it is here.
 */
import type { FileFact, Machine } from './machine.ts';

const csfFolder = '/etc/csf';
export const csfConf = `${csfFolder}/csf.conf`;
export const csfProgram = '/usr/sbin/csf';
const csfVersionFile = `${csfFolder}/version.txt`;
const csfDisabledFile = `${csfFolder}/csf.disable`;
/** Run after CSF has made its rules; the first that is there counts. */
const csfPostPlaces = ['/usr/local/csf/bin/csfpost.sh', `${csfFolder}/csfpost.sh`] as const;

export type CsfFacts = {
	readonly conf: FileFact;
	readonly version: string | undefined;
	/** Rules are taken away again after five minutes: it is being tried out. */
	readonly isTesting: boolean;
	readonly isDisabled: boolean;
	readonly blocksSmtp: boolean;
	readonly redirectsSmtp: boolean;
	readonly smtpPorts: readonly number[];
	readonly allowUsers: readonly string[];
	readonly allowGroups: readonly string[];
	/** Port 25 may leave this server at all (TCP_OUT). */
	readonly opensPort25: boolean;
	readonly post: { readonly path: string; readonly current: FileFact | undefined };
};

const smtpPortsDefault = [25, 465, 587] as const;
const smtpPort = 25;

const lineOf = (name: string): RegExp => new RegExp(`^([ \\t]*${name}[ \\t]*=[ \\t]*")([^"\\n]*)(")`, 'm');

/** Undefined: there is no such line. */
export const csfValue = (conf: string, name: string): string | undefined => lineOf(name).exec(conf)?.[2];

const wordsOf = (value: string | undefined): readonly string[] =>
	(value ?? '')
		.split(',')
		.map((word) => word.trim())
		.filter((word) => word !== '');

/** Undefined: there is no such line to add it to. The same text when it is there already. */
export function withCsfWord(conf: string, name: string, word: string): string | undefined {
	const value = csfValue(conf, name);
	if (value === undefined) return undefined;
	if (wordsOf(value).includes(word)) return conf;
	const joined = value.trim() === '' ? word : `${value},${word}`;
	return conf.replace(lineOf(name), (_, head: string, __, tail: string) => `${head}${joined}${tail}`);
}

/** Other words stay as they are written, blanks too. */
export function withoutCsfWord(conf: string, name: string, word: string): string {
	const value = csfValue(conf, name);
	if (value === undefined || !wordsOf(value).includes(word)) return conf;
	const rest = value
		.split(',')
		.filter((part) => part.trim() !== word)
		.join(',');
	return conf.replace(lineOf(name), (_, head: string, __, tail: string) => `${head}${rest}${tail}`);
}

const portsIn = (value: string | undefined): readonly (readonly [number, number])[] =>
	wordsOf(value).map((word) => {
		const [from = Number.NaN, to = from] = word.split(':').map(Number);
		return [from, to];
	});

/** Undefined: CSF is not installed here. */
export async function csfFacts(machine: Machine): Promise<CsfFacts | undefined> {
	const conf = await machine.read(csfConf);
	if (conf === undefined || !(await machine.exists(csfProgram))) return undefined;
	const value = (name: string): string | undefined => csfValue(conf.content, name);
	const [version, isDisabled, own, shared] = await Promise.all([
		machine.read(csfVersionFile),
		machine.exists(csfDisabledFile),
		machine.read(csfPostPlaces[0]),
		machine.read(csfPostPlaces[1]),
	]);
	const ports = portsIn(value('SMTP_PORTS')).map(([port]) => port);
	return {
		conf,
		version: version?.content.trim(),
		isTesting: value('TESTING') === '1',
		isDisabled,
		blocksSmtp: value('SMTP_BLOCK') === '1',
		redirectsSmtp: value('SMTP_REDIRECT') === '1',
		smtpPorts: ports.length > 0 ? ports : smtpPortsDefault,
		allowUsers: wordsOf(value('SMTP_ALLOWUSER')),
		allowGroups: wordsOf(value('SMTP_ALLOWGROUP')),
		opensPort25:
			value('TCP_OUT') === undefined ||
			portsIn(value('TCP_OUT')).some(([from, to]) => smtpPort >= from && smtpPort <= to),
		post: own === undefined ? { path: csfPostPlaces[1], current: shared } : { path: own.path, current: own },
	};
}
