/**
 * What a remote answer means: whose doing it is, what to do about it, and whether it is for good.
 *
 * The first rule of the table that fits decides; where none fits the first digit does, with the stage telling what the server
 * was asked: the client (connect, greeting, ehlo), the sender (mail), the recipient (rcpt), the content (data, end). Unknown is
 * never guessed into a fault of somebody. `permanent` follows the first digit unless the rule knows better (greylisting said
 * with 550), and a refusal before MAIL is never permanent: it is about this host and this source, not about the recipient
 * (RFC 5321 §3.1, §5.1).
 *
 * Pure. Not here: the rules (rules-*.ts), what becomes of the recipient and the lane (outcome.ts).
 */
import { isPermanent, type Reply } from '@sluice/shared/words/reply.ts';
import type { Actor, Cause, ResponseAction } from '@sluice/shared/words/response.ts';
import { replyTextCharsMax, statusOf } from './reply-text.ts';
import type { ReplyStage, ResponseRule } from './rule.ts';
import { generalTextRules } from './rules-general.ts';
import { listRules } from './rules-lists.ts';
import { narrowTextRules } from './rules-narrow.ts';
import { providerRules } from './rules-provider.ts';
import { exactStatusRules, statusClassRules } from './rules-status.ts';

export type Classification = {
	readonly cause: Cause;
	/** Who can do something about it. */
	readonly actor: Actor;
	/** What to do with the recipient, or with the lane for `slower` and `other-source`. */
	readonly action: ResponseAction;
	/** Name of the rule that decided: `status.5.1.1`, `gmail.unsolicited`, `digit.5`. */
	readonly rule: string;
	/** Trying again later is of no use. */
	readonly permanent: boolean;
};

/** All rules in the order they are asked. Plain words and providers' words come before bare statuses, which are wrong too often to suppress by. */
export const responseRules: readonly ResponseRule[] = [
	...listRules,
	...providerRules,
	...narrowTextRules,
	...exactStatusRules,
	...generalTextRules,
	...statusClassRules,
];

/**
 * The meaning of a negative reply. For a positive one the answer is cause `unknown`, action `retry`: callers ask about refusals only.
 * Never throws; the time is bounded by the length of the reply's text, which is cut.
 */
export function classify(reply: Reply, stage: ReplyStage): Classification {
	const status = statusOf(reply) ?? '';
	const text = reply.lines.join(' ').slice(0, replyTextCharsMax);
	const rule = responseRules.find((candidate) => fits(candidate, reply.code, status, text, stage));
	const beforeMail = stage === 'connect' || stage === 'greeting' || stage === 'ehlo';
	// A policy before any address was named is about us.
	const isAboutUs = beforeMail && isPermanent(reply) && rule?.cause === 'policy';
	if (rule === undefined || isAboutUs) return byDigit(isPermanent(reply) && !beforeMail, reply.code, stage);
	const permanent = !beforeMail && (rule.permanent ?? isPermanent(reply));
	return {
		cause: rule.cause,
		actor: rule.actor,
		action: actionOf(rule.action, permanent),
		rule: rule.rule,
		permanent,
	};
}

function fits(rule: ResponseRule, code: number, status: string, text: string, stage: ReplyStage): boolean {
	if (rule.stages !== undefined && !rule.stages.includes(stage)) return false;
	if (rule.codes !== undefined && !rule.codes.includes(code)) return false;
	if (rule.status !== undefined && !rule.status.test(status)) return false;
	return rule.text === undefined || rule.text.test(text);
}

/** A rule says what to do when the answer is final; an answer that may change is tried again first, and the other way round. */
function actionOf(action: ResponseAction, permanent: boolean): ResponseAction {
	if (permanent) return action === 'retry' ? 'bounce' : action;
	return action === 'bounce' || action === 'suppress' || action === 'hold' ? 'retry' : action;
}

function byDigit(permanent: boolean, code: number, stage: ReplyStage): Classification {
	if (code === 421)
		return {
			cause: 'destination-down',
			actor: 'recipient-side',
			action: 'retry',
			rule: 'code.421',
			permanent: false,
		};
	const action = permanent ? 'bounce' : 'retry';
	// A refused greeting is a refused client, whatever the server's reason (RFC 5321 §3.1).
	if (stage === 'greeting' || stage === 'ehlo' || stage === 'connect')
		return code >= 500
			? {
					cause: 'policy',
					actor: 'host',
					action: 'other-source',
					rule: 'stage.greeting',
					permanent: false,
				}
			: {
					cause: 'destination-down',
					actor: 'recipient-side',
					action: 'retry',
					rule: 'stage.greeting',
					permanent: false,
				};
	return {
		cause: 'unknown',
		actor: 'nobody',
		action,
		rule: `digit.${Math.trunc(code / 100)}`,
		permanent,
	};
}
