/**
 * The MTA's own queue, and when the last mail came to the agent: whether mail that should pass does.
 *
 * A wired MTA hands over what it has; mail that waits there while nothing comes here is stuck between the two. What came is what the agent counted.
 */
import { cpanelProgram } from '../facts/cpanel.ts';
import { eximProgram } from '../facts/exim.ts';
import type { Machine } from '../facts/machine.ts';
import { stateOf } from '../mta/status.ts';
import { type Finding, watch, wrong } from './finding.ts';
import type { Ground } from './ground.ts';

type MtaQueue = {
	readonly messages: number;
	/** Frozen (Exim) or on hold (Postfix). */
	readonly stopped: number;
};

const manyMessages = 500;
const manyStopped = 50;
/** A longer list is counted, not read. */
const listedMax = 20_000;
const silentMs = 2 * 60 * 60_000;
const stuckMessages = 20;

export async function queueFindings(ground: Ground): Promise<readonly Finding[]> {
	const { site, machine, isCpanel } = ground;
	if (!site.ok) return [];
	const { mta } = site.value;
	const queue = await (mta === 'exim'
		? eximQueue(machine, isCpanel ? cpanelProgram : eximProgram)
		: postfixQueue(machine));
	if (queue === undefined)
		return [
			watch(
				'queue.unknown',
				'The queue of the mail server could not be counted.',
				'Look at it: `exim -bpc`, or `postqueue -p`.',
			),
		];
	const { messages, stopped } = queue;
	const title = mta === 'exim' ? 'Exim' : 'Postfix';
	const kick = mta === 'exim' ? '`exim -qf`' : '`postqueue -f`';
	return [
		...(messages - stopped > manyMessages
			? [
					watch(
						'queue.long',
						`${messages} messages are in the queue of ${title} itself.`,
						`See why they wait; ${kick} tries all of them now.`,
					),
				]
			: []),
		...(stopped > manyStopped
			? [
					watch(
						'queue.stopped',
						`${stopped} messages in the queue of ${title} are ${mta === 'exim' ? 'frozen' : 'on hold'}: nobody tries them again.`,
						mta === 'exim'
							? '`exiqgrep -z -i | xargs exim -Mrm` removes them, `exim -Mt ID` thaws one.'
							: '`postsuper -H ALL` lets them go, `postsuper -d` removes.',
					),
				]
			: []),
		...(await silence(ground, messages - stopped)),
	];
}

async function silence({ client, site, now, health }: Ground, waiting: number): Promise<readonly Finding[]> {
	if (health === undefined || !site.ok || stateOf(site.value) !== 'wired') return [];
	const volume = await client.call('volume', { query: { span: 'day' } });
	if (!volume.ok) return [];
	const { items, before, since } = volume.value;
	const last = items.findLast(({ accepted, refused }) => accepted + refused > 0);
	const stepMs = volume.value.stepSeconds * 1000;
	const quietMs = now - (last === undefined ? Date.parse(since) : Math.min(now, Date.parse(last.at) + stepMs));
	if (quietMs < silentMs) return [];
	const hours = Math.floor(quietMs / 3_600_000);
	const text = `No mail has come to the agent for ${hours} hours or more`;
	if (waiting > stuckMessages)
		return [
			wrong(
				'queue.none-comes',
				`${text}, while ${waiting} messages wait at the mail server, which is wired.`,
				'`sluice mta ensure` tests with a message; the log of the mail server tells why it does not hand over.',
			),
		];
	const wasBusy = last !== undefined || (before?.accepted ?? 0) > 0;
	return wasBusy
		? [watch('queue.none-comes', `${text}, and some came before.`, '`sluice mta ensure` tests with a message.')]
		: [];
}

async function eximQueue(machine: Machine, program: string): Promise<MtaQueue | undefined> {
	const counted = await machine.run([program, '-bpc']);
	const messages = Number(counted.output.trim());
	if (counted.exitCode !== 0 || !Number.isInteger(messages)) return undefined;
	if (messages === 0 || messages > listedMax) return { messages, stopped: 0 };
	const { output } = await machine.run([program, '-bpr']);
	return { messages, stopped: output.match(/\*\*\* frozen \*\*\*/g)?.length ?? 0 };
}

async function postfixQueue(machine: Machine): Promise<MtaQueue | undefined> {
	const { exitCode, output } = await machine.run(['postqueue', '-p']);
	if (exitCode !== 0) return undefined;
	const messages = Number(
		/^-- .* in (\d+) Requests?\./m.exec(output)?.[1] ?? (/is empty/.test(output) ? 0 : Number.NaN),
	);
	if (Number.isNaN(messages)) return undefined;
	return { messages, stopped: output.match(/^[0-9A-Za-z]+!/gm)?.length ?? 0 };
}
