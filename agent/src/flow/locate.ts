/**
 * Where a destination's mail goes: route, hosts, addresses, in the order to be tried.
 *
 * The decisions are core/routing's; here the DNS is asked in between. Hosts that failed a moment ago go to the end of the list,
 * so that a dead first MX costs one message a time-out and not every message.
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { RoutingProblem } from '../core/delivery/outcome.ts';
import { addressesPerAttemptMax, mxHostsAskedAtOnce, mxHostsMax } from '../core/routing/bounds.ts';
import { type MailHost, orderHosts } from '../core/routing/hosts.ts';
import { interleave, planTargets } from '../core/routing/plan.ts';
import { type Route, route, type Smarthost } from '../core/routing/route.ts';
import { dsnDestination, type QueuedMessage } from '../core/scheduling/queued.ts';
import type { DialTarget } from '../ports/smtp-out.ts';
import type { Flow } from './context.ts';

export type Located = {
	readonly targets: readonly DialTarget[];
	/** Strangers' servers, found by the DNS: their greeting must not be our own. */
	readonly isByMx: boolean;
};

export type HostMemory = {
	failed(address: string, nowMs: number): void;
	hasFailed(address: string, nowMs: number): boolean;
	worked(address: string): void;
};

const failureRememberedMs = 60_000;
const failuresMax = 10_000;

export function createHostMemory(): HostMemory {
	const until = new Map<string, number>();
	return {
		failed(address, nowMs) {
			if (until.size >= failuresMax) until.clear();
			until.set(address, nowMs + failureRememberedMs);
		},
		hasFailed: (address, nowMs) => (until.get(address) ?? 0) > nowMs,
		worked: (address) => void until.delete(address),
	};
}

type Local = { readonly sourceAddress?: string; readonly helo: string };

const loopback = /^(127\.|::1$|::ffff:127\.)/;
const hostNameShape = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}$/i;

/** What a receiver sees of us is what it would see of the MTA (invariant 11). 127.0.0.1 says nothing: the system chooses. */
export function localSideOf(flow: Pick<Flow, 'settings'>, message: QueuedMessage): Local {
	const settings = flow.settings();
	const source = settings.sourceAddress ?? (saysNothing(message.peerAddress) ? undefined : message.peerAddress);
	const helo = settings.helo ?? (hostNameShape.test(message.helo) ? message.helo : settings.hostName);
	return source === undefined ? { helo } : { sourceAddress: source, helo };
}

/** 127.0.0.1 and ::1 are what an MTA shows that has not chosen; another loopback address was chosen (in tests). */
const isOrdinaryLoopback = (address: string): boolean =>
	loopback.test(address) && (address === '127.0.0.1' || address.includes(':'));

/** Empty: from a remote application, whose address is not one of ours. */
const saysNothing = (peerAddress: string): boolean => peerAddress === '' || isOrdinaryLoopback(peerAddress);

/** Targets to dial for one destination, or why there are none. */
export async function locate(
	flow: Flow,
	memory: HostMemory,
	message: QueuedMessage,
	destination: string,
): Promise<Result<Located, RoutingProblem>> {
	const { routing, hostName } = flow.settings();
	// To our own MTA we speak as this machine. From a site's address its port for strangers would take us for one.
	const isToMta = destination === dsnDestination && routing.reports.length > 0;
	const local = isToMta ? { helo: hostName } : localSideOf(flow, message);
	const chosen = route({ domain: destination, settings: routing, domainToAscii: flow.domainToAscii });
	const located = await targetsOf(flow, chosen, local);
	if (!located.ok) return located;
	const now = flow.clock.now();
	const fresh = located.value.targets.filter((target) => !memory.hasFailed(target.address, now));
	const stale = located.value.targets.filter((target) => memory.hasFailed(target.address, now));
	return ok({ ...located.value, targets: [...fresh, ...stale] });
}

async function targetsOf(flow: Flow, chosen: Route, local: Local): Promise<Result<Located, RoutingProblem>> {
	switch (chosen.kind) {
		case 'smarthosts':
			return smarthostTargets(flow, chosen.hosts, local);
		case 'mx':
			return mxTargets(flow, chosen.domain, local);
		case 'address':
			return planned(flow, [{ host: chosen.address, preference: 0, addresses: [chosen.address] }], local);
		case 'invalid':
			return failed('bad-domain');
	}
}

