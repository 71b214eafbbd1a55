/**
 * CpanelApi: the questions we ask of cPanel, as a port; and the real one, which runs `whmapi1` and `uapi` on this server.
 *
 * As root these need no token, so none is kept anywhere. Each call is one process of cPanel's Perl (some 0.3 to 1 s): who asks counts them
 * (`calls`). A row that cannot be read is left out and counted, so that one odd account does not hide the others; who pushes a list must
 * look at that count. Not here: what the answers come to (accounts/), which acts are allowed (the root helper).
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { z } from 'zod';
import { garbage, openUapi, openWhm } from './envelope.ts';
import { looseList, textOf } from './loose.ts';
import type { ApiFailure, Asked } from './outcome.ts';
import { type RunProgram, runProgram } from './run-program.ts';
import {
	accountShape,
	type CpanelAccount,
	type CpanelDomain,
	type CpanelPackage,
	domainShape,
	mailboxShape,
	packageShape,
} from './shapes.ts';

export type Rows<T> = {
	readonly rows: readonly T[];
	/** Rows that could not be read. */
	readonly unreadable: number;
};

/** Acts on outgoing mail, of an account or of one mailbox. */
export type OutgoingAct = 'hold' | 'release' | 'suspend' | 'unsuspend';

export type CpanelApi = {
	accounts(): Asked<Rows<CpanelAccount>>;
	/** One account; undefined: cPanel says that there is none. */
	account(user: string): Asked<CpanelAccount | undefined>;
	/** Of all accounts, or of one. */
	domains(user?: string): Asked<Rows<CpanelDomain>>;
	packages(): Asked<Rows<CpanelPackage>>;
	/** Addresses in lower case, without the account's own. */
	mailboxes(user: string): Asked<readonly string[]>;
	outgoing(act: OutgoingAct, user: string, mailbox?: string): Asked<void>;
	/** Writes one Tweak Setting. */
	tweak(key: string, value: string): Asked<void>;
	/** How many processes have been started. */
	calls(): number;
};

export type CpanelPrograms = {
	readonly whmapi1?: string;
	readonly uapi?: string;
	readonly run?: RunProgram;
	readonly timeoutMs?: number;
};

const timeoutMsDefault = 60_000;
const programFolder = '/usr/local/cpanel/bin';

/** The command line decodes percent signs (and a plus, by some accounts); everything else of an address stays legible. */
const encoded = (value: string): string => encodeURIComponent(value).replace(/%40/g, '@').replace(/%2C/g, ',');

type Words = { readonly [name: string]: string };
const wordsOf = (arguments_: Words): string[] =>
	Object.entries(arguments_).map(([name, value]) => `${name}=${encoded(value)}`);

export function systemCpanelApi({
	whmapi1 = `${programFolder}/whmapi1`,
	uapi = `${programFolder}/uapi`,
	run = runProgram,
	timeoutMs = timeoutMsDefault,
}: CpanelPrograms = {}): CpanelApi {
	let calls = 0;
	const whm = async (name: string, arguments_: Words = {}) => {
		calls += 1;
		const said = await run({ path: whmapi1, words: ['--output=json', name, ...wordsOf(arguments_)], timeoutMs });
		return said.ok ? openWhm(said.value, name) : named(said, name);
	};
	const user = async (name: string, [module, act]: readonly [string, string], arguments_: Words = {}) => {
		calls += 1;
		const words = ['--output=json', `--user=${name}`, module, act, ...wordsOf(arguments_)];
		const said = await run({ path: uapi, words, timeoutMs });
		return said.ok ? openUapi(said.value, `${module}::${act}`) : named(said, `${module}::${act}`);
	};

	return {
		async accounts() {
			const data = await whm('listaccts');
			return data.ok ? rowsOf(data.value, 'acct', accountShape, 'listaccts') : data;
		},
		async account(name) {
			const data = await whm('accountsummary', { user: name });
			if (!data.ok) return isNoAccount(data.error) ? ok(undefined) : data;
			const rows = rowsOf(data.value, 'acct', accountShape, 'accountsummary');
			if (!rows.ok) return rows;
			const found = rows.value.rows.find((row) => row.user === name);
			return found === undefined && rows.value.unreadable > 0
				? failed(garbage('accountsummary', 'the account has no readable name'))
				: ok(found);
		},
		async domains(name) {
			const filter = { 'api.filter.enable': '1', 'api.filter.a.field': 'user', 'api.filter.a.type': 'eq' };
			const data = await whm('get_domain_info', name === undefined ? {} : { ...filter, 'api.filter.a.arg0': name });
			const rows = data.ok ? rowsOf(data.value, 'domains', domainShape, 'get_domain_info') : data;
			if (!rows.ok || name === undefined) return rows;
			// A server that does not know the filter gives all.
			return ok({ ...rows.value, rows: rows.value.rows.filter((row) => row.user === name) });
		},
		async packages() {
			const data = await whm('listpkgs', { want: 'all' });
			return data.ok ? rowsOf(data.value, 'pkg', packageShape, 'listpkgs') : data;
		},
		async mailboxes(name) {
			const data = await user(name, ['Email', 'list_pops'], { skip_main: '1' });
			if (!data.ok) return data;
			if (data.value === undefined) return failed(garbage('Email::list_pops', 'no data'));
			const emails = looseList.parse(data.value).map((row) => mailboxShape.safeParse(row).data ?? '');
			return ok(emails.filter((email) => /^[^\s@]+@[^\s@]+$/.test(email)));
		},
		async outgoing(act, name, mailbox) {
			const done =
				mailbox === undefined
					? await whm(`${act}_outgoing_email`, { user: name })
					: await user(name, ['Email', `${act}_outgoing`], { email: mailbox });
			return done.ok ? ok(undefined) : done;
		},
		async tweak(key, value) {
			const done = await whm('set_tweaksetting', { key, value });
			return done.ok ? ok(undefined) : done;
		},
		calls: () => calls,
	};
}

const named = (said: { readonly ok: false; readonly error: ApiFailure }, name: string) =>
	failed({ ...said.error, text: `${name}: ${said.error.text}` });

/** The only refusal that is an answer: anything else must never be taken for an account that is gone. */
const isNoAccount = ({ kind, text }: ApiFailure): boolean =>
	kind === 'refused' && /(?:does not exist|do(?:es)? not have (?:a|an) account|no such (?:user|account))/i.test(text);

function rowsOf<S extends z.ZodType>(
	data: { readonly [name: string]: unknown },
	key: string,
	shape: S,
	name: string,
): Result<Rows<z.output<S>>, ApiFailure> {
	const listed = data[key];
	if (listed === undefined || listed === null || textOf(listed) !== undefined)
		return failed(garbage(name, `no data.${key}`));
	const read = looseList.parse(listed).map((row) => shape.safeParse(row));
	const rows = read.flatMap((row) => (row.success ? [row.data] : []));
	return ok({ rows, unreadable: read.length - rows.length });
}
