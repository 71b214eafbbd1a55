/**
 * A rule is switched between watching and enforcing, wherever its switch stands: on the page of rules and on those of its accounts.
 */
import { levelPathSchema } from '../contract/limit-shapes.ts';
import { pathOfLevel } from '../words/limits.ts';
import { sendNotDone } from './answer.ts';
import { backOf, type Desk, done, type Exchange, fieldsOf } from './done.ts';
import { isConflict, modeWrites, type Where, write } from './limit-acts.ts';
import { limitUndoNote } from './limit-undo.ts';
import { meanwhileText } from './meanwhile.ts';
import { stampOf } from './model/edit.ts';
import { textOf } from './model/given.ts';
import { isRule } from './model/rule-words.ts';
import { whoOf } from './model/rules.ts';

/** `plan hour.recipients enforce Basic`: the value of the button that was pressed. The id comes last, it may have spaces. */
function switchOf(value: unknown) {
	const [, level = '', rule, to, id = ''] = /^(\S+) (\S+) (\S+) (.+)$/s.exec(textOf(value)) ?? [];
	return { level: levelPathSchema.safeParse(pathOfLevel[level as keyof typeof pathOfLevel]), rule, to, id };
}

export async function switchMode(desk: Desk, { request, response }: Exchange): Promise<void> {
	const { pages, clientOf } = desk;
	const { t } = pages;
	const client = clientOf(request);
	const fields = fieldsOf(request);
	const { level, rule, to, id } = switchOf(fields.at);
	if (!level.success || !isRule(rule) || id === '') {
		const problem = { type: 'about:blank', title: t.formTitle, status: 422 };
		await sendNotDone(pages, request, response, { kind: 'problem', problem });
		return;
	}
	const target = { level: level.data, id };
	const before = await client.call('getLimits', { params: target });
	if (!before.ok) {
		await sendNotDone(pages, request, response, before.error);
		return;
	}
	const isEnforced = to === 'enforce';
	const written = await write(client, target, modeWrites(before.value, rule, isEnforced));
	const account = textOf(fields.account);
	const back = backOf(fields.back);
	const where: Where = account === '' ? { at: 'rules', back } : { at: 'account', account, back };
	if (!written.ok) {
		const then = isConflict(written.error) ? await client.call('getLimits', { params: target }) : undefined;
		const what = then?.ok === true ? meanwhileText(pages, stampOf(before.value), then.value, rule) : undefined;
		if (what === undefined) await sendNotDone(pages, request, response, written.error);
		else await done(desk, { request, response }, where, { text: t.notSwitched(what), isFailure: true });
		return;
	}
	const who = whoOf(before.value.level, id, t);
	const text = t.switched(t.rules[rule].name, who, isEnforced);
	const act = { ...target, rule, who, act: 'mode', where } as const;
	const undo = limitUndoNote(pages, request, { ...act, before: before.value, after: written.value });
	await done(desk, { request, response }, where, { text, undo });
}
