/**
 * `sluice events`: what happens, as it happens, until Ctrl-C. Survives a restart of the agent and says when something was missed.
 */
import type { EventName } from '@sluice/shared/words/events.ts';
import type { Command } from 'commander';
import { writeFailure } from './call.ts';
import { type CommonOptions, socketPathFor, withCommon } from './options.ts';
import type { Terminal } from './terminal.ts';

type EventsOptions = CommonOptions & { readonly event?: string; readonly message?: string };

/** A name, or the part before the dot: `recipient` for all of `recipient.*`. */
const matches = (name: string, wanted: string | undefined): boolean =>
	wanted === undefined || name === wanted || name.startsWith(`${wanted}.`);

async function follow(terminal: Terminal, options: EventsOptions): Promise<void> {
	const [{ followEvents }, { eventLine }, { jsonLine }, { viewOf }] = await Promise.all([
		import('@sluice/shared/client/follow.ts'),
		import('./render/event.ts'),
		import('./render/text.ts'),
		import('./render/view.ts'),
	]);
	const say = (text: string): void => {
		if (terminal.isTerminal && options.json !== true) terminal.writeErr(`${text}\n`);
	};
	const following = followEvents(socketPathFor(terminal, options), terminal.actor, {
		event(event) {
			if (!matches(event.event, options.event)) return;
			if (options.message !== undefined && event.message !== options.message) return;
			terminal.writeOut(options.json === true ? jsonLine(event) : `${eventLine(event, viewOf(terminal))}\n`);
		},
		gap: () =>
			terminal.writeErr('Some events were missed: the agent no longer remembers them. See `sluice message list`.\n'),
		connected: () => say('Following; Ctrl-C ends.'),
		lost: () => say('The agent has gone away; waiting for it.'),
	});
	terminal.onInterrupt(following.stop);
	const ended = await following.ended;
	if (ended === undefined) return terminal.endWith(0);
	writeFailure(terminal, options, ended);
	terminal.endWith(1);
}

export function addEvents(program: Command, terminal: Terminal): void {
	const examples: readonly EventName[] = ['recipient.bounced', 'lane.closed', 'health.degraded'];
	withCommon(program.command('events'))
		.description('Follow what happens, one line an event, until Ctrl-C.')
		.option('--event <name>', `only this event or family: recipient, ${examples.join(', ')}`)
		.option('--message <id>', 'only what happens to one message')
		.action((options: EventsOptions) => follow(terminal, options));
}
