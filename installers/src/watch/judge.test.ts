/** The judge: an outage is one only when it lasts, its end is believed only when it lasts, and clocks may jump as they like. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Act, failuresMin, type JudgeSettings, judge, reminderMs, type Seen, stepMsMax } from './judge.ts';
import type { ProbeOutcome } from './outcome.ts';
import { type Done, settle, type Went } from './settle.ts';
import { freshState, readState, type State, stateText } from './state.ts';

const well: ProbeOutcome = { kind: 'accepted', ms: 3 };
const refused: ProbeOutcome = { kind: 'unreachable', code: 'ECONNREFUSED' };
const keep: JudgeSettings = { onOutage: 'keep', outageMs: 180_000, healthyMs: 600_000 };
const bypassing: JudgeSettings = { ...keep, onOutage: 'bypass' };
const startMs = Date.parse('2026-11-24T12:00:00Z');
const tickMs = 30_000;

/** A server whose acts go as they should, one tick after the other. */
function world(settings: JudgeSettings, begin: Partial<State> = {}) {
	let state: State = { ...freshState(startMs), ...begin };
	let nowMs = startMs;
	let bypass: Seen['bypass'] = 'none';
	let goes: Done = { ok: true, text: 'Done.' };
	const told: string[] = [];
	const did: Act[] = [];
	return {
		told,
		did,
		state: () => state,
		bypass: () => bypass,
		order: (by: Seen['bypass']) => {
			bypass = by;
		},
		fail: (isFailing: boolean) => {
			goes = isFailing ? { ok: false, text: 'No.' } : { ok: true, text: 'Done.' };
		},
		tick(outcome: ProbeOutcome, afterMs = tickMs): readonly Act[] {
			nowMs += afterMs;
			const judged = judge(state, { nowMs, outcome, bypass, mayBypass: true }, settings);
			const went: Went = {
				...(judged.acts.includes('bypass') ? { bypass: goes } : {}),
				...(judged.acts.includes('wire-again') ? { wireAgain: goes } : {}),
				...(judged.acts.includes('lift-suspended') ? { panelHeld: [] } : {}),
			};
			if (went.bypass?.ok === true) bypass = 'watch';
			if (went.wireAgain?.ok === true) bypass = 'none';
			const isToldNow = judged.acts.some((act) => act === 'alarm-down' || act === 'alarm-reminder');
			const settled = settle(judged.state, went, { nowMs, isToldNow });
			state = settled.state;
			told.push(...judged.acts.filter((act) => act.startsWith('alarm')), ...settled.tellings);
			did.push(...judged.acts.filter((act) => !act.startsWith('alarm')));
			return judged.acts;
		},
		ticks(count: number, outcome: ProbeOutcome): void {
			for (let at = 0; at < count; at++) this.tick(outcome);
		},
	};
}

test('keep: an outage after three minutes of failing, told once; its end after two probes, with one kick', () => {
	const one = world(keep);
	one.ticks(3, well);
	one.ticks(6, refused);
	assert.equal(one.state().phase.kind, 'failing');
	assert.deepEqual(one.told, []);
	one.tick(refused);
	assert.equal(one.state().phase.kind, 'outage');
	one.ticks(30, refused);
	assert.deepEqual([one.told, one.did], [['alarm-down'], []], 'mail waits, nothing is done');
	one.tick(well);
	assert.equal(one.state().phase.kind, 'recovering');
	one.tick(well);
	one.ticks(20, well);
	assert.deepEqual([one.told, one.did], [['alarm-down', 'alarm-up'], ['kick']]);
	assert.equal(one.state().phase.kind, 'healthy');
});

test('a short trouble is told to nobody, and mail that met it is kicked', () => {
	const one = world(bypassing);
	one.ticks(3, refused);
	one.ticks(5, well);
	assert.deepEqual([one.told, one.did, one.state().phase.kind], [[], ['kick'], 'healthy']);
});

test('an agent that answers every tenth probe is an outage too; one that answers every second is not', () => {
	const rarely = world(keep);
	for (let at = 0; at < 30; at++) rarely.tick(at % 10 === 9 ? well : refused);
	assert.ok(rarely.told.includes('alarm-down'));
	const often = world(keep);
	for (let at = 0; at < 100; at++) often.tick(at % 2 === 0 ? refused : well);
	assert.deepEqual(often.told, []);
});

