/**
 * `sluice mta unwire` and `bypass`: the former route again, for good or for now.
 *
 * A file that nobody has touched since it was wired gets back the bytes it had; from one that somebody has changed only our lines are taken
 * out. Neither needs the agent, nor a configuration that the MTA can read.
 */
import { eximProgram } from '../facts/exim.ts';
import { upstreamPath } from '../plan/upstream.ts';
import { bareNow, hasTraces, type WiredFile, type Wiring } from '../plan/wiring.ts';
import { bypassSteps, titleOf, unwireSteps } from '../plan/wiring-steps.ts';
import { type Call, failureRefusal, locked, mayGoOn, note, performSteps } from './perform.ts';
import { showRemoval } from './show-removal.ts';
import { agentSecretPath, openSite, type Site } from './site.ts';

export async function unwire(call: Call): Promise<void> {
	const opened = await openSite(call.terminal, call.options, call.ports);
	if (!opened.ok) return call.speaker.refuse(opened.error, opened.error.code === 'which-mta' ? 2 : 1);
	const site = opened.value;
	if (call.options.dryRun === true) return takeOut(call, site);
	await locked(call, site, () => takeOut(call, site));
}

export async function takeOut(call: Call, site: Site): Promise<void> {
	const { speaker, options } = call;
	if (!site.traces.ok) return speaker.refuse(site.traces.error);
	const wiring = site.traces.value;
	const files = wiring.files.filter((file) => !bareNow(file));
	if (files.length === 0 && site.journal === undefined)
		return speaker.end(0, { ok: true, changed: [] }, [`${titleOf(site)} is not wired here; nothing to do.`]);
	const former = await site.store.untouched(site.journal, wiring);
	const changedByOthers = files.filter((file) => isTouched(site, file, former.has(file.path)));
	const removals = files.map(({ path, current, bare }) => ({
		path,
		before: current?.content,
		after: former.get(path)?.content ?? bare,
	}));
	const isFinishing = site.journal?.phase === 'unwiring';
	const diff = isFinishing ? '' : showRemoval(speaker, removals);
	for (const { path } of changedByOthers)
		speaker.say(`${path} was changed since it was wired: only our lines are taken out, the rest stays.`);
	if (options.dryRun === true)
		return speaker.end(0, { ok: true, dryRun: true, diff }, ['Nothing was changed (--dry-run).']);
	if (!isFinishing && !(await mayGoOn(call, `Take the wiring out of ${titleOf(site)}?`))) return;

	if (site.journal !== undefined) await site.store.write({ ...site.journal, phase: 'unwiring' });
	const steps = unwireSteps(wiring, {
		former,
		isOffline: !site.machine.isLive,
		keepsSecret: agentSecretPath(site) === wiring.secretPath && wiring.secretPath !== undefined,
		...(site.secretFolder === undefined ? {} : { secretFolder: site.secretFolder }),
	});
	const ran = await performSteps(call, site, wiring, steps);
	const changed = files.map(({ path }) => path);
	if (!ran.ok) {
		await note(call, site, 'unwire', 'failed', { step: ran.error.step, why: ran.error.why });
		const { what, why } = ran.error;
		return speaker.refuse({
			code: 'half-done',
			text: `This did not work: ${what} ${why}`,
			hint: 'What was taken out stays out. Correct what is named here and run `sluice mta unwire` again.',
		});
	}
	const route = await directRoute(site);
	await site.store.forget();
	await note(call, site, 'unwire', 'done', { changed, changedByOthers: changedByOthers.map(({ path }) => path) });
	speaker.end(0, { ok: true, changed, changedByOthers: changedByOthers.map(({ path }) => path), route }, [
		`${titleOf(site)} is as before. ${route}`,
		...(await upstreamLines(site)),
		await queueText(call),
	]);
}

