/**
 * What must be seen of a wired Exim of cPanel: as of any Exim, without mail to real forwards, and what `exim -be` can tell. Pure.
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are Exim's own expansions
import { canaryProbeDomain } from '@sluice/shared/mta/canary.ts';
import type { CommandCheck, WiringCheck } from '@sluice/shared/mta/checks.ts';
import type { EximStock } from '@sluice/shared/mta/exim.ts';
import { checksExim } from '@sluice/shared/mta/exim-checks.ts';
import { type CpanelFacts, cpanelProgram, cpanelRestart, cpanelSecretPath } from '../facts/cpanel.ts';
import type { WireSettings } from './wiring.ts';

/** `stock`: what the built configuration does without us. */
export function cpanelChecks(
	facts: CpanelFacts,
	{ agentPort, only }: Pick<WireSettings, 'agentPort' | 'only'>,
	stock: EximStock,
): readonly WiringCheck[] {
	const srs = hasSrs(facts, stock);
	const checks = checksExim({
		program: cpanelProgram,
		agentPort,
		restart: [cpanelRestart],
		ownAddress: only === undefined ? `root@${facts.hostName}` : `probe@${canaryProbeDomain}`,
		remoteAddress: 'probe@example.com',
		...(facts.alias === undefined ? {} : { aliasAddress: facts.alias }),
		hasSrs: srs,
	});
	const expands = (id: string, sentence: string, expression: string, prints: string): CommandCheck => ({
		kind: 'command',
		id,
		sentence,
		command: [cpanelProgram, '-be', expression],
		runAs: 'root',
		prints: [prints],
		neverPrints: [],
		isReadOnly: true,
	});
	const length = `\${strlen:\${if exists{${cpanelSecretPath}}{\${readfile{${cpanelSecretPath}}{}}}}}`;
	const expansions = [
		expands(
			'exim.secret-read',
			'Exim can read the wiring secret.',
			`\${if >{${length}}{0}{secret read}}`,
			'secret read',
		),
		// Without the macro Exim would take its name for the secret.
		...(srs
			? [
					expands(
						'exim.srs',
						'Forwards get a reverse-path of this server.',
						'${if eq{SRS_SECRET}{SRS_SEC${lc:}RET}{no secret}{srs secret}}',
						'srs secret',
					),
				]
			: []),
	];
	// The forward's target is somebody's real address: its route is tried, no message is sent there.
	const sent = checks.filter(({ id }) => id !== 'exim.probe-alias');
	const at = sent.findIndex(({ id }) => id === 'exim.secret-hidden');
	return [...sent.slice(0, at), ...expansions, ...sent.slice(at)];
}

/** SRS is on: the macro in whose `.ifdef` the stock chooses is defined. */
const hasSrs = ({ built }: CpanelFacts, { forwardReturnPath, forwardsIfDefined }: EximStock): boolean =>
	forwardReturnPath !== undefined &&
	(forwardsIfDefined === undefined || new RegExp(`^\\s*${forwardsIfDefined}\\s*=`, 'm').test(built));
