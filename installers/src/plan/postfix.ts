/**
 * How a plain Postfix is wired: parameters of main.cf, nothing else. Pure.
 *
 * Not here: the text (shared/mta/postfix.ts), files and programs.
 */
import { canaryProbeDomain, canarySenders } from '@sluice/shared/mta/canary.ts';
import type { WiringFinding } from '@sluice/shared/mta/checks.ts';
import {
	detectPostfix,
	findingsPostfix,
	nextHopOf,
	type PostfixParameters,
	removePostfix,
	renderPostfix,
	wirePostfix,
} from '@sluice/shared/mta/postfix.ts';
import { checksPostfix } from '@sluice/shared/mta/postfix-checks.ts';
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import type { FileFact } from '../facts/machine.ts';
import type { PostfixFacts } from '../facts/postfix.ts';
import { queueRuns } from '../facts/queue-run.ts';
import type { Refusal } from '../facts/refusal.ts';
import { foreignOwner } from './ownership.ts';
import { bareWiring, type WiredFile, type WireSettings, type Wiring } from './wiring.ts';

/** Oldest Postfix for which the parameters are known to do what they should. */
const majorMin = 3;

export function wirePostfixServer(facts: PostfixFacts, settings: WireSettings): Result<Wiring, Refusal> {
	const { mainCf, only: map } = facts;
	const { agentPort, only } = settings;
	const parameters = renderPostfix({ agentPort, ...(only === undefined ? {} : { onlyPath: map.path }) });
	if (Number(facts.version.split('.')[0]) < majorMin)
		return failed({
			code: 'version',
			text: `Postfix ${facts.version} is older than ${majorMin}.0, with which the wiring is known to work.`,
			hint: 'Upgrade Postfix first.',
		});
	const foreign = foreignOwner([mainCf]);
	if (foreign !== undefined) return failed(foreign);
	const bare = removePostfix(mainCf.content);
	const wanted = wirePostfix(mainCf.content, parameters, { overSmarthost: true });
	if (!bare.ok || !wanted.ok) return failed(damaged(mainCf.path));
	const found = [...findingsPostfix(mainCf.content, parameters), ...serviceFindings(facts, Object.keys(parameters))];
	const stop = found.find(
		({ severity, code }) => severity === 'stops' && !(code === 'smarthost' && settings.overSmarthost),
	);
	if (stop !== undefined)
		return failed({
			code: stop.code,
			text: `${stop.text} (${stop.evidence})`,
			hint:
				stop.code === 'smarthost'
					? 'Set it as delivery.smarthost of the agent, then `sluice mta wire --over-smarthost`.'
					: 'Change the setting first.',
		});
	return ok({
		mta: 'postfix',
		version: facts.version,
		hostName: facts.hostName,
		agentPort: settings.agentPort,
		files: inOrder(onlyMap(facts, settings), {
			path: mainCf.path,
			current: mainCf,
			bare: bare.value,
			wanted: wantedText(mainCf, parameters, wanted.value),
		}),
		only,
		findings: found,
		checks: checksPostfix({
			parameters,
			remoteAddress: 'probe@example.com',
			...(only === undefined ? {} : { sender: `probe@${canaryProbeDomain}` }),
		}),
		commands,
	});
}

/** The map of a canary. */
function onlyMap(
	{ only: map, origin }: PostfixFacts,
	{ only, agentPort }: Pick<WireSettings, 'only' | 'agentPort'>,
): WiredFile {
	const wanted = only === undefined ? undefined : canarySenders(only, { origin, nextHop: nextHopOf(agentPort) });
	return { ...map, bare: undefined, wanted };
}

/** A map must be there as long as main.cf names it: Postfix defers all mail otherwise. */
const inOrder = (map: WiredFile, mainCf: WiredFile): readonly WiredFile[] =>
	map.wanted !== undefined ? [map, mainCf] : map.current === undefined ? [mainCf] : [mainCf, map];

/** Lines that somebody has put behind our block (`postconf -e` does) are no reason to move it while it is in force. */
function wantedText(mainCf: FileFact, parameters: PostfixParameters, fresh: string): string {
	const found = detectPostfix(mainCf.content, parameters);
	return found.ok && found.value.state === 'wired' && found.value.hasBlock ? mainCf.content : fresh;
}

const commands = {
	reload: ['postfix', 'reload'],
	kick: queueRuns.postfix,
	submit: ['/usr/sbin/sendmail', '-i'],
} as const;

/** What taking the wiring out of main.cf comes to. */
export function barePostfix(
	mainCf: FileFact | undefined,
	agentPort: number,
	map?: PostfixFacts['only'],
): Result<Wiring, Refusal> {
	const bare = mainCf === undefined ? undefined : removePostfix(mainCf.content);
	if (bare?.ok === false) return failed(damaged(mainCf?.path ?? ''));
	const files =
		mainCf === undefined || bare === undefined
			? []
			: [
					{ path: mainCf.path, current: mainCf, bare: bare.value },
					...(map?.current === undefined ? [] : [{ ...map, bare: undefined }]),
				];
	return ok(bareWiring({ mta: 'postfix', agentPort, files, commands }));
}

const damaged = (path: string): Refusal => ({
	code: 'damaged',
	text: `${path}: the lines "# BEGIN sluice postfix" and "# END sluice postfix" do not pair up; somebody edited them.`,
	hint: 'Take what stands between them out by hand, both lines too, and try again.',
});

/** A service with a value of its own does not see ours. */
function serviceFindings(facts: PostfixFacts, names: readonly string[]): readonly WiringFinding[] {
	return facts.serviceParameters
		.filter((line) => names.some((name) => line.includes(`/${name} = `)))
		.map((line) => ({
			code: 'service-parameter',
			severity: 'bypasses' as const,
			text: 'A service of master.cf sets this for itself; mail that it handles may not reach the agent.',
			evidence: line,
		}));
}
