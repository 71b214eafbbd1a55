/**
 * `sluice confirm`, and the question at the end of an installation: does it stay?
 *
 * Until somebody says so, the watch goes back when the time is over (pending.ts). Saying no goes back at once.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { listener } from '../mta/listen.ts';
import { openSite } from '../mta/site.ts';
import { unwire } from '../mta/unwire.ts';
import { type InstallCall, locked, logOf, machineOf, mtaOptions, serverTerminal } from './call.ts';
import { armPending, disarmPending, readPending } from './pending.ts';

const minuteMs = 60_000;
const askedAgainMax = 100;

function withinText(ms: number): string {
	const [number, unit] = ms < 2 * minuteMs ? [ms / 1000, 'second'] : [ms / minuteMs, 'minute'];
	return `${Math.round(number)} ${unit}${Math.round(number) === 1 ? '' : 's'}`;
}

/** Without a terminal somebody else has to say it. */
export async function askToKeep(call: InstallCall, withinMs: number): Promise<void> {
	const { terminal, speaker } = call;
	const untilMs = terminal.now() + withinMs;
	await armPending(machineOf(call), untilMs);
	const within = withinText(withinMs);
	if (!terminal.canAsk || call.options.yes === true) {
		speaker.say(
			`Send some mail. If it is well: \`sluice confirm\`, within ${within}; else the mail server goes its former way by itself.`,
		);
		return;
	}
	speaker.say('');
	for (let asked = 0; asked < askedAgainMax; asked++) {
		const over = new AbortController();
		const reply = await Promise.race([
			terminal.ask(`Keep it? Without an answer it goes back in ${within} [yes/no] `),
			pause(Math.max(0, untilMs - terminal.now()), 'over', { signal: over.signal }).catch(() => 'over'),
		]);
		over.abort();
		const word = reply.trim().toLowerCase();
		if (word === 'y' || word === 'yes') {
			await keep(call);
			speaker.say('It stays.');
			return;
		}
		if (word === 'n' || word === 'no' || word === 'over') {
			if (word === 'over') call.ports.endInput?.();
			return goBackNow(call, word === 'over');
		}
	}
}

async function keep(call: InstallCall<unknown>): Promise<void> {
	await disarmPending(machineOf(call));
	await logOf(call)('The installation is confirmed.', 'done');
}

async function goBackNow(call: InstallCall, isOver: boolean): Promise<void> {
	const { speaker: outer, ports } = call;
	const terminal = await serverTerminal(call);
	const { speaker, said } = listener();
	const { kind } = await readPending(machineOf(call), call.terminal.now());
	if (kind === 'none' && isOver) return settledElsewhere(call);
	await locked(call, async () => {
		await unwire({ terminal, options: mtaOptions({}), ports, speaker, holdsLock: true });
		if (said().ok) await disarmPending(machineOf(call));
	});
	const done = said();
	const why = isOver ? 'The time is over.' : 'As you say.';
	await logOf(call)('Not confirmed: the mail server goes its former way.', done.ok ? 'done' : 'failed');
	if (!done.ok) return outer.refuse({ ...done.error, text: `${why} Going back did not work: ${done.error.text}` });
	outer.end(1, { ok: false, reverted: true }, [
		...(isOver ? [''] : []),
		`${why} The mail server goes its former way. The agent runs on and delivers what it has taken.`,
		'Out with the rest: `sluice uninstall`. Once more: `sluice install`.',
	]);
}

/** While nobody answered here: confirmed at another terminal, or taken back by the watch. */
async function settledElsewhere(call: InstallCall): Promise<void> {
	const opened = await openSite(await serverTerminal(call), mtaOptions({}), call.ports);
	const isWired = opened.ok && opened.value.journal?.phase === 'wired';
	call.speaker.end(isWired ? 0 : 1, { ok: isWired, reverted: !isWired }, [
		'',
		isWired
			? 'It was confirmed elsewhere: it stays.'
			: 'The time is over, and the watch has led the mail server its former way. The agent runs on and delivers what it has taken.',
	]);
}

export async function confirm(call: InstallCall<unknown>): Promise<void> {
	const { speaker, terminal } = call;
	const pending = await readPending(machineOf(call), terminal.now());
	if (pending.kind === 'none') {
		const text = 'Nothing waits to be confirmed.';
		return speaker.end(0, { ok: true, confirmed: false, text }, [text]);
	}
	if (pending.kind === 'due')
		return speaker.refuse({
			code: 'too-late',
			text: 'The time to confirm is over; the watch is going back or has gone back already.',
			hint: '`sluice mta status` tells how it stands; `sluice install` does it once more.',
		});
	await keep(call);
	const text = 'Confirmed: it stays.';
	speaker.end(0, { ok: true, confirmed: true, text }, [text]);
}