test('bypass: held senders first, wired again after ten healthy minutes without a break', () => {
	const one = world(bypassing);
	one.ticks(7, refused);
	assert.deepEqual([one.did, one.told, one.bypass()], [['hold-suspended', 'bypass'], ['alarm-down'], 'watch']);
	one.ticks(5, refused);
	one.ticks(20, well);
	assert.equal(one.bypass(), 'watch', 'nine and a half minutes');
	one.tick(refused);
	one.ticks(20, well);
	assert.deepEqual(one.did, ['hold-suspended', 'bypass'], 'a break begins them anew, and is not told');
	one.tick(well);
	assert.deepEqual([one.did.at(-1), one.bypass(), one.told], ['wire-again', 'none', ['alarm-down', 'up']]);
	assert.equal(one.state().phase.kind, 'healthy');
});

test('a bypass that does not work at first is told when it does; a wiring that does not is told once and tried again', () => {
	const one = world(bypassing);
	one.fail(true);
	one.ticks(9, refused);
	assert.deepEqual([one.told, one.bypass()], [['alarm-down'], 'none']);
	one.fail(false);
	one.tick(refused);
	assert.deepEqual([one.told, one.bypass()], [['alarm-down', 'bypassed'], 'watch']);
	one.fail(true);
	one.ticks(70, well);
	assert.equal(one.did.filter((act) => act === 'wire-again').length, 3);
	assert.deepEqual(one.told, ['alarm-down', 'bypassed', 'wire-failed']);
	one.fail(false);
	one.ticks(25, well);
	assert.deepEqual([one.told.at(-1), one.bypass()], ['up', 'none']);
});

test("a person's bypass is never ended, and who ends ours is not overruled", () => {
	const theirs = world(bypassing);
	theirs.order('person');
	theirs.ticks(10, refused);
	theirs.ticks(100, well);
	assert.deepEqual([theirs.did, theirs.bypass()], [[], 'person']);
	assert.deepEqual(theirs.told, ['alarm-down', 'alarm-up']);

	const ended = world(bypassing);
	ended.ticks(8, refused);
	ended.order('none');
	ended.ticks(50, refused);
	assert.deepEqual(ended.did, ['hold-suspended', 'bypass'], 'wired by hand in the outage');
	ended.ticks(3, well);
	ended.ticks(10, refused);
	assert.equal(ended.did.filter((act) => act === 'bypass').length, 2, 'the next outage is another one');

	const taken = world(bypassing);
	taken.ticks(8, refused);
	taken.order('person');
	taken.ticks(60, well);
	assert.equal(taken.bypass(), 'person', 'ordered anew by a person: it is theirs now');
});

test('what was remembered is lost while our bypass is in force: it is ended all the same, some time', () => {
	const one = world(bypassing);
	one.order('watch');
	one.ticks(22, well);
	assert.deepEqual([one.did, one.bypass()], [['wire-again'], 'none']);
	const unknown = world(bypassing);
	unknown.order('somebody');
	unknown.ticks(50, well);
	assert.equal(unknown.bypass(), 'somebody', 'whose it is nobody knows: a person must say');
});

test('what the watch holds in the panel is let go when no bypass is in force any more', () => {
	const one = world(bypassing, { panelHeld: ['alice'] });
	one.order('watch');
	one.ticks(3, well);
	assert.deepEqual(one.did, []);
	one.order('none');
	one.tick(well);
	assert.deepEqual([one.did, one.state().panelHeld], [['lift-suspended', 'kick'], []]);
});

test('said again every six hours, and not at all where somebody has bypassed', () => {
	const one = world(keep);
	one.ticks(7 + reminderMs / tickMs, refused);
	assert.deepEqual(one.told, ['alarm-down', 'alarm-reminder']);
	const theirs = world(keep);
	theirs.order('person');
	theirs.ticks(7 + (3 * reminderMs) / tickMs, refused);
	assert.deepEqual(theirs.told, ['alarm-down']);
});

