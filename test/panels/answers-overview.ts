/**
 * Made-up answers for the overview, health and audit: counts over time, providers, open mail by cause, health, acts.
 */
import type { LearnedDto } from '@sluice/shared/contract/learned-operations.ts';
import type { UsageDto } from '@sluice/shared/contract/limit-shapes.ts';
import type { OperationHandlers } from '@sluice/shared/contract/operations.ts';
import type { AuditEntryDto } from '@sluice/shared/contract/shapes.ts';
import {
	type ProviderDto,
	type VolumeDto,
	type VolumeRowDto,
	type VolumeSpan,
	volumeCounts,
} from '@sluice/shared/contract/view-operations.ts';
import { failed, ok } from '@sluice/shared/words/result.ts';
import type { World } from './agent-world.ts';

const steps: { readonly [S in VolumeSpan]: { readonly stepSeconds: number; readonly total: number } } = {
	hour: { stepSeconds: 300, total: 12 },
	day: { stepSeconds: 3600, total: 24 },
	week: { stepSeconds: 14_400, total: 42 },
	month: { stepSeconds: 86_400, total: 30 },
};

type Totals = VolumeDto['total'];
const none = Object.fromEntries(volumeCounts.map((name) => [name, 0])) as unknown as Totals;
const sum = (rows: readonly Totals[]): Totals =>
	rows.reduce(
		(all, row) => Object.fromEntries(volumeCounts.map((name) => [name, all[name] + row[name]])) as unknown as Totals,
		none,
	);

/** Much by day, little by night; always the same. */
function rowAt(ms: number, hours: number, scale: number): VolumeRowDto {
	const hour = new Date(ms).getUTCHours();
	const day = Math.max(0.1, Math.sin(((hour - 4) / 24) * 2 * Math.PI) + 0.9);
	const accepted = Math.round(700 * day * hours * scale);
	const isBusy = hour === 6;
	return {
		at: new Date(ms).toISOString(),
		accepted,
		charged: accepted,
		waited: isBusy ? Math.round(228 * scale) : 0,
		held: isBusy ? Math.round(189 * scale) : Math.round(2 * hours * scale),
		refused: 0,
		delivered: Math.round(accepted * 0.96),
		deferred: Math.round(accepted * 0.05),
		bounced: Math.round(accepted * 0.02),
		expired: 0,
		discarded: 0,
	};
}

export function volumeOf(
	span: VolumeSpan,
	nowMs: number,
	{ scale = 1, sinceMs = nowMs - 90 * 86_400_000 } = {},
): VolumeDto {
	const { stepSeconds, total } = steps[span];
	const stepMs = stepSeconds * 1000;
	const to = Math.ceil(nowMs / stepMs) * stepMs;
	const from = to - total * stepMs;
	const rowsFrom = (begin: number) =>
		Array.from({ length: total }, (_, index) => {
			const row = rowAt(begin + index * stepMs, stepSeconds / 3600, scale);
			return begin + (index + 1) * stepMs > sinceMs ? row : { ...row, ...none };
		});
	const items = rowsFrom(from);
	return {
		from: new Date(from).toISOString(),
		to: new Date(to).toISOString(),
		stepSeconds,
		items,
		total: sum(items),
		...(from - total * stepMs < sinceMs ? {} : { before: sum(rowsFrom(from - total * stepMs)) }),
		since: new Date(sinceMs).toISOString(),
	};
}

const provider = (name: string, tried: number, share: number, more: Partial<ProviderDto> = {}): ProviderDto => {
	const delivered = Math.round(tried * share);
	const deferred = Math.round((tried - delivered) * 0.8);
	return {
		provider: name,
		tried,
		delivered,
		deferred,
		bounced: tried - delivered - deferred,
		causes: tried === delivered ? [] : [{ cause: 'greylisted', recipients: deferred }],
		...more,
	};
};

const providers: readonly ProviderDto[] = [
	provider('Google', 7999, 0.983),
	provider('Microsoft', 3428, 0.869, {
		causes: [{ cause: 'reputation', recipients: 286 }],
		reply: '550 5.7.1 Unfortunately, messages from [203.0.113.18] weren’t sent. <b>S3150</b>',
	}),
	provider('GMX', 2975, 0.985),
	provider('Apple', 750, 1),
	provider('posteo.de', 28, 0.96),
];

const minuteMs = 60_000;

/** What the tests may change while the pages are looked at. */
export type OverviewWorld = {
	sinceMs?: number;
	problems: { code: string; text: string; hint: string; since: string }[];
	audit: AuditEntryDto[];
	/** What the mail log told, an item for each account. */
	learned?: LearnedDto;
	/** Of nobody we can name. */
	unattributed: UsageDto;
};

