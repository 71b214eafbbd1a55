/**
 * A zone as a table, and what a name server would say from it. Pure; dns.ts puts it on the wire.
 *
 * The table's keys are lower-case names. `*.test` stands for every name below `test` that has no entry of its own
 * (unlike RFC 4592 an entry below does not hide it); the longest wildcard wins. Names with a label that begins with `_`
 * (`_dmarc`, `_25._tcp`, `k1._domainkey`) are never made up by a wildcard. An empty list is a name without data.
 */
export type ZoneRecord =
	| { readonly type: 'A' | 'AAAA'; readonly address: string }
	| { readonly type: 'MX'; readonly preference: number; readonly exchange: string }
	/** Text of one string, or the strings it is cut into. */
	| { readonly type: 'TXT'; readonly text: string | readonly string[] }
	| { readonly type: 'CNAME' | 'PTR' | 'NS'; readonly target: string }
	| {
			readonly type: 'TLSA';
			readonly usage: number;
			readonly selector: number;
			readonly matchingType: number;
			readonly certificate: Buffer;
	  };

/** `timeout`: no answer ever. */
export type ZoneFault = 'nxdomain' | 'servfail' | 'refused' | 'timeout';

export type ZoneEntry =
	| readonly ZoneRecord[]
	| ZoneFault
	/** `truncatesUdp`: says over UDP only that TCP must be asked. */
	| { readonly records: readonly ZoneRecord[]; readonly truncatesUdp?: boolean; readonly delayMs?: number };

export type Zone = { readonly [name: string]: ZoneEntry };

export type ZoneAnswer = {
	readonly kind: 'noerror' | ZoneFault;
	/** Records with their owner; a CNAME and what it leads to stand in order. */
	readonly answers: readonly { readonly owner: string; readonly record: ZoneRecord }[];
	readonly truncatesUdp: boolean;
	readonly delayMs: number;
};

const CNAMES_MAX = 8;

/** The entry for a name: its own, else of the longest wildcard above it. */
function entryOf(zone: ReadonlyMap<string, ZoneEntry>, name: string): ZoneEntry {
	const own = zone.get(name);
	if (own !== undefined) return own;
	const labels = name.split('.');
	if (labels.some((label) => label.startsWith('_'))) return 'nxdomain';
	for (let at = 1; at < labels.length; at++) {
		const wild = zone.get(`*.${labels.slice(at).join('.')}`);
		if (wild !== undefined) return wild;
	}
	return 'nxdomain';
}

/** What the zone says to a question of that record type; names in any case, without the last dot. */
export function answerFrom(zone: ReadonlyMap<string, ZoneEntry>, name: string, type: string): ZoneAnswer {
	const answers: { owner: string; record: ZoneRecord }[] = [];
	let truncatesUdp = false;
	let delayMs = 0;
	let owner = name;
	for (let hops = 0; hops <= CNAMES_MAX; hops++) {
		const entry = entryOf(zone, owner.toLowerCase());
		if (typeof entry === 'string') return { kind: entry, answers, truncatesUdp, delayMs };
		const { records, ...behaviour } = 'records' in entry ? entry : { records: entry };
		truncatesUdp ||= behaviour.truncatesUdp ?? false;
		delayMs += behaviour.delayMs ?? 0;
		for (const record of records) if (record.type === type) answers.push({ owner, record });
		const alias = records.find((record) => record.type === 'CNAME');
		if (alias === undefined || alias.type !== 'CNAME' || type === 'CNAME') {
			return { kind: 'noerror', answers, truncatesUdp, delayMs };
		}
		answers.push({ owner, record: alias });
		owner = alias.target;
	}
	return { kind: 'servfail', answers: [], truncatesUdp, delayMs };
}
