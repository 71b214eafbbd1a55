/**
 * `sluice panel reconcile`: once or again and again, in sentences or in JSON. After an update of cPanel also what it has taken away
 * (upgraded.ts), behind the accounts and without keeping them from being told.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type CommonOptions, socketPathFor } from '@sluice/agent/main/commands/options.ts';
import { clean, jsonText } from '@sluice/agent/main/commands/render/text.ts';
import type { Terminal } from '@sluice/agent/main/commands/terminal.ts';
import { systemCpanelApi } from '@sluice/panel-cpanel/api/cpanel-api.ts';
import { systemCpanelFiles } from '@sluice/panel-cpanel/api/files.ts';
import { dryRun, dryRunSentence } from '@sluice/panel-cpanel/reconcile/dry-run.ts';
import type { ReconcileFailure } from '@sluice/panel-cpanel/reconcile/failure.ts';
import { type ReconcilePorts, type ReconcileReport, reconcile } from '@sluice/panel-cpanel/reconcile/reconcile.ts';
import { reportSentence } from '@sluice/panel-cpanel/reconcile/sentence.ts';
import { type Mended, mendAfterUpgrade } from '@sluice/panel-cpanel/reconcile/upgrade.ts';
import { type Watching, watchReconcile } from '@sluice/panel-cpanel/reconcile/watch.ts';
import { createClient } from '@sluice/shared/client/client.ts';
import type { Result } from '@sluice/shared/words/result.ts';
import { stateFolderDefault } from '../apply/journal.ts';

export type ReconcileOptions = CommonOptions & {
	readonly once?: boolean;
	readonly dryRun?: boolean;
	readonly root: string;
	readonly state: string;
	readonly config?: string;
};

/** The outside of the command; tests bring their own. */
export type ReconcileOutside = {
	readonly ports: ReconcilePorts;
	/** What cPanel's updates take away is put right by this; undefined: this server does not run. */
	readonly mend: (() => Promise<readonly Mended[]>) | undefined;
};

/** In whose name the agent is told; what a person does has another. */
const panelActor = { role: 'admin', id: 'cpanel' } as const;

/** Everything of the server below `root`. */
export function reconcilePorts(
	socketPath: string,
	{ root, state }: Pick<ReconcileOptions, 'root' | 'state'>,
): ReconcilePorts {
	const below = (path: string): string => (root === '/' ? path : `${root}${path}`);
	return {
		api: systemCpanelApi({
			whmapi1: below('/usr/local/cpanel/bin/whmapi1'),
			uapi: below('/usr/local/cpanel/bin/uapi'),
		}),
		files: systemCpanelFiles(root),
		client: createClient(socketPath, panelActor),
		place: { folder: state, spool: `${state}/events` },
		now: Date.now,
	};
}

function systemOutside(terminal: Terminal, options: ReconcileOptions): ReconcileOutside {
	const ports = reconcilePorts(socketPathFor(terminal, options), options);
	if (options.root !== '/') return { ports, mend: undefined };
	return {
		ports,
		async mend() {
			// Loaded only then: most runs have nothing to put right.
			const [{ mendUpgraded }, { systemPorts }] = await Promise.all([
				import('./upgraded.ts'),
				import('../mta/commands.ts'),
			]);
			return mendUpgraded({
				terminal,
				options: { ...options, state: stateFolderDefault },
				ports: await systemPorts(),
			});
		},
	};
}

export async function reconcileCommand(
	terminal: Terminal,
	options: ReconcileOptions,
	{ ports, mend }: ReconcileOutside = systemOutside(terminal, options),
): Promise<void> {
	const isJson = options.json === true;
	if (options.dryRun === true) {
		const found = await dryRun(ports);
		if (!found.ok) return refuse(terminal, found.error, isJson);
		terminal.writeOut(isJson ? jsonText(found.value) : `${clean(dryRunSentence(found.value))}\n`);
		return;
	}
	const tell = (done: Result<ReconcileReport, ReconcileFailure>): void => {
		if (done.ok) terminal.writeOut(isJson ? jsonText(done.value) : `${clean(reportSentence(done.value))}\n`);
		else refuse(terminal, done.error, isJson);
	};
	const looked = async (): Promise<void> => {
		if (mend === undefined) return;
		const done = await mendAfterUpgrade({ folder: ports.place.folder, files: ports.files, mend, now: ports.now });
		for (const one of done ?? []) tellMended(terminal, one, isJson);
	};
	const watch = (onDone: () => void) =>
		watchReconcile({
			spool: ports.place.spool,
			run: () => reconcile(ports),
			onRun(done, retryInMs) {
				tell(done);
				onDone();
				if (retryInMs !== undefined && !isJson) terminal.writeErr(`Again in ${Math.round(retryInMs / 1000)} s.\n`);
			},
		});
	if (options.once === true) {
		tell(await reconcile(ports));
		return besides(looked(), () => watch(() => {}));
	}
	let looking: Promise<void> | undefined;
	const watching = watch(() => {
		// Not waited for: it may take minutes, and the next account is told meanwhile.
		looking ??= looked()
			.catch((error: Error) => terminal.writeErr(`${error.message}\n`))
			.finally(() => {
				looking = undefined;
			});
	});
	terminal.onInterrupt(() => void watching.stop());
	await watching.ended;
	await looking;
	terminal.endWith(0);
}

const patienceMs = 2000;

/** While one run puts things right, the service manager begins no other: what takes long is done besides watching. */
async function besides(work: Promise<void>, watch: () => Watching): Promise<void> {
	const isLong = await Promise.race([work.then(() => false), pause(patienceMs, true, { ref: false })]);
	if (!isLong) return;
	const watching = watch();
	try {
		await work;
	} finally {
		await watching.stop();
	}
}

/** One line each; nothing of what is not here. */
function tellMended(terminal: Terminal, mended: Mended, isJson: boolean): void {
	if (mended.outcome === 'absent') return;
	const isFailure = mended.outcome === 'failed';
	const line = isFailure ? `${mended.text} ${mended.hint}` : mended.text;
	const said = isJson ? jsonText({ after: 'upgrade', ...mended }) : `${clean(line)}\n`;
	if (isFailure) {
		terminal.writeErr(said);
		terminal.endWith(1);
	} else terminal.writeOut(said);
}

const hints: { readonly [K in ReconcileFailure['kind']]: string } = {
	busy: 'Nothing is lost: it reads the same.',
	machine: 'The accounts that the agent knows stay as they are.',
	panel: 'The accounts that the agent knows stay as they are. Try the function with whmapi1 by hand.',
	agent: '`sluice status` tells how the agent is. The next run tells it everything.',
};

/** That another is at work is no failure: whoever asked gets what he wanted. */
function refuse(terminal: Terminal, { kind, text }: ReconcileFailure, isJson: boolean): void {
	const document = { type: `urn:sluice:reconcile-${kind}`, title: 'Not done', detail: text, hint: hints[kind] };
	terminal.writeErr(isJson ? jsonText(document) : `${clean(text)}\n${hints[kind]}\n`);
	terminal.endWith(kind === 'busy' ? 0 : 1);
}
