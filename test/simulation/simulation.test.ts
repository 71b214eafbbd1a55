/**
 * Seeded histories of the whole agent, counted at both ends.
 *
 * Some senders have limits: then nothing leaves over them in any window but what a person lets go, and nothing is charged twice.
 * Whatever happens, every recipient of an acknowledged message ends once: taken by a receiver, reported to its sender, or dropped by
 * an operator. What is taken twice was in flight at a kill or on a connection that broke. A seed that fails is a test case: SEED=n.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restore } from '@sluice/agent/flow/restore.ts';
import { review } from '@sluice/agent/flow/review.ts';
import { type ScopeLevel, scopeKeyOf } from '@sluice/shared/words/limits.ts';
import { tempers } from './internet.ts';
import { type EnforcedLimit, recount } from './windows.ts';
import { createWorld, startMs, type World } from './world.ts';

const hourMs = 3_600_000;
const seeds =
	process.env.SEED !== undefined
		? [Number(process.env.SEED)]
		: Array.from({ length: process.env.SLUICE_LONG ? 400 : 25 }, (_, index) => index + 1);
/** Why mail is restored here, by which the log is searched. */
const broughtBack = 'brought back';
const operator = { role: 'admin', id: 'simulation' } as const;

/** Limits of every kind for some of the senders, in force from the first message to the last. */
function setLimits({ limits, random }: World): readonly EnforcedLimit[] {
	const set: EnforcedLimit[] = [];
	const enforce = (level: ScopeLevel, id: string, window: 'minute' | 'hour', unit: 'recipients' | 'messages') => {
		const value = 1 + Math.floor(random() * random() * 20);
		const values = { [`${window}.${unit}`]: value };
		const base = { values, mode: 'enforce', author: 'admin simulation', setMs: startMs } as const;
		limits.set(level, id, { base });
		set.push({ scope: scopeKeyOf(level, id), window, unit, value });
	};
	if (random() < 0.3) return set;
	for (const kind of [0, 1]) {
		const domain = `kind${kind}.sender.test`;
		if (random() < 0.7) enforce('account', `domain:${domain}`, 'hour', random() < 0.7 ? 'recipients' : 'messages');
		if (random() < 0.5) enforce('mailbox', `s1@${domain}`, 'minute', random() < 0.5 ? 'recipients' : 'messages');
	}
	if (random() < 0.3) enforce('account', 'unattributed', 'hour', 'recipients');
	if (random() < 0.3) enforce('server', 'server', 'minute', 'recipients');
	return set;
}

type Expected = { readonly token: string; readonly from: string; readonly to: readonly string[] };

async function oneHistory(seed: number): Promise<{
	world: World;
	acknowledged: readonly Expected[];
	discarded: ReadonlySet<string>;
	/** How often a recipient was brought back. */
	restored: ReadonlyMap<string, number>;
	limits: readonly EnforcedLimit[];
}> {
	const world = createWorld(seed);
	const { clock, random, disk } = world;
	const limits = setLimits(world);
	world.start();
	const acknowledged: Expected[] = [];
	const discarded = new Set<string>();
	const restored = new Map<string, number>();
	const domains = [...tempers.map((temper) => `${temper}.test`), 'kind2.test', 'nodomain.test'];
	const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
	const messages = 60 + Math.floor(random() * 100);
	let generation = 0;
	for (let number = 0; number < messages; number++) {
		const to = Array.from(
			{ length: 1 + Math.floor(random() * random() * 8) },
			(_, index) => `r${index}@${pick(domains)}`,
		);
		const login = `s${Math.floor(random() * 6)}@kind${Math.floor(random() * 3)}.sender.test`;
		const message = {
			token: `${seed}-${number}`,
			from: random() < 0.1 ? '' : login,
			to: [...new Set(to)],
			login: random() < 0.2 ? '' : login,
		};
		const sentIn = generation;
		void world.submit(message).then((code) => {
			if (code === 250 && sentIn === generation) acknowledged.push(message);
		});
		// Often so soon that the next event meets the message on its way.
		await clock.run(clock.now() + (random() < 0.3 ? random() * 400 : random() * 400_000));
		const chance = random();
		if (chance < 0.08) {
			generation += 1;
			world.kill();
			world.start();
		} else if (chance < 0.1) disk.failing = random() < 0.5 ? 0.3 : 0;
		else if (chance < 0.2) {
			const act = pick(['hold', 'release', 'requeue', 'discard', 'restore'] as const);
			const kind = pick(['account', 'destination', 'message'] as const);
			const { scheduler, ended } = world.flow();
			const some = pick(act === 'restore' ? [...ended.all()] : [...scheduler.all()]);
			if (some !== undefined) {
				const id =
					kind === 'account'
						? some.account
						: kind === 'destination'
							? (some.recipients[0]?.destination ?? '')
							: some.id;
				// The outcome is in the log; here only who may be missing at the end.
				if (act === 'restore')
					void restore(world.flow(), { selector: { kind, id }, reason: broughtBack, actor: operator });
				else void review(world.flow(), act, { kind, id }, 'simulated', operator);
			}
		}
	}
	disk.failing = 0;
	await clock.run(clock.now() + hourMs);
	for (const id of new Set([...world.flow().scheduler.all()].map(({ account }) => account)))
		void review(world.flow(), 'release', { kind: 'account', id }, 'the end', operator);
	// Long enough for every lifetime, hold and probe.
	await clock.run(clock.now() + 12 * 24 * hourMs, () => world.flow().scheduler.messages === 0);
	// As the log says: an act may be in it that a kill left unacknowledged. Held or waiting mail of a sender that is not known to be who
	// it says ends without a report.
	for (const entry of world.disk.entries())
		if (entry.kind === 'transitions')
			for (const { message, recipient, to, untold, why } of entry.transitions) {
				const key = `${message} ${recipient}`;
				if (to === 'discarded' || untold === true) discarded.add(key);
				// From then on it is to be delivered or reported again.
				else if (why === broughtBack) {
					discarded.delete(key);
					restored.set(key, (restored.get(key) ?? 0) + 1);
				}
			}
	return { world, acknowledged, discarded, restored, limits };
}

