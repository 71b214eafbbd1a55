/**
 * Limits on the mail of a real Exim and a real Postfix, set with the command as an administrator does: what is over them waits and
 * leaves in pace, and nothing is lost or sent twice. Hours pass by the agent's clock.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type SteeredClock, steeredClock } from '../scenarios/steered-clock.ts';
import { boxesUnavailable } from './box.ts';
import { type Hosting, type MtaKind, startHosting } from './hosting.ts';
import { sendersOf } from './senders.ts';
import { user1, user2 } from './sites.ts';
import { until } from './until.ts';

const skip = (await boxesUnavailable()) ?? false;
const program = fileURLToPath(new URL('../../installers/scripts/sluice', import.meta.url));
const hourMs = 3_600_000;

type Ground = {
	readonly hosting: Hosting<MtaKind>;
	readonly clock: SteeredClock;
	readonly send: ReturnType<typeof sendersOf>;
	sluice(...words: string[]): Promise<string>;
	/** How often each subject came to a sink. */
	came(prefix: string): { readonly [subject: string]: number };
};

async function groundOf(kind: MtaKind, name: string, stops: (() => Promise<void>)[]): Promise<Ground> {
	const clock = steeredClock();
	const hosting = await startHosting(kind, { name, clock });
	stops.push(() => hosting.stop());
	const { socketPath } = hosting.rig.agent;
	return {
		hosting,
		clock,
		send: sendersOf(() => hosting.mta),
		async sluice(...words) {
			const { stdout } = await promisify(execFile)(program, [...words, '--socket', socketPath]);
			return stdout;
		},
		came(prefix) {
			const counts: { [subject: string]: number } = {};
			for (const { content } of hosting.internet.accepted()) {
				const subject = /^Subject: (.*)$/m.exec(content.toString('latin1'))?.[1]?.trim() ?? '';
				if (subject.startsWith(prefix)) counts[subject] = (counts[subject] ?? 0) + 1;
			}
			return counts;
		},
	};
}

/** Subjects in the order in which the agent took them: the MTA hands over several at once. */
const taken = ({ hosting }: Ground, prefix: string): readonly string[] =>
	hosting.rig.events.flatMap(({ event, subject }) =>
		(event === 'message.accepted' || event === 'message.waiting') && String(subject).startsWith(prefix)
			? [String(subject)]
			: [],
	);

