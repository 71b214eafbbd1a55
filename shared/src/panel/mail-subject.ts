/**
 * What an act on mail is about, as the agent has it now: one message, or a group of messages that stand open for the same reason.
 */
import type { Client, ClientFailure } from '../client/client.ts';
import type { OperationInput } from '../contract/operations.ts';
import type { OpenGroupDto } from '../contract/view-operations.ts';
import { ok, type Result } from '../words/result.ts';
import { mayFor, wordsOf } from './answer.ts';
import { type Desk, type Exchange, fieldsOf } from './done.ts';
import { textOf } from './model/given.ts';
import { groupActs, groupFields, type MailAct, messageActs, recipientsFor } from './model/mail-act.ts';
import type { Asking } from './model/mail-question.ts';
import type { May } from './model/may.ts';
import { groupName } from './model/open.ts';

type Selector = OperationInput<'act'>['body']['selector'];

/** What an act is about, as it stands now. */
export type Subject = {
	readonly selector: Selector;
	readonly where?: { readonly state: 'held' | 'waiting'; readonly rule: string; readonly text: string };
	readonly what: string;
	readonly total: number;
	readonly isOffered: boolean;
	/** Of the form, below the base. */
	readonly path: string;
	readonly backPath: string;
	readonly fields: Asking['fields'];
};

/** Groups of one account; more than an account has reasons. */
const groupsMax = 50;

/** What of an account stands open, for those whose rights depend on it; empty where that cannot be known. */
export async function readGroups(client: Client, account: string, may: May): Promise<readonly OpenGroupDto[]> {
	if (may.releaseNow || (may.release === 'none' && may.discard !== 'owner')) return [];
	const answer = await client.call('listOpen', { query: { state: 'held', account, limit: groupsMax } });
	return answer.ok ? answer.value.items : [];
}

export async function messageSubject(
	desk: Desk,
	{ request }: Exchange,
	act: MailAct,
): Promise<Result<Subject, ClientFailure>> {
	const { pages, clientOf } = desk;
	const client = clientOf(request);
	const words = wordsOf(pages);
	const may = await mayFor(pages, request);
	const id = String(request.params.id);
	const trace = await client.call('traceMessage', { params: { id } });
	if (!trace.ok) return trace;
	const { message } = trace.value;
	const groups = await readGroups(client, message.account, may);
	return ok({
		selector: { kind: 'message', id },
		what: message.subject === '' ? words.t.noSubject : message.subject,
		total: recipientsFor(act, message, may, words.nowMs),
		isOffered: messageActs(trace.value, groups, may, words).some((one) => one.act === act),
		path: `/messages/${id}/${act}`,
		backPath: `/messages/${id}`,
		fields: [],
	});
}

const backPaths = { open: '/open', home: '/' } as const;

/** Which group is meant: by what its link or form says, as the agent has it now. */
export async function groupSubject(
	desk: Desk,
	{ request }: Exchange,
	act: MailAct,
): Promise<Result<Subject, ClientFailure>> {
	const { pages, clientOf } = desk;
	const given = request.method === 'POST' ? fieldsOf(request) : request.query;
	const words = wordsOf(pages);
	const may = await mayFor(pages, request);
	const state = given.state === 'waiting' ? 'waiting' : 'held';
	const account = textOf(given.account).slice(0, 128);
	const cause = textOf(given.cause);
	const back = given.back === 'home' ? 'home' : 'open';
	const answer = await clientOf(request).call('listOpen', { query: { state, account, limit: groupsMax } });
	if (!answer.ok) return answer;
	const group = answer.value.items.find((one) => one.account === account && groupFields(one).cause === cause);
	const fields = Object.entries({ account, state, cause, back });
	return ok({
		selector: { kind: 'account', id: account },
		...(group === undefined ? {} : { where: { state, rule: group.rule, text: group.text } }),
		what: group === undefined ? account : groupName(group, may, words),
		total: group?.recipients ?? 0,
		isOffered: group !== undefined && groupActs(group, back, may, words).some((one) => one.act === act),
		path: `/mail/${act}`,
		backPath: backPaths[back],
		fields: fields.map(([name, value]) => ({ name, value })),
	});
}
