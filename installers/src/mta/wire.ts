/**
 * `sluice mta wire` and `ensure`: leads the MTA's remote mail to the agent, proves it, or puts everything back.
 *
 * Both do the same; `wire` is asked for by a person and shows what it will change, `ensure` by a hook or a timer after an upgrade and is
 * quiet when there is nothing to do. What is in order already is not done again, so that both can be run at any time.
 */
import { randomBytes } from 'node:crypto';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { groupRows, rowNamed } from '../facts/accounts.ts';
import { agentSecret, configRefusal } from '../facts/agent.ts';
import type { FileFact } from '../facts/machine.ts';
import { agentUser } from '../facts/places.ts';
import type { Refusal } from '../facts/refusal.ts';
import { type UpstreamParts, upstreamConfig, upstreamOf, upstreamPath, upstreamStep } from '../plan/upstream.ts';
import { changedFiles, hasTraces, unifiedDiff, type Wiring } from '../plan/wiring.ts';
import { isInForce, titleOf, type WireParts, wireSteps } from '../plan/wiring-steps.ts';
import { ensureGuard } from '../units/relay-guard.ts';
import { type Call, failureRefusal, journalOf, locked, mayGoOn, note, performSteps } from './perform.ts';
import { agentSecretPath, openSite, type Site } from './site.ts';
import { takeOut } from './unwire.ts';

const secretBytes = 24;

type Mode = 'wire' | 'ensure';

export async function wire(call: Call, mode: Mode): Promise<void> {
	const opened = await openSite(call.terminal, call.options, call.ports);
	if (!opened.ok) return call.speaker.refuse(opened.error, opened.error.code === 'which-mta' ? 2 : 1);
	const site = opened.value;
	if (call.options.dryRun === true) return wireHere(call, site, mode);
	// Whoever flushed it; that it cannot be put back is for the watch and the doctor to tell.
	if (mode === 'ensure' && site.machine.isLive) await ensureGuard(site.machine);
	await locked(call, site, () => wireHere(call, site, mode));
}

async function wireHere(call: Call, site: Site, mode: Mode): Promise<void> {
	const { speaker, options } = call;
	if (mode === 'ensure') {
		if (site.journal?.phase === 'unwiring') return takeOut(call, site);
		const isWired = site.journal !== undefined || (site.traces.ok && hasTraces(site.traces.value));
		if (!isWired)
			return speaker.refuse({
				code: 'not-wired',
				text: `${titleOf(site)} is not wired here.`,
				hint: '`sluice mta wire` wires it.',
			});
	}
	if (!site.wiring.ok) return speaker.refuse(site.wiring.error);
	const wiring = site.wiring.value;
	if (mode === 'ensure' && options.keepBypass === true && site.isBypassed && site.mta === 'postfix')
		return speaker.end(0, { ok: true, changed: [], text: 'bypassed' });
	const secret = await secretFor(call, site, wiring);
	const adopted = options.adoptUpstream === true ? await adoptedUpstream(site, wiring) : undefined;
	if (adopted !== undefined && !adopted.ok) return speaker.refuse(adopted.error);
	const before = adopted === undefined || adopted.value === undefined ? [] : [upstreamStep(adopted.value)];
	const endsBypass = site.isBypassed && !(mode === 'ensure' && options.keepBypass === true);
	const parts: WireParts = {
		...(secret === undefined ? {} : { secret }),
		isBypassed: endsBypass && wiring.bypassPath !== undefined,
		isInterrupted: site.journal?.phase === 'wiring',
		isEffective: site.isEffective,
		isOffline: !site.machine.isLive,
		hasTest: true,
		before,
	};
	const isQuiet =
		before.length === 0 &&
		isInForce(wiring) &&
		site.isEffective &&
		secret === undefined &&
		!endsBypass &&
		(site.journal?.phase === 'wired' || (site.isBypassed && !endsBypass));
	if (isQuiet) return endQuiet(call, wiring, mode);
	await change(call, site, wiring, { parts, mode });
}

