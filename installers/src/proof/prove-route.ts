/**
 * The proof of a wiring: a message goes through the MTA, the agent, and to a sink that sees what a receiver would see.
 *
 * It is handed in by a user without rights, from an odd directory, with a forged header; its domain is made up for this one proof, and the
 * agent is told to take it as a probe (shared/words/probe.ts). Whatever goes wrong, nothing of it leaves the machine: a message that went
 * another way finds no such domain, and what hangs at the MTA is removed.
 *
 * Not here: what must have been seen (judge.ts).
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client, ClientFailure } from '@sluice/shared/client/client.ts';
import type { ProbeMessageDto } from '@sluice/shared/contract/probe-operations.ts';
import type { ProbeCheck } from '@sluice/shared/mta/checks.ts';
import { domainOf } from '@sluice/shared/words/address.ts';
import { probeParent, probeSecondsMax } from '@sluice/shared/words/probe.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { nobody } from '../apply/run-steps.ts';
import type { Machine } from '../facts/machine.ts';
import { appearanceOf } from './appearance.ts';
import { judgeRoute, type RouteProof, type Seen } from './judge.ts';
import { openSink, type Sink } from './sink.ts';
import { type Mta, removeFromQueue, subjectOf, submit, whereItHangs } from './submission.ts';
import { type Tenant, tenantOf } from './tenant.ts';

export type ProofPorts = {
	readonly machine: Machine;
	readonly client: Client;
	readonly now: () => number;
	/** How long to look for it. */
	readonly waitMs: number;
};

export type ProofRequest = {
	readonly check: ProbeCheck;
	readonly mta: Mta & { readonly hostName: string };
	/** What the agent's configuration says for all mail. */
	readonly set?: Seen['set'];
	/** A tenant whose mail is to be proved; left out: nobody's. */
	readonly tenant?: Tenant;
};

export const proofWaitMs = 30_000;
const tenantWaitMs = 10_000;
/** How a failure begins that says nothing of how mail is seen. */
const notArrived = 'the test message did not reach the agent';
const pollMs = 200;
const againMs = 1_000;
/** Copies, and the delivery's own word, come a moment after the first. */
const restMs = 300;

const failureText = (failure: ClientFailure): string =>
	failure.kind === 'problem' ? (failure.problem.detail ?? failure.problem.title) : failure.text;

/**
 * The proof for nobody's mail, and where there is one for a tenant's: its address is often another. A tenant's message that the server
 * itself does not let go (a panel's own limit, a suspension) proves nothing and is said; one that is seen wrongly fails.
 */
export async function proveWiring(
	request: Omit<ProofRequest, 'tenant'>,
	ports: ProofPorts,
): Promise<Result<RouteProof, string>> {
	const proof = await proveRoute(request, ports);
	const tenant = proof.ok ? await tenantOf(ports.machine) : undefined;
	if (!proof.ok || tenant === undefined) return proof;
	const theirs = await proveRoute({ ...request, tenant }, { ...ports, waitMs: Math.min(ports.waitMs, tenantWaitMs) });
	const { proved, unproved } = proof.value;
	if (theirs.ok) return ok({ ...proof.value, proved: [...proved, `Tenant ${tenant.name}: ${theirs.value.text}`] });
	if (!theirs.error.startsWith(notArrived)) return failed(`mail of tenant ${tenant.name}: ${theirs.error}`);
	return ok({ ...proof.value, unproved: [...unproved, `Mail of tenant ${tenant.name}: ${theirs.error}.`] });
}

export async function proveRoute(request: ProofRequest, ports: ProofPorts): Promise<Result<RouteProof, string>> {
	const { client, machine } = ports;
	const domain = `p${randomBytes(8).toString('hex')}.${probeParent}`;
	const sink = await openSink();
	try {
		const known = await client.call('putProbe', {
			params: { domain },
			body: { sink: sink.port, seconds: probeSecondsMax },
		});
		if (!known.ok) return failed(`the agent does not take the test message's domain: ${failureText(known.error)}`);
		return await proveWith(request, ports, { domain, sink });
	} finally {
		sink.stop();
		await client.call('deleteProbe', { params: { domain } });
		await removeFromQueue(request.mta, `@${domain}`, machine).catch(() => undefined);
	}
}