function check(seed: number, history: Awaited<ReturnType<typeof oneHistory>>): { twice: number; recipients: number } {
	const { world, acknowledged, discarded, restored } = history;
	const open = [...world.flow().scheduler.all()].map(
		(message) => `${message.id} ${message.recipients.map((one) => one.state)}`,
	);
	assert.deepEqual(open, [], `seed ${seed}: something never ended`);
	// The log says which id carried which token, and which recipients an operator dropped.
	const idOf = new Map<string, string[]>();
	for (const entry of world.disk.entries()) {
		if (entry.kind !== 'message' || entry.record.about !== undefined) continue;
		const token = entry.record.subject ?? '';
		idOf.set(token, [...(idOf.get(token) ?? []), entry.record.id]);
	}
	let twice = 0;
	let recipients = 0;
	for (const { token, from, to } of acknowledged) {
		for (const [index, address] of to.entries()) {
			recipients += 1;
			const taken = world.internet.taken.get(`${token} ${address}`) ?? 0;
			const failed = world.internet.reports.get(`${token} ${address} failed`) ?? 0;
			const dropped = (idOf.get(token) ?? []).some((id) => discarded.has(`${id} ${index}`));
			if (taken > 1) twice += taken - 1;
			// Nobody hears of the failure of a null sender's mail.
			const told = from === '' || failed > 0;
			assert.ok(taken > 0 || dropped || told, `seed ${seed}: ${token} to ${address} vanished`);
			const returns = (idOf.get(token) ?? []).reduce((sum, id) => sum + (restored.get(`${id} ${index}`) ?? 0), 0);
			const reportsMax = 1 + world.inFlightAtKills + returns;
			assert.ok(failed <= reportsMax, `seed ${seed}: ${token} to ${address} reported ${failed} times`);
		}
	}
	return { twice, recipients };
}

test(`every acknowledged recipient ends once, in ${seeds.length} histories with kills, failing disks and operators`, async (context) => {
	let all = 0;
	let repeated = 0;
	let inPace = 0;
	let returned = 0;
	for (const seed of seeds) {
		const history = await oneHistory(seed);
		const { over, twice: chargedTwice, released } = recount(history.world.disk.entries(), history.limits);
		assert.deepEqual(over, [], `seed ${seed}: over a limit`);
		assert.deepEqual(chargedTwice, [], `seed ${seed}: charged twice`);
		inPace += released;
		returned += [...history.restored.values()].reduce((sum, times) => sum + times, 0);
		const { twice, recipients } = check(seed, history);
		all += recipients;
		repeated += twice;
		// Never more than were in flight, and the message under a broken connection is counted by the receiver only when it was whole.
		assert.ok(
			twice <= history.world.inFlightAtKills,
			`seed ${seed}: ${twice} taken twice, ${history.world.inFlightAtKills} in flight at kills`,
		);
	}
	context.diagnostic(
		`${all} recipients, ${repeated} taken twice, ${inPace} waited and left in pace, ${returned} brought back`,
	);
});
