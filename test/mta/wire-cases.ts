/**
 * Cases of `sluice mta` that hold for every MTA and layout alike, run by wire-*.test.ts on a server of each kind.
 *
 * After each the server is as it was: the tree of the MTA's configuration has the sum it had, and mail goes directly.
 */
import assert from 'node:assert/strict';
import type { Machine } from '@sluice/installers/facts/machine.ts';
import type { PlainServer, Ran } from './plain-server.ts';
import { freePorts } from './ports.ts';
import { until } from './until.ts';

export const done = (ran: Ran, code = 0): Ran => {
	assert.equal(ran.code, code, `${ran.out}${ran.err}`);
	return ran;
};

const webuser = { identity: 'unix:7003', certainty: 'proved' } as const;

export async function goesByAgent(server: PlainServer, label: string): Promise<void> {
	const { via, from } = await server.send(label);
	assert.deepEqual(
		[label, via, from?.identity, from?.certainty],
		[label, 'agent', webuser.identity, webuser.certainty],
		'who sent it is known',
	);
}

export async function goesDirectly(server: PlainServer, label: string): Promise<void> {
	assert.deepEqual([label, (await server.send(label)).via], [label, 'direct']);
}

/** wire, wire again, bypass, ensure, unwire: where mail goes at each step, and the tree at the end. */
export async function runCircle(server: PlainServer): Promise<void> {
	const before = await server.treeSum();
	await goesDirectly(server, 'before');
	done(await server.mta(['status']), 1);

	const shown = done(await server.mta(['wire', '--dry-run']));
	assert.match(shown.out, /^\+# BEGIN sluice /m, 'the diff is shown');
	assert.equal(await server.treeSum(), before, 'and nothing is done');

	const wired = done(await server.mta(['wire', '--yes']));
	assert.match(wired.out, /knows who sent it: user nobody, unix:65534 \(proved\)/);
	assert.deepEqual(await probesAtAgent(server), [], 'the test message is not left behind');
	await goesByAgent(server, 'wired');
	done(await server.mta(['status']));

	const withWiring = await server.treeSum();
	assert.match(done(await server.mta(['wire', '--yes'])).out, /wired already; nothing to do/);
	assert.equal(done(await server.mta(['ensure'])).out, '', 'nothing to do, nothing to say');
	assert.equal(await server.treeSum(), withWiring, 'twice is once');

	done(await server.mta(['bypass']));
	await goesDirectly(server, 'bypassed');
	assert.match(done(await server.mta(['status']), 1).out, /bypassed/);
	assert.equal(done(await server.mta(['ensure', '--keep-bypass'])).out, '', 'a timer leaves it so');
	await goesDirectly(server, 'still-bypassed');
	done(await server.mta(['ensure']));
	await goesByAgent(server, 'again');

	done(await server.mta(['unwire', '--yes']));
	assert.equal(await server.treeSum(), before, 'byte for byte');
	await goesDirectly(server, 'after');
	assert.match(done(await server.mta(['unwire', '--yes'])).out, /not wired here; nothing to do/);
}

/** Recipients of test messages that the agent still has open. */
async function probesAtAgent({ rig }: PlainServer): Promise<readonly string[]> {
	const found = await rig.client.call('listMessages', { query: { recipient: 'x', limit: 1000 } });
	assert.ok(found.ok);
	const holds = await rig.client.call('listHolds');
	assert.ok(holds.ok);
	const open = await rig.client.call('listMessages', { query: { state: 'held', limit: 1000 } });
	assert.ok(open.ok);
	return [...holds.value.items.map(({ id }) => id), ...open.value.items.map(({ id }) => id)];
}

/** A test message that proves nothing: everything is put back, and the reason is told. */
export async function runRollback(server: PlainServer, why: RegExp): Promise<void> {
	const before = await server.treeSum();
	const ran = done(await server.mta(['wire', '--yes'], { testWaitMs: 3_000 }), 1);
	assert.match(ran.err, why);
	assert.match(ran.err, /Everything was put back/);
	assert.equal(await server.treeSum(), before);
	assert.match(done(await server.mta(['status']), 1).out, /not wired/);
}

/** Somebody writes into the file, inside our block and outside. `path` is a file that the wiring changes but does not own. */
export async function runHandEdits(
	server: PlainServer,
	path: string,
	{ ourLine, toldAt = ourLine }: { readonly ourLine: string; readonly toldAt?: string },
): Promise<void> {
	const before = await server.treeSum();
	done(await server.mta(['wire', '--yes']));
	const file = await server.machine.read(path);
	assert.ok(file);
	const foreign = '# a line of the administrator\n';
	assert.ok(file.content.includes(ourLine));
	const edited = `${file.content.replace(ourLine, '')}${foreign}`;
	await server.machine.write({ ...file, content: edited });
	await server.reload();

	const line = file.content.slice(0, file.content.indexOf(toldAt)).split('\n').length;
	const status = done(await server.mta(['status', '--json']), 1);
	const told = JSON.parse(status.out) as { state: string; differences: { path: string; line: number }[] };
	assert.equal(told.state, 'changed');
	assert.deepEqual(
		told.differences.map((each) => [each.path, each.line]),
		[[path, line]],
		'the line is named',
	);

	done(await server.mta(['ensure']));
	assert.equal((await server.machine.read(path))?.content.includes(ourLine), true, 'repaired');
	assert.equal((await server.machine.read(path))?.content.includes(foreign), true, 'and the other line kept');
	await goesByAgent(server, 'repaired');

	const again = await server.machine.read(path);
	assert.ok(again);
	await server.machine.write({ ...again, content: `${again.content}# and another\n` });
	const unwired = done(await server.mta(['unwire', '--yes']));
	assert.match(unwired.out, new RegExp(`${path} was changed since it was wired`));
	const left = await server.machine.read(path);
	assert.ok(left);
	assert.ok(left.content.endsWith(`${foreign}# and another\n`));
	assert.doesNotMatch(left.content, /sluice/);
	await server.machine.write({ ...left, content: left.content.replace(`${foreign}# and another\n`, '') });
	await server.reload();
	assert.equal(await server.treeSum(), before, 'all that was left is theirs');
}

/** Nobody answers at the agent's port: mail waits at the MTA, and a bypass lets it go at once. */
export async function runBypassFreesQueue(server: PlainServer, queue: readonly string[]): Promise<void> {
	const before = await server.treeSum();
	const [deadPort] = await freePorts(1);
	done(await server.mta(['wire', '--yes', '--force'], { port: deadPort ?? assert.fail() }));
	const sending = server.send('waits');
	await until(async () => (await server.machine.run(queue)).output.includes('waits-'), {
		waitMs: 10_000,
		otherwise: () => 'it does not wait at the MTA',
	});
	assert.match(done(await server.mta(['bypass'])).out, /delivers directly/);
	assert.equal((await sending).via, 'direct');
	done(await server.mta(['unwire', '--yes']));
	assert.equal(await server.treeSum(), before);
}

class Killed extends Error {}

/** A machine whose program dies at its `at`th act: that one and all after it never happen, undoing neither. */
function dyingAt(machine: Machine, at: number, counted: { acts: number }): Machine {
	const act = async <T>(perform: () => Promise<T>): Promise<T> => {
		counted.acts++;
		if (counted.acts >= at) throw new Killed('killed');
		return perform();
	};
	return {
		...machine,
		write: (file) => act(() => machine.write(file)),
		create: (file) => act(() => machine.create(file)),
		// A process that is not this one, which lives on.
		processMark: async (pid) => (pid === process.pid ? 'dying' : machine.processMark(pid)),
		remove: (path) => act(() => machine.remove(path)),
		makeFolder: (path, owned) => act(() => machine.makeFolder(path, owned)),
		removeFolder: (path) => act(() => machine.removeFolder(path)),
		run: (command, options) =>
			counted.acts + 1 >= at && counted.acts > 0
				? act(() => machine.run(command, options))
				: machine.run(command, options),
	};
}

/** Cut off at every `stride`th act, `words` leaves a server that `ensure` finishes and that `unwire` brings back. */
export async function runKills(
	server: PlainServer,
	words: readonly string[],
	{ prepare, stride }: { readonly prepare?: readonly string[]; readonly stride: number },
): Promise<number> {
	const before = await server.treeSum();
	let tried = 0;
	for (let at = 1; ; at += stride) {
		if (prepare !== undefined) done(await server.mta(prepare));
		const prepared = await server.treeSum();
		const counted = { acts: 0 };
		// Broken off by an exception, told as a failure or as nothing at all: either way the process is gone.
		await server
			.mta(words, { machine: (machine) => dyingAt(machine, at, counted) })
			.catch((error: unknown) => assert.ok(error instanceof Killed, String(error)));
		const isOver = counted.acts < at;
		const hasBegun = (await server.treeSum()) !== prepared;
		tried++;
		if (words[0] === 'bypass' && !isOver) {
			const { state } = JSON.parse((await server.mta(['status', '--json'])).out) as { state: string };
			if (state === 'bypassed') assert.equal(await server.treeSum(), before, `said to be bypassed at ${at}`);
		}
		if (tried % 2 === 0 && !isOver) {
			const ran = await server.mta(['ensure']);
			// Nothing had begun, or it was on its way out.
			if (ran.code !== 0) assert.match(ran.err, /not wired/, `at ${at}: ${ran.err}`);
			// What was begun is finished, not turned round.
			if (hasBegun && words[0] === 'unwire') assert.equal(await server.treeSum(), before, `unwiring, at ${at}`);
			if (hasBegun && words[0] === 'wire') done(await server.mta(['status']));
		}
		const ended = await server.mta(['unwire', '--yes']);
		assert.equal(ended.code, 0, `killed at ${at}: ${ended.out}${ended.err}`);
		assert.equal(await server.treeSum(), before, `killed at ${at}`);
		if (isOver) break;
	}
	await goesDirectly(server, 'after-kills');
	return tried;
}