function endQuiet({ speaker, options }: Call, wiring: Wiring, mode: Mode): void {
	const text = `${titleOf(wiring)} is wired already; nothing to do.`;
	speaker.end(0, { ok: true, changed: [], text }, mode === 'ensure' || options.json === true ? [] : [text]);
}

async function change(
	call: Call,
	site: Site,
	wiring: Wiring,
	{ parts, mode }: { readonly parts: WireParts; readonly mode: Mode },
): Promise<void> {
	const { speaker, options } = call;
	for (const { severity, text, evidence } of wiring.findings)
		speaker.say(`${severity === 'note' ? 'Note' : 'Watch out'}: ${text} (${evidence})`);
	const diffs = changedFiles(wiring).map(({ path, current, wanted }) => unifiedDiff(path, current?.content, wanted));
	if (mode === 'wire') for (const diff of diffs) speaker.diff(diff);
	const silent = site.machine.isLive ? await agentRefusal(call, site, wiring) : undefined;
	if (options.dryRun === true) {
		const steps = wireSteps(wiring, parts).flatMap(({ what, apply }) => (apply.length === 0 ? [] : [what]));
		const report = { ok: true, dryRun: true, findings: wiring.findings, diff: diffs.join(''), steps };
		return speaker.end(0, { ...report, ...(silent === undefined ? {} : { refusal: silent }) }, [
			'What would be done, in this order; whatever fails, all of it is taken back:',
			...steps.map((what) => `  ${what}`),
			...(silent === undefined ? [] : [`As it is now this would be refused: ${silent.text} ${silent.hint}`]),
			'Nothing was changed (--dry-run).',
		]);
	}
	if (silent !== undefined && options.force !== true) return speaker.refuse(silent);
	if (silent !== undefined) speaker.say(`Going on without a test message (--force): ${silent.text}`);
	const question = `${titleOf(wiring)} sends its remote mail to the agent on 127.0.0.1:${wiring.agentPort}. Change these files and send a test message?`;
	if (mode === 'wire' && !(await mayGoOn(call, question))) return;
	await apply(call, site, wiring, { parts: { ...parts, hasTest: silent === undefined }, mode });
}

/** What of the other relay becomes a part of the agent's configuration; undefined: it is there already. */
async function adoptedUpstream(site: Site, wiring: Wiring): Promise<Result<UpstreamParts | undefined, Refusal>> {
	if (wiring.relays === undefined)
		return failed({
			code: 'no-upstream',
			text: 'Another relay is adopted on cPanel servers only.',
			hint: 'Set it as delivery.smarthost of the agent, then `sluice mta wire --over-smarthost`.',
		});
	const upstream = upstreamOf(wiring.relays);
	if (!upstream.ok) return upstream;
	const { config, configFile, machine } = site;
	if (config === undefined)
		return failed({
			code: 'agent-config',
			text: `The agent has no configuration yet (${configFile}).`,
			hint: 'Write it (docs/wiring.md), or name it with --config.',
		});
	const path = upstreamPath(configFile);
	const content = upstreamConfig(upstream.value);
	const former = await machine.read(path);
	if (former?.content === content) return ok(undefined);
	if (former === undefined && config.delivery.smarthost !== undefined)
		return failed({
			code: 'upstream',
			text: `The agent has another upstream already (delivery.smarthost in ${configFile}).`,
			hint: 'Take it out of its configuration, or keep it: `sluice mta wire --over-smarthost`.',
		});
	return ok({ upstream: upstream.value, file: { ...(await agentFile(site, path)), content }, former });
}

/** Mail must not be led to where nobody takes it. */
async function agentRefusal({ ports }: Call, site: Site, wiring: Wiring): Promise<Refusal | undefined> {
	const disagreement =
		site.config === undefined || site.user === undefined ? undefined : configRefusal(site.config, site.mta, site.user);
	if (disagreement !== undefined) return disagreement;
	const answer = await ports.relayAnswer(wiring.agentPort);
	if (answer.ok) return undefined;
	return {
		code: 'agent-silent',
		text: `The agent does not answer: ${answer.error}.`,
		hint: 'Start it (`sluice status` tells how it is), or name its port with --port. --force wires all the same: mail then waits at the MTA until the agent is there.',
	};
}

