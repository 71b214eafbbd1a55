/**
 * `sluice queue export`: open mail as files, beside a running agent or without one.
 */
import type { Command } from 'commander';
import type { ExportReport } from '../export/queue-export.ts';
import { clientFor, writeLines } from './call.ts';
import { type CommonOptions, configFileFor, configOption, withCommon } from './options.ts';
import { countText, jsonText, numberText, sizeText } from './render/text.ts';
import type { Terminal } from './terminal.ts';

type ExportOptions = CommonOptions & { readonly to: string; readonly config?: string; readonly dataDir?: string };

const namedMax = 20;

export function addQueueExport(queue: Command, terminal: Terminal): void {
	withCommon(queue.command('export'))
		.description(
			'Write all open mail (queued, waiting, held) into a folder: the content as it was received, and everything known of it.',
		)
		.requiredOption('--to <folder>', 'folder of root alone; made if it is not there')
		.option(...configOption)
		.option('--data-dir <folder>', 'data folder to read (default: dataDir of the configuration)')
		.addHelpText(
			'after',
			`
ID.eml is the content as the mail server sent it, ID.json its envelope, account, states and reasons, index.json the whole.
Nothing is changed: mail that is exported from a running agent is delivered all the same. Run again, it goes on where it was interrupted.
Ends with 1 when something could not be exported; it is named.`,
		)
		.action((options: ExportOptions) => run(terminal, options));
}

async function run(terminal: Terminal, options: ExportOptions): Promise<void> {
	const [{ exportQueue, reinjectHint }, { readConfig }] = await Promise.all([
		import('../export/queue-export.ts'),
		import('../read-config.ts'),
	]);
	const refuse = (text: string): void => {
		terminal.writeErr(options.json === true ? jsonText({ error: text }) : `${text}\n`);
		terminal.endWith(1);
	};
	let { dataDir } = options;
	if (dataDir === undefined) {
		const config = readConfig(configFileFor(terminal, options.config));
		if (!config.ok) return refuse(`${config.error[0]} Name the data folder with --data-dir.`);
		dataDir = config.value.dataDir;
	}
	try {
		const exported = await exportQueue({
			dataDir,
			to: options.to,
			uid: process.getuid?.() ?? 0,
			now: terminal.now,
			ask: () => agentCounts(terminal, options),
			progress(done, all) {
				if (terminal.canAsk) terminal.writeErr(done < all ? `\rExporting: ${done} of ${all}` : '\r\x1b[K');
			},
		});
		if (!exported.ok) return refuse(`Nothing was exported: ${exported.error}.`);
		const report = exported.value;
		if (options.json === true) terminal.writeOut(jsonText(report));
		else writeLines(terminal, [...exportLines(report), reinjectHint(report.agent)]);
		terminal.endWith(report.notExported.length > 0 || report.damagedStretches > 0 ? 1 : 0);
	} catch (error) {
		const { code, message, name } = error as NodeJS.ErrnoException;
		if (code === undefined && name !== 'NewerDataError') throw error;
		refuse(code === 'EACCES' || code === 'EPERM' ? `Not allowed: ${message}. Run this as root.` : message);
	}
}

async function agentCounts(terminal: Terminal, options: CommonOptions) {
	const health = await (await clientFor(terminal, options)).call('health');
	if (!health.ok) return undefined;
	const { queued, sending, waiting, held } = health.value.queue;
	return { queued: queued + sending, waiting, held };
}

function exportLines(report: ExportReport): readonly string[] {
	const { agentCounts: counted, notExported } = report;
	const states = (of: typeof report.recipients): string =>
		`${numberText(of.queued)} queued, ${numberText(of.waiting)} waiting, ${numberText(of.held)} held`;
	return [
		`${countText(report.messages, 'message')} (${sizeText(report.bytes)}) in ${report.to}; recipients: ${states(report.recipients)}.`,
		...(counted === undefined ? [] : [`The agent, which goes on delivering, counts now: ${states(counted)}.`]),
		...(report.wereThere > 0 ? [`${countText(report.wereThere, 'file')} of an earlier run were there already.`] : []),
		...(report.removed > 0
			? [`${countText(report.removed, 'file')} of an earlier run were removed: that mail has left.`]
			: []),
		...(report.reportsOwed > 0
			? [`${countText(report.reportsOwed, 'message')} more: over, but the report to the sender is still owed.`]
			: []),
		...notExported.slice(0, namedMax).map(({ id, why }) => `Not exported: ${id}: ${why}.`),
		...(notExported.length > namedMax ? [`… and ${notExported.length - namedMax} more, all in index.json.`] : []),
		...(report.doubtfulBytes > 0 && report.agent === 'stopped'
			? [`The last ${sizeText(report.doubtfulBytes)} of the log are not whole: never acknowledged, or damaged.`]
			: []),
		...(report.damagedStretches > 0
			? [`${countText(report.damagedStretches, 'place')} of the log cannot be read: what was there is not exported.`]
			: []),
	];
}