test('clocks that jump, sleep and reboot make no outage of a probe or two, and end none', () => {
	const day = 86_400_000;
	const slept = world(bypassing);
	slept.tick(refused);
	slept.tick(refused, day);
	assert.deepEqual([slept.told, slept.state().phase.kind], [[], 'failing']);
	const back = world(bypassing);
	back.ticks(4, refused);
	back.tick(refused, -day);
	assert.equal(back.state().phase.kind, 'failing');
	back.ticks(6, refused);
	assert.equal(back.state().phase.kind, 'outage');
	back.tick(well, day);
	back.tick(well, 10 * day);
	assert.equal(back.bypass(), 'watch', 'two probes are not ten minutes, whatever the clock says');
	const future = world(keep, { tickMs: startMs + 400 * day, phase: { kind: 'healthy', sinceMs: startMs + 400 * day } });
	future.ticks(10, refused);
	assert.deepEqual([future.told, future.state().phase.sinceMs <= startMs + 11 * tickMs], [['alarm-down'], true]);
});

/** What may come: an outcome, how long after the last tick, and what a person does in between. */
const turn = fc.record({
	isWell: fc.boolean(),
	afterMs: fc.oneof(
		{ weight: 8, arbitrary: fc.integer({ min: 25_000, max: 95_000 }) },
		{ weight: 1, arbitrary: fc.integer({ min: -100_000_000, max: 100_000_000 }) },
	),
	person: fc.oneof(
		{ weight: 20, arbitrary: fc.constant(undefined) },
		{ weight: 1, arbitrary: fc.constantFrom('none', 'person') },
	),
	isFailing: fc.boolean(),
});
const runs = fc
	.array(fc.record({ part: turn, times: fc.integer({ min: 1, max: 30 }) }), { maxLength: 25 })
	.map((parts) => parts.flatMap(({ part, times }) => Array.from({ length: times }, () => ({ ...part }))));

test('whatever comes: alarms come in turn, a bypass needs an outage, its end needs health, and a person is not overruled', () => {
	fc.assert(
		fc.property(runs, fc.constantFrom(keep, bypassing), (turns, settings) => {
			const one = world(settings);
			let badInRow = 0;
			let wellInRow = 0;
			let isOut = false;
			for (const { isWell, afterMs, person, isFailing } of turns) {
				if (person !== undefined) one.order(person as 'none' | 'person');
				one.fail(isFailing);
				const before = one.bypass();
				const formerMs = one.state().tickMs;
				const toldBefore = one.told.length;
				const acts = one.tick(isWell ? well : refused, afterMs);
				badInRow = isWell ? 0 : badInRow + 1;
				wellInRow = isWell ? wellInRow + Math.min(Math.max(one.state().tickMs - formerMs, 0), stepMsMax) : 0;
				if (acts.includes('bypass')) {
					assert.equal(settings.onOutage, 'bypass');
					assert.equal(before, 'none');
					assert.equal(isWell, false);
				}
				if (acts.includes('wire-again')) {
					assert.equal(before, 'watch');
					// The first probe that succeeds ends the failing and begins the health.
					assert.ok(wellInRow >= settings.healthyMs, `after ${wellInRow} ms of health`);
				}
				if (acts.includes('kick')) assert.equal(before, 'none');
				for (const each of one.told.slice(toldBefore)) {
					if (each === 'alarm-down') {
						assert.equal(isOut, false, 'told twice');
						isOut = true;
					}
					if (each === 'alarm-up' || each === 'up') isOut = false;
					if (each === 'alarm-reminder') assert.ok(isOut);
				}
				if (one.state().phase.kind === 'healthy') assert.equal(one.state().toldMs, undefined);
				assert.deepEqual(readState(stateText(one.state())), one.state(), 'it survives its file');
			}
		}),
		{ numRuns: 300 },
	);
});

test('an outage takes as many failures as it must, however the clock runs', () => {
	fc.assert(
		fc.property(
			fc.integer({ min: 30, max: 1200 }),
			fc.array(fc.integer({ min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 100 }),
			(outageSeconds, steps) => {
				const settings = { ...keep, outageMs: outageSeconds * 1000 };
				const one = world(settings);
				const at = steps.findIndex((afterMs) => {
					one.tick(refused, afterMs);
					return one.state().phase.kind === 'outage';
				});
				const least = Math.max(failuresMin(settings.outageMs), 1 + Math.ceil(settings.outageMs / stepMsMax));
				assert.ok(at === -1 || at + 1 >= least, `${at + 1} failures for ${outageSeconds} s`);
			},
		),
	);
});
