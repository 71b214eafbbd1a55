/** The agent of this server, as an upgrade asks it: by its socket, its relay port, its data folder, and what systemd says. */
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { storedTruth } from '@sluice/agent/main/formats.ts';
import { readConfig } from '@sluice/agent/main/read-config.ts';
import { agentUser, configFile, dataFolder } from '../facts/places.ts';
import { relayPortDefault } from '../facts/relay-port.ts';
import { clientOf, type InstallCall, machineOf, serverTerminal } from '../install/call.ts';
import { portOf } from '../mta/site.ts';
import { userFacts } from '../units/users.ts';
import { isAccepted, outcomeText } from '../watch/outcome.ts';
import { probe } from '../watch/probe.ts';
import type { AgentPorts } from './agent-renewal.ts';

const answerMsMax = 1_000;

/** `relayPort`: undefined: as the configuration of this server names it. */
export async function agentOf(call: InstallCall<unknown>, relayPort?: number): Promise<AgentPorts> {
	const { terminal, ports } = call;
	const client = await clientOf({ ports, terminal: await serverTerminal(call) });
	const config = readConfig(configFile);
	const dataDir = config.ok ? config.value.dataDir : dataFolder;
	const { uid = 0, gid = 0 } = (await userFacts(machineOf(call))).users.get(agentUser) ?? {};
	const port = relayPort ?? (config.ok ? portOf(config.value) : undefined) ?? relayPortDefault;
	return {
		dataDir,
		owner: { uid, gid },
		now: terminal.now,
		pause: async (ms) => void (await pause(ms)),
		stored: () => storedTruth(dataDir),
		async health() {
			// Its socket is systemd's: without an agent a question waits there, as mail does.
			const answer = await Promise.race([client.call('health'), pause(answerMsMax, undefined, { ref: false })]);
			return answer?.ok ? { version: answer.value.version, isReady: answer.value.ready } : undefined;
		},
		async probe() {
			const token = `upgrade${randomBytes(6).toString('hex')}`;
			const outcome = await probe({ port, token, nowMs: terminal.now() });
			return isAccepted(outcome) ? undefined : outcomeText(outcome);
		},
	};
}
