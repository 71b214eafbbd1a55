/**
 * Doing what the judge has said, in order, and telling it.
 *
 * Each act that fails leaves the rest to be done: an alarm is worth more when a bypass did not work. Not here: how each is done (acts.ts,
 * suspended.ts), the words (letter.ts).
 */
import { firstNames } from '@sluice/shared/words/names.ts';
import { bypass, kick, wireAgain } from './acts.ts';
import type { Act, Judged, Seen } from './judge.ts';
import { type AlarmKind, headline, letterOf, type Situation } from './letter.ts';
import { remember } from './memory.ts';
import { isAccepted } from './outcome.ts';
import type { WatchPorts } from './ports.ts';
import type { WiredServer } from './server.ts';
import type { WatchSettings } from './settings.ts';
import { settle, type Went } from './settle.ts';
import type { State } from './state.ts';
import { owe, owedRecord } from './tell.ts';

export type Turn = {
	readonly former: State;
	readonly judged: Judged;
	readonly seen: Seen;
	readonly server: WiredServer;
	readonly settings: WatchSettings;
};

/** What acts leave behind while they are done. */
type Doing = { state: State; went: Went; readonly done: string[] };

export async function perform(ports: WatchPorts, turn: Turn): Promise<State> {
	const { judged, seen } = turn;
	const doing: Doing = { state: judged.state, went: {}, done: [] };
	for (const act of judged.acts) await performOne(ports, turn, { act, doing });
	const isToldNow = judged.acts.some((act) => act === 'alarm-down' || act === 'alarm-reminder');
	const settled = settle(doing.state, doing.went, { nowMs: seen.nowMs, isToldNow });
	const alarms = [...judged.acts.flatMap((act) => alarmOf[act] ?? []), ...settled.tellings];
	let state = noted(settled.state, doing, alarms);
	for (const alarm of alarms) state = tell(ports, state, { alarm, situation: situationOf(ports, turn, doing) });
	return isAccepted(seen.outcome) ? withAgent(ports, state, turn) : state;
}

const alarmOf: { readonly [A in Act]?: AlarmKind } = {
	'alarm-down': 'down',
	'alarm-reminder': 'reminder',
	'alarm-up': 'up',
};

async function performOne(
	ports: WatchPorts,
	turn: Turn,
	{ act, doing }: { readonly act: Act; readonly doing: Doing },
): Promise<void> {
	const { server } = turn;
	switch (act) {
		case 'hold-suspended':
			return holdSuspended(ports, turn, doing);
		case 'lift-suspended':
			return liftSuspended(ports, doing);
		case 'bypass': {
			await remember(ports.machine, ports.places, untold(doing.state, turn.former));
			const done = await bypass(ports, server);
			doing.went = { ...doing.went, bypass: done };
			doing.done.push(done.text);
			return;
		}
		case 'wire-again': {
			const done = await wireAgain(ports);
			doing.went = { ...doing.went, wireAgain: done };
			doing.done.push(done.text);
			return;
		}
		case 'kick':
			return kick(ports, server);
		default:
			return;
	}
}

/** As it is remembered before all is done: what was not yet told is still to be. */
function untold(state: State, { toldMs }: State): State {
	const { toldMs: _, ...rest } = state;
	return toldMs === undefined ? rest : { ...rest, toldMs };
}

async function holdSuspended(ports: WatchPorts, { settings, server, seen, former }: Turn, doing: Doing): Promise<void> {
	if (doing.state.held.length === 0) return;
	const { planHolds, setHolds } = await import('./suspended.ts');
	const panel = settings.mayHold && server.isCpanel ? await ports.panel() : undefined;
	const { users, loose } = await planHolds(doing.state.held, panel, seen.nowMs);
	if (panel !== undefined && users.length > 0) {
		const panelHeld = [...new Set([...doing.state.panelHeld, ...users])];
		doing.state = { ...doing.state, panelHeld };
		await remember(ports.machine, ports.places, untold(doing.state, former));
		const failed = await setHolds('hold', users, panel);
		doing.done.push(
			`Accounts that the agent holds were put on the panel's own hold first: ${users.filter((user) => !failed.includes(user)).join(', ') || 'none'}.`,
			...(failed.length === 0 ? [] : [`For these that did not work, and their mail goes out: ${failed.join(', ')}.`]),
		);
	}
	if (loose.length > 0)
		doing.done.push(
			`The agent holds these senders, and nothing holds them while mail goes past it: ${firstNames(
				loose.map(({ id }) => id),
				looseShown,
			)}.`,
		);
}

const looseShown = 20;

async function liftSuspended(ports: WatchPorts, doing: Doing): Promise<void> {
	const { setHolds } = await import('./suspended.ts');
	const left = await setHolds('release', doing.state.panelHeld, await ports.panel());
	doing.went = { ...doing.went, panelHeld: left };
	if (left.length > 0)
		ports.print('warning', `The panel's hold of these could not be lifted, and is tried again: ${left.join(', ')}.`);
}

function situationOf({ hostName }: WatchPorts, { former, seen }: Turn, { state, went, done }: Doing): Situation {
	const { bypass: found } = seen;
	const ours = went.bypass?.ok === true || found === 'watch' || (found === 'somebody' && state.orderedMs !== undefined);
	const isOver = went.wireAgain?.ok === true || (found === 'none' && went.bypass?.ok !== true);
	return {
		hostName,
		nowMs: seen.nowMs,
		sinceMs: former.phase.kind === 'healthy' ? seen.nowMs : Math.min(former.phase.sinceMs, seen.nowMs),
		bypass: isOver ? 'none' : ours ? 'watch' : 'person',
		cause: state.lastFailure?.text,
		done,
	};
}

function tell(
	ports: WatchPorts,
	state: State,
	{ alarm, situation }: { readonly alarm: AlarmKind; readonly situation: Situation },
): State {
	const letter = letterOf(alarm, situation);
	ports.print(alarm === 'up' ? 'info' : 'error', headline(letter, alarm === 'up' ? {} : state));
	return owe(state, letter, situation.nowMs);
}

/** For the agent's audit, which is written when it is back. */
function noted(state: State, { went, done }: Doing, alarms: readonly AlarmKind[]): State {
	let next = state;
	const cause = state.lastFailure?.text ?? '';
	if (alarms.includes('down')) next = owedRecord(next, 'mta.outage', `The agent took no mail: ${cause}.`);
	if (went.bypass?.ok === true) next = owedRecord(next, 'mta.bypass', done.join(' '));
	if (went.wireAgain?.ok === true) next = owedRecord(next, 'mta.wire-again', done.join(' '));
	if (alarms.includes('up')) next = owedRecord(next, 'mta.recovered', 'The agent takes mail again.');
	return next;
}

/** What can be done only while it is there. */
async function withAgent(ports: WatchPorts, state: State, { settings, server }: Turn): Promise<State> {
	const { socket, onOutage } = settings;
	const unrecorded = state.unrecorded.length === 0 ? state.unrecorded : await ports.record(socket, state.unrecorded);
	// Only who may be needed: whoever would be let go by a bypass.
	const held = onOutage === 'bypass' && server.bypass === 'none' ? await ports.held(socket) : [];
	return { ...state, unrecorded, held: held ?? state.held };
}
