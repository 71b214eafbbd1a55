/**
 * The steps that wire the MTA to the agent, that take the wiring out, and that bypass it.
 *
 * Undoing runs backwards from the step that failed, so the step whose undo makes the MTA read its files again stands first. Pure.
 * Not here: what the files should hold (exim.ts, postfix.ts, cpanel.ts).
 */
import type { FileFact } from '../facts/machine.ts';
import { type Action, never, type Step, setFile } from './step.ts';
import { bareNow, changedFiles, type WiredFile, type Wiring, wantedNow } from './wiring.ts';

const root = { uid: 0, gid: 0 } as const;

export type WireParts = {
	/** Undefined: the secret is there and right. */
	readonly secret?: { readonly content: string; readonly former: FileFact | undefined; readonly folder: string };
	/** The file that bypasses the agent is there. */
	readonly isBypassed: boolean;
	/** An earlier wiring was cut off: going back means to what was before that. */
	readonly isInterrupted: boolean;
	/** What the MTA reads is the wiring, but for lists: a list alone needs nothing built or read anew. */
	readonly isEffective?: boolean;
	/** Only what can be done where no daemon runs. */
	readonly isOffline: boolean;
	/** Nobody to test with (`--force`). */
	readonly hasTest: boolean;
	/** What must be so at the agent before the first message comes. */
	readonly before?: readonly Step[];
	/** Only the stage changes: what is in force as it should be is left alone. */
	readonly isStage?: boolean;
};

export function wireSteps(wiring: Wiring, parts: WireParts): readonly Step[] {
	const { commands } = wiring;
	if (isListAlone(wiring, parts)) return listSteps(wiring, parts);
	return [
		reread('former', `${titleOf(wiring)} goes by its former settings again.`, wiring, 'undo', parts.isOffline),
		...(parts.before ?? []),
		...secretSteps(wiring, parts),
		...changedFiles(wiring).map((file) => writeStep(wiring, file, parts.isInterrupted)),
		...(commands.generate === undefined
			? []
			: [
					{
						id: 'generate',
						what: `Build Exim's configuration (${commands.generate.join(' ')}).`,
						doneWhen: never,
						apply: [{ kind: 'run' as const, command: commands.generate }],
						undo: [],
					},
				]),
		...(parts.isBypassed && wiring.bypassPath !== undefined ? [endBypass(wiring.bypassPath)] : []),
		...checkSteps(wiring, parts),
		...(parts.isOffline ? [] : [kick(wiring)]),
	];
}

/** Of all that is wired only a list that is looked up at each message is to change. */
const isListAlone = (
	wiring: Wiring,
	{ isEffective, secret, isBypassed, isInterrupted, isStage, before = [] }: WireParts,
): boolean =>
	isEffective === true &&
	secret === undefined &&
	!isBypassed &&
	!isInterrupted &&
	(isStage === true || (before.length === 0 && changedFiles(wiring).length > 0)) &&
	changedFiles(wiring).every(({ isList }) => isList === true);

const listSteps = (wiring: Wiring, parts: WireParts): readonly Step[] => [
	...(parts.before ?? []),
	...changedFiles(wiring).map((file) => writeStep(wiring, file, false)),
	...checkSteps(wiring, parts).filter(({ apply: [action] }) => action?.kind !== 'check' || action.check.isReadOnly),
	...(parts.isOffline ? [] : [kick(wiring)]),
];

export const titleOf = ({ mta }: Pick<Wiring, 'mta'>): string => (mta === 'exim' ? 'Exim' : 'Postfix');

/** The MTA reads its files anew: on the way forward, or only on the way back. */
function reread(id: string, what: string, wiring: Wiring, when: 'apply' | 'undo', isOffline: boolean): Step {
	const { generate, reload } = wiring.commands;
	const actions: readonly Action[] = [
		...(generate === undefined ? [] : [{ kind: 'run' as const, command: generate }]),
		...(isOffline ? [] : [{ kind: 'run' as const, command: reload }]),
	];
	return { id, what, doneWhen: never, apply: when === 'apply' ? actions : [], undo: when === 'undo' ? actions : [] };
}

function secretSteps({ secretPath }: Wiring, { secret }: WireParts): readonly Step[] {
	if (secretPath === undefined || secret === undefined) return [];
	const { folder, content, former } = secret;
	return [
		{
			id: 'secret',
			what: `Write the secret of the wiring header to ${secretPath} (root only).`,
			doneWhen: { kind: 'file-is', path: secretPath, content },
			apply: [
				{ kind: 'make-folder', path: folder, mode: 0o700 },
				{ kind: 'write', file: { path: secretPath, content, mode: 0o600, ...root } },
			],
			undo: [setFile(secretPath, former?.content, former), { kind: 'remove-folder', path: folder }],
		},
	];
}

