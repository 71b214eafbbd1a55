/**
 * The log: one JSON line an event on standard output, in the shared vocabulary.
 *
 * Fields are bounded; addresses are masked where the setting says so. Lines are written asynchronously in batches by pino, so
 * that a slow reader of the log never stalls mail; when it falls far behind, lines are dropped and counted, mail is not.
 */
import { type EventName, eventFieldCharsMax, type SluiceEvent } from '@sluice/shared/words/events.ts';
import { pino } from 'pino';
import { gatheredOutput } from './gathered.ts';

export type LogSettings = { readonly level: 'error' | 'warn' | 'info' | 'debug'; readonly maskAddresses: boolean };

export type Log = { write(event: SluiceEvent): void; set(settings: LogSettings): void; drain(): Promise<void> };

const warnings: ReadonlySet<EventName> = new Set<EventName>([
	'lane.closed',
	'attribution.alarm',
	'loop.detected',
	'spool.corrupt',
	'index.rebuilt',
	'health.degraded',
	'session.refused',
	'submission.blocked',
	'source.failed',
]);

/** Follows from the lines before it: one line a message less where a server is busy. */
const details: ReadonlySet<EventName> = new Set<EventName>(['message.finished']);

/** Anything else may name a mailbox: subjects of acts, reasons that people write, commands that were refused. */
const pathFields: ReadonlySet<string> = new Set(['api', 'dataDir', 'file']);

/**
 * `j***@site1.test`: enough to recognise for who knows, nothing for who does not; a quoted local part is masked whole. Looked for from
 * the beginning of a word only: the text may be a receiver's, and a long word without `@` must not be walked again from each of its
 * characters.
 */
export const maskAddress = (text: string): string =>
	text.replace(/"(?:[^"\\]|\\.){1,64}"@/g, '"***@').replace(/(?<![^\s<>@:=])([^\s<>@:=])[^\s<>@:=]*@/gu, '$1***@');

/** A login that succeeds is one for each message of some applications; one that fails is news. */
const isDetail = ({ event, outcome }: SluiceEvent): boolean =>
	details.has(event) || (event === 'submission.login' && outcome === 'ok');

type Field = SluiceEvent[string];

function bounded(field: Field): Field {
	if (typeof field === 'string' && field.length > eventFieldCharsMax) return `${field.slice(0, eventFieldCharsMax)}…`;
	return field;
}

function masked(field: Field): Field {
	if (typeof field === 'string') return maskAddress(field);
	return Array.isArray(field) ? field.map((part: string) => maskAddress(part)) : field;
}

/** `destination` is a file descriptor, 1 by default; tests pass a stream. */
export function createLog(settings: LogSettings, destination?: { write(line: string): void }): Log {
	const output = destination === undefined ? gatheredOutput() : undefined;
	const logger = pino(
		{
			level: settings.level,
			base: null,
			timestamp: false,
			formatters: { level: (label) => ({ level: label }) },
		},
		output ?? destination,
	);
	let isMasking = settings.maskAddresses;
	return {
		write(event) {
			if (isDetail(event) && !logger.isLevelEnabled('debug')) return;
			const { atMs, ...fields } = event;
			const line: { [field: string]: Field } = { time: new Date(atMs).toISOString() };
			for (const [name, field] of Object.entries(fields)) {
				if (field === undefined || field === '') continue;
				line[name] = isMasking && !pathFields.has(name) ? masked(bounded(field)) : bounded(field);
			}
			if (warnings.has(event.event)) logger.warn(line);
			else if (isDetail(event)) logger.debug(line);
			else logger.info(line);
		},
		set(next) {
			logger.level = next.level;
			isMasking = next.maskAddresses;
		},
		drain: async () => output?.drain(),
	};
}
