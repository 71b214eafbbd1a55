/**
 * One line that was asked of the root helper, answered: read, checked, allowed or refused, done, written down.
 *
 * Nothing of the line is believed before the schemas of the contract have read it, and what they refuse is not repeated. Every line leaves one line
 * of JSON in the journal, refused ones too; what was done stands in the agent's audit as well. Throws nothing: an error inside a verb is an answer.
 *
 * A page waits 35 s at most. What takes longer than `answerMsMax` is answered as under way, goes on, and is written down when it ends.
 */
import { type Actor, actorHeaderValue, parseActor } from '@sluice/shared/contract/actor.ts';
import { type HelperVerb, helperRequestSchema, helperVerbs } from '@sluice/shared/contract/helper.ts';
import { accountOwner, accountsOwned, panelHold, panelSuspend } from './panel-acts.ts';
import { panelLimits } from './panel-limits.ts';
import { mtaBypass, mtaEnsure, queueKick, reconcileNow } from './server-acts.ts';
import type { Recorded, Verb, VerbPorts } from './verb.ts';

const verbs: { readonly [V in HelperVerb]: Verb<V> } = {
	'panel-hold': panelHold,
	'panel-suspend': panelSuspend,
	'account-owner': accountOwner,
	'accounts-owned': accountsOwned,
	'panel-limits': panelLimits,
	reconcile: reconcileNow,
	'mta-ensure': mtaEnsure,
	'mta-bypass': mtaBypass,
	'queue-kick': queueKick,
};

export type HelperAnswer = { readonly ok: true; readonly result: unknown } | Refused;
type Refused = { readonly ok: false; readonly code: string; readonly text: string };

export type AnswerPorts = VerbPorts & {
	/** One line for the journal. */
	readonly writeLine: (line: string) => void;
	/** Writes an act down in the agent's audit; who asked, as in Sluice-Actor. False: the agent did not take it. */
	readonly record: (actor: string, recorded: Recorded) => Promise<boolean>;
	/** For tests. */
	readonly answerMsMax?: number;
};

const reasonCharsMax = 500;
/** Shorter than the client waits (30 s), and than native code waits for a page. */
const answerMsMaxDefault = 20_000;
const refused = (code: string, text: string): Refused => ({ ok: false, code, text });

/** `line`: without its newline. */
export async function answerLine(line: string, ports: AnswerPorts): Promise<HelperAnswer> {
	const startMs = ports.now();
	const note = (fields: { readonly [name: string]: unknown }): void =>
		ports.writeLine(JSON.stringify({ at: new Date(startMs).toISOString(), ...fields, ms: ports.now() - startMs }));
	const request = readRequest(line);
	if ('ok' in request) {
		note({ verb: null, outcome: request.code });
		return request;
	}
	const { verb, actor } = request;
	const who = actorHeaderValue(actor);
	const args = helperVerbs[verb].args.safeParse(request.args);
	if (!args.success) {
		const where = args.error.issues.map(({ path }) => path.join('.') || 'args').join(', ');
		note({ verb, actor: who, outcome: 'invalid', where: where.slice(0, 200) });
		return refused('invalid', `Not what ${verb} takes: ${where.slice(0, 200)}.`);
	}
	const whole = async (): Promise<HelperAnswer> => {
		const answer = await performed(verb, args.data, actor, ports);
		const { recorded } = answer;
		const isRecorded = recorded === undefined ? undefined : await ports.record(who, recorded).catch(() => false);
		note({
			verb,
			actor: who,
			args: args.data,
			outcome: answer.said.ok ? 'done' : answer.said.code,
			...(answer.said.ok ? {} : { why: answer.said.text.slice(0, reasonCharsMax) }),
			...(isRecorded === undefined ? {} : { isRecorded }),
		});
		return answer.said;
	};
	if (verbs[verb].mayTakeLong !== true) return whole();
	return inTime(whole(), ports.answerMsMax ?? answerMsMaxDefault, () =>
		note({ verb, actor: who, args: args.data, outcome: 'under way' }),
	);
}

const underWay: HelperAnswer = {
	ok: true,
	result: { text: 'This was begun and goes on. How it ended will stand in the audit.', isUnderWay: true },
};

/** The answer, or that it is under way; `onLate` before that is said. */
async function inTime(answer: Promise<HelperAnswer>, msMax: number, onLate: () => void): Promise<HelperAnswer> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<'late'>((resolve) => {
		timer = setTimeout(() => resolve('late'), msMax);
	});
	try {
		const first = await Promise.race([answer, late]);
		if (first !== 'late') return first;
	} finally {
		clearTimeout(timer);
	}
	// Nobody waits for it any more; what it may still throw is a bug of the journal.
	answer.catch(() => {});
	onLate();
	return underWay;
}

type Request = { readonly verb: HelperVerb; readonly actor: Actor; readonly args: unknown };

function readRequest(line: string): Request | Refused {
	let document: unknown;
	try {
		document = JSON.parse(line);
	} catch {
		return refused('invalid', 'One line of JSON is expected.');
	}
	const named = (document as { verb?: unknown } | null)?.verb;
	if (typeof named === 'string' && !Object.hasOwn(helperVerbs, named))
		return refused('unknown-verb', 'There is no such verb.');
	const read = helperRequestSchema.safeParse(document);
	if (!read.success) return refused('invalid', 'Verb, actor and args are expected.');
	const actor = parseActor(read.data.actor);
	return actor.ok ? { ...read.data, actor: actor.value } : refused('invalid', actor.error);
}

async function performed(
	verb: HelperVerb,
	args: unknown,
	actor: Actor,
	ports: VerbPorts,
): Promise<{ readonly said: HelperAnswer; readonly recorded?: Recorded }> {
	const { roles, perform } = verbs[verb] as Verb<HelperVerb>;
	if (!roles.includes(actor.role))
		return { said: refused('forbidden', `${verb} is not for ${actor.role === 'admin' ? 'you' : `a ${actor.role}`}.`) };
	try {
		const done = await perform(args as never, actor, ports);
		if (!done.ok) return { said: refused(done.error.code, done.error.text) };
		const { result, recorded } = done.value;
		return { said: { ok: true, result }, ...(recorded === undefined ? {} : { recorded }) };
	} catch (error) {
		return { said: refused('panel-failed', `This went wrong: ${(error as Error).message.slice(0, reasonCharsMax)}`) };
	}
}