/** Somebody else has written into the file since we did: it is neither as we left it nor as it was. */
function isTouched({ journal }: Site, { path, bare }: WiredFile, isUntouched: boolean): boolean {
	const known = journal?.files.find((file) => file.path === path);
	// Files of our own are removed whoever wrote into them; after a cut-off command nothing is known.
	return known !== undefined && bare !== undefined && !isUntouched && journal?.phase === 'wired';
}

/** What the MTA says about the way of remote mail, as a sentence. */
async function directRoute(site: Site): Promise<string> {
	if (!site.machine.isLive) return 'No daemon runs below this root; nothing was reloaded.';
	if (site.mta === 'postfix') {
		const { output } = await site.machine.run(['postconf', '-h', 'relayhost']);
		const host = output.trim();
		return host === '' ? 'Postfix delivers remote mail itself.' : `Postfix sends remote mail to ${host}.`;
	}
	const program = site.traces.ok ? site.traces.value.commands.program : undefined;
	const { output } = await site.machine.run([program ?? eximProgram, '-bt', 'probe@example.com']);
	const route = /router = (\S+), transport = (\S+)/.exec(output);
	return route === null
		? 'Exim could not say by which route remote mail goes (no answer of the DNS?).'
		: `Remote mail goes by router ${route[1]}, transport ${route[2]}.`;
}

/** An upstream that was adopted: mail in the agent's queue needs it still. */
async function upstreamLines({ machine, configFile, config }: Site): Promise<readonly string[]> {
	const path = upstreamPath(configFile);
	if (config?.delivery.smarthost === undefined || !(await machine.exists(path))) return [];
	return [`${path} stays: mail in the agent's queue leaves by the relay that it names. Remove it when the agent goes.`];
}

/** What becomes of mail that the agent has taken already. */
async function queueText({ terminal, options, ports }: Call): Promise<string> {
	const client = await ports.client(terminal, options);
	const health = await client.call('health');
	if (!health.ok)
		return 'What the agent has taken stays in its queue and leaves when it runs: do not remove it before `sluice queue` is empty.';
	const { recipients } = health.value.queue;
	return recipients === 0
		? 'The agent has no mail in its queue.'
		: `The agent still has mail for ${recipients} recipients; it goes on delivering it. Let it run until \`sluice queue\` is empty.`;
}

export async function bypass(call: Call): Promise<void> {
	const opened = await openSite(call.terminal, call.options, call.ports);
	if (!opened.ok) return call.speaker.refuse(opened.error, opened.error.code === 'which-mta' ? 2 : 1);
	const site = opened.value;
	await locked(call, site, () => bypassHere(call, site));
}

async function bypassHere(call: Call, site: Site): Promise<void> {
	const { speaker } = call;
	const title = titleOf(site);
	if (!site.traces.ok) return speaker.refuse(site.traces.error);
	const wiring: Wiring = site.traces.value;
	if (site.journal === undefined || !(hasTraces(wiring) || site.isBypassed))
		return speaker.refuse({
			code: 'not-wired',
			text: `${title} is not wired here: it delivers directly already.`,
			hint: '`sluice mta status` shows how it stands.',
		});
	const former = site.journal;
	// Said first: cut off in between, `ensure` and `unwire` know what was meant.
	await site.store.write({ ...former, phase: 'bypassed' });
	const ran = await performSteps(call, site, wiring, bypassSteps(wiring, !site.machine.isLive));
	if (!ran.ok) {
		if (ran.error.stuck.length === 0) await site.store.write(former);
		await note(call, site, 'bypass', 'failed', { step: ran.error.step, why: ran.error.why });
		return speaker.refuse(failureRefusal(ran.error));
	}
	await note(call, site, 'bypass', 'done');
	speaker.end(0, { ok: true, changed: wiring.bypassPath === undefined ? wiring.files.map(({ path }) => path) : [] }, [
		`${title} delivers directly; the wiring is remembered. \`sluice mta wire\` leads mail to the agent again.`,
		await queueText(call),
	]);
}