async function apply(
	call: Call,
	site: Site,
	wiring: Wiring,
	{ parts, mode }: { readonly parts: WireParts; readonly mode: Mode },
): Promise<void> {
	const { terminal, options, speaker } = call;
	const former = site.journal;
	const overSmarthost = options.overSmarthost ?? former?.overSmarthost ?? false;
	const files = await site.store.remember(wiring);
	const journal = (phase: 'wiring' | 'wired' | 'bypassed', test = former?.lastTest) =>
		journalOf(site, wiring, { phase, files, overSmarthost, nowMs: terminal.now(), test });
	await site.store.write(journal('wiring'));
	const keepsBypass = site.isBypassed && !parts.isBypassed && wiring.bypassPath !== undefined;
	const steps = wireSteps(wiring, keepsBypass ? { ...parts, hasTest: false } : parts).filter(
		// While bypassed, Exim shows another route, and rightly.
		({ id }) => !(keepsBypass && id.startsWith('exim.route')),
	);
	const ran = await performSteps(call, site, wiring, steps);
	const changed = changedFiles(wiring).map(({ path }) => path);
	if (ran.ok) {
		await site.store.write(journal(keepsBypass ? 'bypassed' : 'wired', ran.value.test));
		await note(call, site, mode, 'done', { changed, test: ran.value.test?.text });
		const last = ran.value.test?.text ?? 'No test message was sent.';
		return speaker.end(
			0,
			{ ok: true, changed, findings: wiring.findings, steps: ran.value.steps, test: ran.value.test },
			[
				`${titleOf(wiring)} is wired. ${last}`,
				...(parts.before?.length ? [adoptedNote] : []),
				'Back at once: `sluice mta bypass`; for good: `sluice mta unwire`.',
			],
		);
	}
	const { stuck, test } = ran.error;
	if (stuck.length === 0) {
		// What was before an interrupted wiring is no wiring at all.
		if (former === undefined || former.phase === 'wiring') await site.store.forget();
		else await site.store.write(test === undefined ? former : { ...former, lastTest: test });
	}
	await note(call, site, mode, 'failed', { step: ran.error.step, why: ran.error.why, stuck });
	const refusal = failureRefusal(ran.error);
	speaker.refuse(refusal, 1, { step: ran.error.step, why: ran.error.why, stuck, test });
}

/** Lanes are made once, at the agent's start. */
const adoptedNote =
	'Restart the agent when it suits: until then each destination has connections to the relay of its own.';

/**
 * Exim's copy of the secret must be what the agent reads. Where the agent's file is missing it is made, for without it the agent
 * does not start; the person is told to start it. Undefined: it is right, or there is none.
 */
async function secretFor(call: Call, site: Site, wiring: Wiring): Promise<WireParts['secret']> {
	const { secretPath } = wiring;
	const folder = site.secretFolder;
	if (secretPath === undefined || folder === undefined) return undefined;
	const former = await site.machine.read(secretPath);
	const agentPath = agentSecretPath(site);
	const known = agentPath === undefined ? undefined : await agentSecret(site.machine, agentPath);
	const content = known ?? (former?.content.trim() || randomBytes(secretBytes).toString('hex'));
	if (agentPath !== undefined && known === undefined && call.options.dryRun !== true) {
		await site.machine.write({ ...(await agentFile(site, agentPath)), content: `${content}\n` });
		call.speaker.say(`Made ${agentPath}, which the agent's configuration names.`);
	}
	const isRight = former?.content.trim() === content && former.uid === 0 && (former.mode & 0o077) === 0;
	return isRight ? undefined : { content, former, folder };
}

/** For root and the agent's group, where there is one. */
async function agentFile(site: Site, path: string): Promise<Omit<FileFact, 'content'>> {
	const gid = Number(rowNamed(await groupRows(site.machine), agentUser)?.[2] ?? 0);
	return { path, mode: gid === 0 ? 0o600 : 0o640, uid: 0, gid };
}