type Ground = { readonly domain: string; readonly sink: Sink };

async function proveWith(
	{ check, mta, tenant, set = {} }: ProofRequest,
	ports: ProofPorts,
	ground: Ground,
): Promise<Result<RouteProof, string>> {
	const { machine } = ports;
	const from = tenant === undefined ? check.from : `probe@${tenant.domain}`;
	const asked: ProbeCheck = from === undefined ? check : { ...check, from };
	const recipient = `probe@${ground.domain}`;
	const headerFrom = `"Sluice test" <${from ?? `nobody@${mta.hostName}`}>`;
	const send = async (token: string): Promise<string | undefined> =>
		submit(
			asked,
			mta,
			{ recipient, headerFrom, token, ...(tenant === undefined ? {} : { submitter: tenant }) },
			machine,
		);
	const found = await arrival(send, ports, ground);
	if (!found.ok) return failed(`${found.error}${await whereItHangs(mta, recipient, machine)}`);
	const { mail, token } = found.value;
	const expected = await appearanceOf(mta, domainOf(mail.sender), machine);
	const arrivals = ground.sink.arrivals.filter(({ message }) => message.includes(subjectOf(token)));
	const { uid, name = 'nobody' } = { ...nobody, ...tenant } as { readonly uid: number; readonly name?: string };
	return judgeRoute({ check, mta: mta.mta, uid, userName: name, headerFrom, mail, arrivals, expected, set });
}

type Found = { readonly mail: ProbeMessageDto; readonly token: string };

/**
 * Sends, and sends again: for a moment after a reload Postfix still routes by its former settings, and that message is no proof. Each has
 * a token of its own, so that two of them are not taken for one that came twice.
 */
async function arrival(
	send: (token: string) => Promise<string | undefined>,
	ports: ProofPorts,
	ground: Ground,
): Promise<Result<Found, string>> {
	const deadlineMs = ports.now() + ports.waitMs;
	const tokens: string[] = [];
	let sendMs = ports.now();
	for (;;) {
		if (ports.now() >= sendMs) {
			const token = randomBytes(8).toString('hex');
			tokens.push(token);
			const refused = await send(token);
			if (refused !== undefined) return failed(refused);
			sendMs = ports.now() + againMs;
		}
		const found = await ended(ports, ground, tokens);
		if (!found.ok || found.value !== undefined) return found as Result<Found, string>;
		if (ports.now() > deadlineMs) return failed(`${notArrived} within ${Math.round(ports.waitMs / 1000)} s`);
		await pause(pollMs);
	}
}

async function ended(
	{ client }: ProofPorts,
	{ domain }: Ground,
	tokens: readonly string[],
): Promise<Result<Found | undefined, string>> {
	const read = async (): Promise<Result<readonly ProbeMessageDto[], string>> => {
		const listed = await client.call('listProbes');
		if (!listed.ok) return failed(`the agent could not be asked: ${failureText(listed.error)}`);
		return ok(listed.value.items.find((probe) => probe.domain === domain)?.messages ?? []);
	};
	const first = await read();
	if (!first.ok) return first;
	const isOurs = ({ subject = '' }: ProbeMessageDto): boolean => tokens.some((token) => subject === subjectOf(token));
	if (!first.value.some((mail) => isOurs(mail) && mail.state !== 'queued')) return ok(undefined);
	await pause(restMs);
	const again = await read();
	if (!again.ok) return again;
	const mail = again.value.find((one) => isOurs(one) && one.state !== 'queued');
	const token = tokens.find((one) => mail?.subject === subjectOf(one));
	return ok(mail === undefined || token === undefined ? undefined : { mail, token });
}