async function smarthostTargets(
	flow: Flow,
	hosts: readonly Smarthost[],
	local: Local,
): Promise<Result<Located, RoutingProblem>> {
	const targets: DialTarget[] = [];
	let isTemporary = false;
	for (const host of hosts) {
		const found = await flow.resolver.addresses(host.host);
		if (!found.ok) {
			isTemporary = true;
			continue;
		}
		const prefer = flow.settings().preferFamily;
		const usable = interleave(
			found.value,
			local.sourceAddress === undefined ? { prefer } : { prefer, sourceAddress: local.sourceAddress },
		);
		for (const address of usable) {
			targets.push({
				...local,
				address,
				port: host.port,
				host: host.host,
				tls: host.tls,
				...(host.implicitTls === true ? { implicitTls: true } : {}),
				...(host.auth === undefined ? {} : { auth: host.auth }),
				...(host.identityHeader === undefined ? {} : { identityHeader: host.identityHeader }),
			});
		}
	}
	if (targets.length > 0) return ok({ targets, isByMx: false });
	// A smarthost's name that does not resolve is the administrator's mistake, never the mail's: it waits.
	return failed(isTemporary ? 'dns-temporary' : 'no-usable-family');
}

async function mxTargets(flow: Flow, domain: string, local: Local): Promise<Result<Located, RoutingProblem>> {
	const answer = await flow.resolver.mx(domain);
	if (!answer.ok && answer.error.kind === 'temporary') return failed('dns-temporary');
	const records = answer.ok ? answer.value : [];
	const ownNames = [flow.settings().hostName, local.helo];
	const order = orderHosts({ domain, records, ownNames, random: flow.random });
	if (order.kind !== 'hosts') return failed(order.kind);
	return hostTargets(flow, order.hosts.slice(0, mxHostsMax), local, records.length === 0);
}

type KnownHost = MailHost & { readonly addresses: readonly string[] };

/** Asks for addresses, a few hosts at a time, until there are enough to dial. `isImplicit`: the one host is the domain itself. */
async function hostTargets(
	flow: Flow,
	hosts: readonly MailHost[],
	local: Local,
	isImplicit: boolean,
): Promise<Result<Located, RoutingProblem>> {
	const known: KnownHost[] = [];
	let isTemporary = false;
	let plan: Result<Located, RoutingProblem> = failed('no-host-address');
	for (let from = 0; from < hosts.length; from += mxHostsAskedAtOnce) {
		const group = hosts.slice(from, from + mxHostsAskedAtOnce);
		const answers = await Promise.all(group.map(({ host }) => flow.resolver.addresses(host)));
		for (const [index, found] of answers.entries()) {
			if (!found.ok && found.error.kind === 'temporary') isTemporary = true;
			known.push({ ...(group[index] as MailHost), addresses: found.ok ? found.value : [] });
		}
		plan = planned(flow, known, local);
		if (plan.ok && plan.value.targets.length >= addressesPerAttemptMax) return plan;
	}
	if (plan.ok) return plan;
	// A host that nobody could tell about may be the one that takes mail: nothing is final yet.
	if (isTemporary) return failed('dns-temporary');
	return isImplicit && plan.error === 'no-host-address' ? failed('no-such-domain') : plan;
}

function planned(flow: Flow, hosts: readonly KnownHost[], local: Local): Result<Located, RoutingProblem> {
	const settings = flow.settings();
	const families = {
		prefer: settings.preferFamily,
		...(local.sourceAddress === undefined ? {} : { sourceAddress: local.sourceAddress }),
	};
	const plan = planTargets({ hosts, rules: settings.addressRules, families });
	if (plan.problem !== undefined) return failed(plan.problem);
	const targets = plan.targets.map(
		(target): DialTarget => ({ ...local, ...target, port: settings.mxPort, tls: settings.mxTls }),
	);
	return ok({ targets, isByMx: true });
}
