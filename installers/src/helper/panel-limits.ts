/**
 * `panel-limits`: the panel's own limits, which discard mail before it reaches us. Show them, lift the server's defaults, put them back.
 *
 * Only the two defaults of the server are ever changed (Tweak Settings, written by cPanel's own function), never numbers of packages or accounts: what
 * has numbers of its own is counted and named. Former values are remembered before anything is changed; putting back leaves alone what somebody
 * has changed since.
 */
import { limitSettings } from '@sluice/panel-cpanel/api/files.ts';
import type { CpanelAccount, CpanelPackage } from '@sluice/panel-cpanel/api/shapes.ts';
import type { HelperResult } from '@sluice/shared/contract/helper.ts';
import { firstNames } from '@sluice/shared/words/names.ts';
import { ok, type Result } from '@sluice/shared/words/result.ts';
import type { LiftedLimits } from './limits-memory.ts';
import { refusal, type Verb, type VerbFailure, type VerbPorts } from './verb.ts';

/** What Tweak Settings call no limit. */
const lifted = 'unlimited';

type Shown = HelperResult<'panel-limits'>;
/** `isChanged`: else there was nothing to do, and nothing to write down. */
type Done = Result<{ readonly said: string; readonly isChanged: boolean }, VerbFailure>;
const nothingToDo = (said: string): Done => ok({ said, isChanged: false });

export const panelLimits: Verb<'panel-limits'> = {
	roles: ['admin'],
	async perform({ act }, _actor, ports) {
		const done = act === 'show' ? nothingToDo('') : await { lift, restore }[act](ports);
		if (!done.ok) return done;
		const shown = await show(ports, done.value.said);
		if (!shown.ok) return shown;
		const recorded = { act: `panel.limits-${act}`, subject: 'server', detail: shown.value.text.slice(0, 1000) };
		return ok({ result: shown.value, ...(done.value.isChanged ? { recorded } : {}) });
	},
};

const isNumber = (value: unknown): boolean => typeof value === 'number' && value > 0;
const hasOwn = ({ hourMessages, failPercent }: Pick<CpanelAccount, 'hourMessages' | 'failPercent'>): boolean =>
	isNumber(hourMessages) || isNumber(failPercent);

/** `said`: what was done before. */
async function show({ api, files, memory }: VerbPorts, said: string): Promise<Result<Shown, VerbFailure>> {
	const accounts = await api.accounts();
	if (!accounts.ok) return refusal('panel-failed', accounts.error.text);
	const packages = await api.packages();
	if (!packages.ok) return refusal('panel-failed', packages.error.text);
	const defaults = await files.defaults();
	const numberOf = (value: unknown): number | null => (isNumber(value) ? (value as number) : null);
	const hourMessages = numberOf(defaults.hourMessages);
	const deferFailPercent = numberOf(defaults.failPercent);
	const own = [
		...accounts.value.rows.filter(hasOwn).map(({ user }) => `account ${user}`),
		...packages.value.rows.filter((one: CpanelPackage) => hasOwn(one)).map(({ name }) => `package ${name}`),
	];
	const texts = [
		said,
		hourMessages === null
			? 'By default the panel limits nobody’s messages an hour.'
			: `The panel discards what a domain sends beyond ${hourMessages} messages an hour.`,
		deferFailPercent === null
			? ''
			: `It discards all mail of a domain of which ${deferFailPercent} % fail or are deferred within an hour.`,
		own.length === 0
			? ''
			: `${own.length === 1 ? '1 has a number of its own, which stays' : `${own.length} have numbers of their own, which stay`}: ${firstNames(own)}.`,
	];
	return ok({
		text: texts.filter((text) => text !== '').join(' '),
		isLifted: (await memory.read()) !== undefined,
		hourMessages,
		deferFailPercent,
		accounts: own.length,
	});
}

async function lift({ api, files, memory, now }: VerbPorts): Promise<Done> {
	const before = await memory.read();
	const settingsNow = await Promise.all(
		Object.values(limitSettings).map(async (key) => [key, await files.setting(key)] as const),
	);
	const limiting = settingsNow.filter(([, value]) => isNumber(Number(value)));
	if (limiting.length === 0) return nothingToDo('There is nothing to lift.');
	const remembered: LiftedLimits = {
		version: 1,
		at: new Date(now()).toISOString(),
		settings: {
			...before?.settings,
			...Object.fromEntries(limiting.map(([key, former]) => [key, { former, ours: lifted }])),
		},
	};
	await memory.write(remembered);
	for (const [key] of limiting) {
		const done = await api.tweak(key, lifted);
		if (!done.ok)
			return refusal(
				'panel-failed',
				`${done.error.text} What was changed before that is put back by \`sluice panel limits restore\`.`,
			);
	}
	const was = limiting.map(([key, value]) => `${key} was ${value}`).join(', ');
	return ok({ said: `Lifted: ${was}.`, isChanged: true });
}

async function restore({ api, files, memory }: VerbPorts): Promise<Done> {
	const remembered = await memory.read();
	if (remembered === undefined) return nothingToDo('Nothing was lifted here.');
	const back: string[] = [];
	const kept: string[] = [];
	for (const [key, { former, ours }] of Object.entries(remembered.settings)) {
		const current = await files.setting(key);
		// `0`, empty and `unlimited` are one thing to cPanel, whichever it writes down.
		if (current !== ours && isNumber(Number(current))) {
			kept.push(`${key} is ${current}`);
			continue;
		}
		const done = await api.tweak(key, former);
		if (!done.ok) return refusal('panel-failed', done.error.text);
		back.push(`${key} is ${former} again`);
	}
	await memory.forget();
	const since = kept.length === 0 ? '' : ` Somebody has set another number since, which stays: ${kept.join(', ')}.`;
	const said = back.length === 0 ? 'Nothing was put back.' : `Put back: ${back.join(', ')}.`;
	return ok({ said: `${said}${since}`, isChanged: true });
}