const once = (prefix: string, count: number): { [subject: string]: number } =>
	Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix} ${at}`, 1]));

for (const kind of ['exim', 'postfix'] as const satisfies readonly MtaKind[]) {
	suite(`limits behind ${kind}`, { skip }, () => {
		test('over the limit of an account mail waits, the log of the MTA says so, and it leaves oldest first', async (context) => {
			const stops: (() => Promise<void>)[] = [];
			context.after(async () => {
				for (const stop of stops) await stop();
			});
			const ground = await groundOf(kind, `limits-${kind}`, stops);
			const { hosting, clock, send, sluice, came } = ground;
			const { rig } = hosting;
			const first = (count: number) =>
				Object.fromEntries(
					taken(ground, 'script')
						.slice(0, count)
						.map((subject) => [subject, 1]),
				);
			assert.match(await sluice('account', 'set-limit', 'uid:7001', '--hour', '3'), /3 recipients an hour/);
			for (let at = 0; at < 8; at++) await send.sendmail('alice', `s${at}@one.test`)(`script ${at}`);
			await rig.until(() => rig.count('message.waiting') === 5 && Object.keys(came('script')).length >= 3);
			assert.deepEqual(came('script'), first(3));
			// The MTA writes its line after we have answered.
			const said = async () => (await hosting.mta.log()).split(' waiting; see Outgoing mail').length - 1;
			await until(async () => (await said()) === 5, { waitMs: 10_000, otherwise: () => hosting.mta.log() });
			const shown = await sluice('account', 'show', 'uid:7001');
			assert.match(shown, /5 recipients over a limit, waiting\. The last of it will have left in 120 min/);
			// Another account of the same server is not kept.
			await send.sendmail('webuser', 'w@one.test')('neighbour 0');
			await rig.until(() => Object.keys(came('neighbour')).length === 1);

			clock.advance(hourMs);
			await rig.until(() => Object.keys(came('script')).length === 6);
			assert.deepEqual(came('script'), first(6));
			clock.advance(hourMs);
			await rig.until(() => Object.keys(came('script')).length === 8);
			assert.deepEqual(came('script'), once('script', 8));
			assert.equal(rig.agent.flow.waiting.size, 0);
		});

		test('twenty clients at the limit of a mailbox: not one recipient over, none twice, the other mailbox is free', async (context) => {
			const stops: (() => Promise<void>)[] = [];
			context.after(async () => {
				for (const stop of stops) await stop();
			});
			const { hosting, clock, send, sluice, came } = await groundOf(kind, `limits-many-${kind}`, stops);
			const { rig } = hosting;
			await sluice('limit', 'set', '--mailbox', user1.user, '--hour', '25');
			const waiting = Array.from({ length: 60 }, (_, at) => at);
			const client = async (): Promise<void> => {
				for (let at = waiting.shift(); at !== undefined; at = waiting.shift())
					await send.mailbox(user1, `m${at}@one.test`)(`mailbox ${at}`);
			};
			await Promise.all([
				...Array.from({ length: 20 }, client),
				...Array.from({ length: 5 }, (_, at) => send.mailbox(user2, `n${at}@two.test`)(`free ${at}`)),
			]);
			await rig.until(() => rig.count('message.waiting') === 35 && Object.keys(came('free')).length === 5);
			await rig.until(() => Object.keys(came('mailbox')).length >= 25);
			assert.equal(Object.keys(came('mailbox')).length, 25);
			assert.deepEqual(came('free'), once('free', 5));
			for (const hours of [1, 2]) {
				clock.advance(hourMs);
				const left = Math.min(60, 25 * (hours + 1));
				await rig.until(() => Object.keys(came('mailbox')).length >= left);
				assert.equal(Object.keys(came('mailbox')).length, left);
			}
			assert.deepEqual(came('mailbox'), once('mailbox', 60));
		});
	});
}

suite('scripts', { skip }, () => {
	test('Exim: the directory is proved, one script is throttled and its account’s other mail is not', async (context) => {
		const stops: (() => Promise<void>)[] = [];
		context.after(async () => {
			for (const stop of stops) await stop();
		});
		const { hosting, send, sluice, came } = await groundOf('exim', 'limits-script', stops);
		const { rig } = hosting;
		await sluice('limit', 'set', '--script', 'uid:7001:/home/alice/blog', '--hour', '2');
		const blog = { cwd: '/home/alice/blog', headers: ['X-PHP-Originating-Script: 7001:innocent.php'] };
		for (let at = 0; at < 4; at++) await send.sendmail('alice', `b${at}@one.test`, blog)(`blog ${at}`);
		for (let at = 0; at < 4; at++)
			await send.sendmail('alice', `h${at}@one.test`, { cwd: '/home/alice/shop' })(`shop ${at}`);
		await rig.until(() => rig.count('message.waiting') === 2 && Object.keys(came('')).length >= 6);
		assert.equal(Object.keys(came('blog')).length, 2);
		assert.deepEqual(came('shop'), once('shop', 4));
	});

	test('Postfix: the script is a hint; another name escapes its throttle and never the account’s limit (invariant 8)', async (context) => {
		const stops: (() => Promise<void>)[] = [];
		context.after(async () => {
			for (const stop of stops) await stop();
		});
		const { hosting, send, sluice, came } = await groundOf('postfix', 'limits-hint', stops);
		const { rig } = hosting;
		await sluice('account', 'set-limit', 'uid:7001', '--hour', '5');
		await sluice('limit', 'set', '--script', 'uid:7001:7001:mailer.php', '--hour', '2');
		const named = (script: string) => ({ headers: [`X-PHP-Originating-Script: 7001:${script}`] });
		for (let at = 0; at < 4; at++) await send.sendmail('alice', `p${at}@one.test`, named('mailer.php'))(`php ${at}`);
		await rig.until(() => rig.count('message.waiting') === 2);
		for (let at = 0; at < 6; at++)
			await send.sendmail('alice', `q${at}@one.test`, named(`other${at}.php`))(`other ${at}`);
		await rig.until(() => rig.count('message.waiting') === 5 && Object.keys(came('other')).length >= 3);
		assert.equal(Object.keys(came('php')).length, 2);
		assert.equal(Object.keys(came('other')).length, 3);
	});
});
