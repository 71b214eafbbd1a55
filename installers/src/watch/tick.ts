/**
 * One tick: look, judge, do, tell, remember. Run twice a minute by a timer, as root; a second one at once steps back.
 *
 * What is about to be done is remembered before, so that a watch that is killed in the middle knows whose bypass it finds; what was told is
 * remembered after, so that it is rather told twice than never. Nothing of the agent's own code is used, and nothing here waits for the agent
 * longer than a probe does.
 */
import { InstallStore } from '../apply/install-journal.ts';
import { JournalStore } from '../apply/journal.ts';
import { ensureGuard } from '../units/relay-guard.ts';
import { healthyAgain, judge } from './judge.ts';
import { headline, revertLetter } from './letter.ts';
import { recall, remember } from './memory.ts';
import { outcomeText } from './outcome.ts';
import { findPending, revert } from './pending.ts';
import { perform } from './perform.ts';
import type { WatchPorts } from './ports.ts';
import { type WiredServer, watchName, wiredServer } from './server.ts';
import { readSettings, type WatchSettings } from './settings.ts';
import type { State } from './state.ts';
import { owe, owedRecord, sendOwed } from './tell.ts';

export type TickReport = { readonly text: string; readonly state?: State };

export async function tick(ports: WatchPorts): Promise<TickReport> {
	const lock = new JournalStore(ports.machine, ports.places.runFolder);
	if (!(await lock.lock(ports.pid))) return { text: 'Another watch is at work here.' };
	try {
		return await lockedTick(ports);
	} finally {
		await lock.unlock().catch(() => {});
	}
}

async function lockedTick(ports: WatchPorts): Promise<TickReport> {
	const { machine, places } = ports;
	const former = await recall(machine, places, ports.now());
	const { settings, problem } = await readSettings(machine, places.config, former.settings);
	let state: State = problem === undefined ? { ...former, settings } : former;
	state = await confirmTurn(ports, state);
	state = await guardTurn(ports, state);
	const found = await serverHere(ports);
	state = sayOnce(ports, state, problem ?? (typeof found === 'string' ? found : undefined));
	if (typeof found === 'string' || found === undefined) return unwiredTick(ports, state, { settings, why: found });
	const outcome = await ports.probe(found.journal.agentPort);
	const seen = { nowMs: ports.now(), outcome, bypass: found.bypass, mayBypass: found.mayBypass };
	const judged = judge(state, seen, settings);
	if (outcome.kind !== 'accepted') ports.print('warning', `A probe message failed: ${outcomeText(outcome)}.`);
	const done = await perform(ports, { former: state, judged, seen, server: found, settings });
	return ended(ports, done, {
		settings,
		text: `The agent: ${outcomeText(outcome)}.`,
		isExim: found.journal.mta === 'exim',
	});
}

async function ended(
	ports: WatchPorts,
	state: State,
	{
		settings,
		text,
		isExim = false,
	}: { readonly settings: WatchSettings; readonly text: string; readonly isExim?: boolean },
): Promise<TickReport> {
	const { machine, places, hostName } = ports;
	// First without what is told: sendmail may take its time, and a tick may be killed.
	if (state.owed.length > 0) await remember(machine, places, state);
	const told = await sendOwed(state, settings, { machine, hostName, nowMs: ports.now(), isExim });
	if (!(await remember(machine, places, told)))
		ports.print('error', `Nothing can be written, neither to ${places.folder} nor to ${places.runFolder}.`);
	return { text, state: told };
}

/** What cannot be understood is said, and nothing is done to the MTA. */
async function serverHere({ machine, places }: WatchPorts): Promise<WiredServer | string | undefined> {
	try {
		return await wiredServer(machine, places.wiring);
	} catch (error) {
		return `The state of the wiring cannot be read: ${(error as Error).message}`;
	}
}

/** Not wired: mail does not come to the agent, so there is no outage. What the watch has held in the panel is let go. */
async function unwiredTick(
	ports: WatchPorts,
	state: State,
	{ settings, why }: { readonly settings: WatchSettings; readonly why: string | undefined },
): Promise<TickReport> {
	const nowMs = ports.now();
	const idle: State = {
		...(why === undefined ? healthyAgain(state, nowMs) : state),
		tick: state.tick + 1,
		tickMs: nowMs,
	};
	const left = why === undefined && idle.panelHeld.length > 0 ? await lifted(ports, idle) : idle.panelHeld;
	const text = why ?? 'No mail server is wired to the agent here: there is nothing to watch.';
	return ended(ports, { ...idle, panelHeld: left }, { settings, text });
}

async function lifted(ports: WatchPorts, { panelHeld }: State): Promise<readonly string[]> {
	const { setHolds } = await import('./suspended.ts');
	return setHolds('release', panelHeld, await ports.panel());
}

/** In the journal once, not at each tick. */
function sayOnce(ports: WatchPorts, state: State, problem: string | undefined): State {
	const { problem: former, ...rest } = state;
	if (problem === undefined) return rest;
	if (problem !== former) ports.print('warning', problem);
	return { ...rest, problem };
}

/** Where whoever comes back to the server looks: in the log of the installation. */
async function logged({ machine, now }: WatchPorts, failed: string | undefined): Promise<void> {
	const entry = { step: 'Nobody confirmed in time: what the installation did to the mail server is taken back.' };
	await new InstallStore(machine)
		.log(
			now(),
			`admin ${watchName}`,
			failed === undefined ? { ...entry, outcome: 'done' } : { ...entry, outcome: 'failed', output: failed },
		)
		.catch(() => undefined);
}

async function confirmTurn(ports: WatchPorts, state: State): Promise<State> {
	const { machine, places, hostName } = ports;
	const found = await findPending(machine, places.pending, ports.now());
	if (found.kind === 'unbelievable' && state.tick % saidEvery === 0) ports.print('error', found.why);
	if (found.kind !== 'due') return state;
	const { pending } = found;
	const failed = await revert(ports, pending);
	await logged(ports, failed);
	const did = pending.revert.map(([, ...words]) => `sluice ${words.join(' ')}`);
	const letter = revertLetter(hostName, { why: pending.why, did, ...(failed === undefined ? {} : { failed }) });
	ports.print('error', failed === undefined ? headline(letter, {}) : `${headline(letter, {})}: ${failed}`);
	const noted = owedRecord(state, 'mta.not-confirmed', failed ?? pending.why);
	// Of several tries the first that fails is told, and the one that does it.
	return failed === undefined || (pending.tries ?? 0) === 0 ? owe(noted, letter, ports.now()) : noted;
}

/** What does not change is said again after ten minutes or so. */
const saidEvery = 20;

async function guardTurn(ports: WatchPorts, state: State): Promise<State> {
	const ensured = await ensureGuard(ports.machine);
	if (!ensured.ok) {
		if (state.tick % saidEvery === 0) ports.print('error', ensured.error);
		return state;
	}
	if (!ensured.value) return state;
	ports.print('warning', 'The rule on who may connect to the relay port was gone; it is in force again.');
	return owedRecord(
		state,
		'mta.guard',
		'The rule on who may connect to the relay port was gone, and was loaded again.',
	);
}