function writeStep({ mta, commands }: Wiring, file: WiredFile, isInterrupted: boolean): Step {
	const { path, current, bare, wanted } = file;
	const verb = current === undefined ? 'Make' : wanted === undefined ? 'Remove' : 'Change';
	// Exim reads a single file the moment it is there; what does not parse must never be.
	const verify =
		mta === 'exim' && commands.generate === undefined && file.isList !== true
			? { verify: (fresh: string) => ['/usr/sbin/exim4', '-C', fresh, '-bV'] }
			: {};
	const forward = setFile(path, wanted, current);
	return {
		id: `file ${path}`,
		what: `${verb} ${path}.`,
		doneWhen: { kind: 'file-is', path, content: wanted },
		apply: [forward.kind === 'write' ? { ...forward, ...verify } : forward],
		undo: [setFile(path, isInterrupted ? bare : current?.content, current)],
	};
}

function endBypass(path: string): Step {
	return {
		id: 'bypass',
		what: 'End the bypass.',
		doneWhen: { kind: 'file-is', path, content: undefined },
		apply: [{ kind: 'remove', path }],
		undo: [{ kind: 'write', file: { path, content: '', mode: 0o644, ...root } }],
	};
}

function checkSteps({ checks }: Wiring, { isOffline, hasTest }: WireParts): readonly Step[] {
	return checks.flatMap((check): readonly Step[] => {
		// Frozen mail of long ago is no news about the wiring, and the probe itself is looked for at the agent.
		if (check.id === 'exim.nothing-frozen') return [];
		if (check.kind === 'probe' ? isOffline || !hasTest : isOffline && !check.isReadOnly) return [];
		const action: Action = check.kind === 'probe' ? { kind: 'test', check } : { kind: 'check', check };
		return [{ id: check.id, what: check.sentence, doneWhen: never, apply: [action], undo: [] }];
	});
}

/** Mail that waits at the MTA for another try goes now, by the way that is in force now. */
function kick({ commands }: Wiring): Step {
	return {
		id: 'kick',
		what: 'Try mail that waits at the MTA.',
		doneWhen: never,
		apply: [{ kind: 'run', command: commands.kick, isDetached: true }],
		undo: [],
	};
}

export type UnwireParts = {
	/** Files as they were, where nobody has touched them since; others lose only what is ours. */
	readonly former: ReadonlyMap<string, FileFact>;
	readonly isOffline: boolean;
	readonly keepsSecret: boolean;
	readonly secretFolder?: string;
};

export function unwireSteps(wiring: Wiring, parts: UnwireParts): readonly Step[] {
	const { secretPath, bypassPath } = wiring;
	const paths = [bypassPath, ...(parts.keepsSecret ? [] : [secretPath])].filter((path) => path !== undefined);
	return [
		...wiring.files
			.filter((file) => !bareNow(file))
			.map((file): Step => {
				const former = parts.former.get(file.path);
				const content = former?.content ?? file.bare;
				return {
					id: `file ${file.path}`,
					what: content === undefined ? `Remove ${file.path}.` : `Take the wiring out of ${file.path}.`,
					doneWhen: { kind: 'file-is', path: file.path, content },
					apply: [setFile(file.path, content, former ?? file.current)],
					undo: [],
				};
			}),
		reread('reload', `${titleOf(wiring)} goes by its former settings.`, wiring, 'apply', parts.isOffline),
		...(paths.length === 0
			? []
			: [
					{
						id: 'secret',
						what: 'Remove the secret and the switch of the bypass.',
						doneWhen: never,
						apply: [
							...paths.map((path) => ({ kind: 'remove' as const, path })),
							...(parts.secretFolder === undefined
								? []
								: [{ kind: 'remove-folder' as const, path: parts.secretFolder }]),
						],
						undo: [],
					},
				]),
		...(parts.isOffline ? [] : [kick(wiring)]),
	];
}

/** Mail leaves by the former route at once. Exim asks for a file at each message; Postfix has to be told. */
export function bypassSteps(wiring: Wiring, isOffline: boolean): readonly Step[] {
	const { bypassPath } = wiring;
	const last = isOffline ? [] : [kick(wiring)];
	if (bypassPath !== undefined)
		return [
			{
				id: 'bypass',
				what: 'Exim delivers directly from the next message on.',
				doneWhen: { kind: 'file-is', path: bypassPath, content: '' },
				apply: [{ kind: 'write', file: { path: bypassPath, content: '', mode: 0o644, ...root } }],
				undo: [{ kind: 'remove', path: bypassPath }],
			},
			...last,
		];
	return [
		reread('former', 'Postfix relays to the agent again.', wiring, 'undo', isOffline),
		...wiring.files.map(
			({ path, current, bare }): Step => ({
				id: `file ${path}`,
				what: `Take the wiring out of ${path}; it is remembered.`,
				doneWhen: { kind: 'file-is', path, content: bare },
				apply: [setFile(path, bare, current)],
				undo: [setFile(path, current?.content, current)],
			}),
		),
		reread('reload', 'Postfix delivers directly.', wiring, 'apply', isOffline),
		...last,
	];
}

/** Nothing at all has to be changed for the wiring to be in force. */
export const isInForce = (wiring: Wiring): boolean => wiring.files.every(wantedNow);