export const nobody = (used: number): UsageDto => ({
	rule: 'day.recipients',
	window: 'day',
	unit: 'recipients',
	used,
	waiting: 0,
});
const worlds = new WeakMap<World, OverviewWorld>();
export function overviewWorldOf(world: World): OverviewWorld {
	const known = worlds.get(world) ?? { problems: [], audit: [], unattributed: nobody(0) };
	worlds.set(world, known);
	return known;
}

export function overviewHandlers(world: World) {
	const mine = overviewWorldOf(world);
	return {
		volume: async ({ query }, actor) => {
			const scale = query.account !== undefined ? 0.1 : actor?.role === 'admin' ? 1 : 0.2;
			const empty = world.accounts.length === 0 ? 0 : scale;
			const since = mine.sinceMs === undefined ? {} : { sinceMs: mine.sinceMs };
			return ok(volumeOf(query.span, world.now(), { scale: empty, ...since }));
		},
		providers: async () => {
			const { from, to } = volumeOf('day', world.now());
			const items = world.accounts.length === 0 ? [] : [...providers];
			return ok({ from, to, items, others: provider('others', items.length === 0 ? 0 : 2404, 0.96) });
		},
		health: async () =>
			ok({
				alive: true,
				ready: true,
				delivering: true,
				version: '0.1.0',
				started: new Date(world.now() - 5 * 86_400_000).toISOString(),
				problems: mine.problems,
				queue: { messages: 417, recipients: 539, queued: 122, waiting: 228, held: 189, sending: 0 },
				spool: { segments: 3, bytes: 31_000_000, freeBytes: 61_000_000_000, projectionLagBytes: 0 },
				connections: { in: 1, out: 4 },
			}),
		getLearned: async ({ query: { account, limit } }) => {
			const { items, ...rest } = mine.learned ?? { accounts: 0, senders: 0, messages: 0, recipients: 0, items: [] };
			const seen = items.filter((row) => account === undefined || row.account === account);
			return ok({ ...rest, items: seen.slice(0, limit) });
		},
		lanes: async () =>
			ok({
				items: [
					{
						destination: 'outlook.com',
						source: '203.0.113.18',
						state: 'closed' as const,
						window: 0,
						busy: 0,
						queued: 12,
						reopens: new Date(world.now() + 9 * minuteMs).toISOString(),
						lastFailure: '451 4.7.500 Server busy <script>',
						lastFailureAt: new Date(world.now() - minuteMs).toISOString(),
					},
					{ destination: 'gmx.net', source: '203.0.113.17', state: 'open' as const, window: 8, busy: 2, queued: 40 },
				],
				total: 2,
			}),
		audit: async ({ query }, actor) => {
			if (actor?.role !== 'admin') return failed({ code: 'forbidden' as const });
			const before = query.cursor === undefined ? Number.POSITIVE_INFINITY : Number(query.cursor);
			const found = mine.audit.filter(
				(one) =>
					one.id < before &&
					(query.actor === undefined || one.actor.includes(query.actor)) &&
					(query.subject === undefined || one.subject.includes(query.subject)) &&
					(query.act === undefined || one.act.startsWith(query.act)),
			);
			const items = found.slice(0, query.limit);
			return ok({ items, ...(found.length > items.length ? { next: String(items.at(-1)?.id) } : {}) });
		},
	} satisfies Partial<OperationHandlers>;
}

/** So many acts, newest first. */
export const auditOf = (total: number, nowMs: number): AuditEntryDto[] =>
	Array.from({ length: total }, (_, index) => ({
		id: total - index,
		at: new Date(nowMs - index * 11 * minuteMs).toISOString(),
		actor: index % 3 === 0 ? 'reseller nordweb' : 'admin root',
		act: index % 2 === 0 ? 'limits.put' : 'hold.put',
		subject: index % 3 === 0 ? 'account rosenca' : 'account shopmoda',
		detail: index % 2 === 0 ? '150 recipients an hour until tomorrow' : 'looks hijacked <b>',
	}));

/** Open recipients by age: most of them are young. */
export function agesOf(recipients: number) {
	const shares = [
		['0', 0.1],
		['300', 0.5],
		['3600', 0.3],
		['14400', 0.1],
	] as const;
	const items = shares.map(([key, share]) => {
		const queued = Math.round(recipients * share);
		return { key, recipients: queued, queued, waiting: 0, held: 0, sending: 0 };
	});
	return { items: recipients === 0 ? [] : items, total: items.length };
}
