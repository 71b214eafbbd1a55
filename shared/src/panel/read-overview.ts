/**
 * Asking the agent for the overview: everything at once, each answer bounded. One that fails costs its card and no more.
 */
import type { Client, ClientFailure } from '../client/client.ts';
import type { Actor } from '../contract/actor.ts';
import type { LearnedDto } from '../contract/learned-operations.ts';
import type { LimitsView } from '../contract/limit-shapes.ts';
import type { OperationOutput } from '../contract/operations.ts';
import type { HealthDto } from '../contract/shapes.ts';
import type { SelfDto, VolumeDto, VolumeSpan } from '../contract/view-operations.ts';
import { unattributedAccount } from '../words/limits.ts';
import type { Result } from '../words/result.ts';
import { isBeginning } from './model/beginning.ts';
import type { SetBook } from './model/parents.ts';
import { readBook } from './read.ts';

/** Groups of open mail that are looked at; the largest come first. */
const groupsMax = 50;
/** Accounts that are looked at for limits that are near, and as top senders. */
const nearMax = 50;
const topRead = 50;
export const topShown = 8;
const learnedShown = 5;

type Answer<T> = Result<T, ClientFailure>;

export type OverviewFacts = {
	readonly held: Answer<OperationOutput<'listOpen'>>;
	readonly waiting: Answer<OperationOutput<'listOpen'>>;
	readonly near: Answer<OperationOutput<'listAccounts'>>;
	readonly top: Answer<OperationOutput<'listAccounts'>>;
	readonly volume: Answer<VolumeDto>;
	/** Of the last 60 minutes. */
	readonly hour: Answer<VolumeDto>;
	readonly states: Answer<OperationOutput<'queue'>>;
	readonly ages: Answer<OperationOutput<'queue'>>;
	readonly book: SetBook;
	/** Absent: not the actor's to see. */
	readonly providers?: Answer<OperationOutput<'providers'>>;
	readonly health?: Answer<HealthDto>;
	readonly unknown?: Answer<OperationOutput<'getUsage'>>;
	/** Absent: the agent's own counts say more. */
	readonly learned?: Answer<LearnedDto>;
	readonly pool?: { readonly usage: Answer<OperationOutput<'getUsage'>>; readonly view: Answer<LimitsView> };
};

export type OverviewQuestion = {
	readonly actor: Actor;
	readonly self: SelfDto | undefined;
	readonly span: VolumeSpan;
	readonly nowMs: number;
};

export async function readOverview(
	client: Client,
	{ actor, self, span, nowMs }: OverviewQuestion,
): Promise<OverviewFacts> {
	const isAdmin = actor.role === 'admin';
	const offers = (one: SelfDto['offers'][number]): boolean => self?.offers.includes(one) === true;
	const volume = client.call('volume', { query: { span } });
	const pool = { level: 'resellers', id: actor.id } as const;
	const learned = volume.then((answer) =>
		answer.ok && isBeginning(answer.value, nowMs)
			? client.call('getLearned', { query: { limit: learnedShown } })
			: undefined,
	);
	const [
		held,
		waiting,
		near,
		top,
		spanVolume,
		hour,
		states,
		ages,
		book,
		providers,
		health,
		unknown,
		usage,
		view,
		told,
	] = await Promise.all([
		client.call('listOpen', { query: { state: 'held', limit: groupsMax } }),
		client.call('listOpen', { query: { state: 'waiting', limit: groupsMax } }),
		client.call('listAccounts', { query: { near: 'true', sort: 'usage', limit: nearMax } }),
		client.call('listAccounts', { query: { sort: 'usage', limit: topRead } }),
		volume,
		span === 'hour' ? volume : client.call('volume', { query: { span: 'hour' } }),
		client.call('queue', { query: { by: 'state' } }),
		client.call('queue', { query: { by: 'age' } }),
		readBook(client),
		isAdmin && offers('providers') ? client.call('providers', { query: { span } }) : undefined,
		isAdmin && offers('health') ? client.call('health') : undefined,
		isAdmin ? client.call('getUsage', { params: { level: 'accounts', id: unattributedAccount } }) : undefined,
		isAdmin ? undefined : client.call('getUsage', { params: pool }),
		isAdmin ? undefined : client.call('getLimits', { params: pool }),
		learned,
	]);
	return {
		held,
		waiting,
		near,
		top,
		volume: spanVolume,
		hour,
		states,
		ages,
		book,
		...(providers === undefined ? {} : { providers }),
		...(health === undefined ? {} : { health }),
		...(unknown === undefined ? {} : { unknown }),
		...(told === undefined ? {} : { learned: told }),
		...(usage === undefined || view === undefined ? {} : { pool: { usage, view } }),
	};
}
