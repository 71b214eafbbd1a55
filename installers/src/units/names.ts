/**
 * The units of an installed server by name, and what is decided about them before their text is written.
 *
 * A server without a panel has no pages, so nobody there asks anything of root: panel server, root helper and reconcile are left out, and
 * with them every name that could be attacked for nothing. `sluice` itself is root's command and needs none of them.
 * Pure. Not here: what is in them (unit-files.ts), putting them there (unit-steps.ts).
 */

export type PanelKind = 'none' | 'cpanel';

export type Guard = {
	/** Where nft is. */
	readonly nft: string;
	/** Who may connect to the relay port: root and the MTA's user. */
	readonly uids: readonly number[];
};

export type UnitSettings = {
	readonly relayPort: number;
	readonly panel: PanelKind;
	/** Absent: no nft here, or one that the kernel refuses. The agent then asks the kernel at each connection who it is. */
	readonly guard?: Guard;
};

export const smtpSocketUnit = 'sluice-smtp.socket';
export const apiSocketUnit = 'sluice-api.socket';
export const agentUnit = 'sluice-agent.service';
export const guardUnit = 'sluice-relay-guard.service';
export const panelSocketUnit = 'sluice-panel.socket';
export const panelUnit = 'sluice-panel.service';
export const helperSocketUnit = 'sluice-helper.socket';
export const helperUnit = 'sluice-helper.service';
export const reconcileUnit = 'sluice-reconcile.service';
export const reconcileTimerUnit = 'sluice-reconcile.timer';
export const reconcilePathUnit = 'sluice-reconcile.path';
export const watchUnit = 'sluice-watch.service';
export const watchTimerUnit = 'sluice-watch.timer';

/** What keeps mail going and draws the pages, in the order in which it is started. */
export const servingUnits = ({ panel, guard }: Pick<UnitSettings, 'panel' | 'guard'>): readonly string[] => [
	...(guard === undefined ? [] : [guardUnit]),
	smtpSocketUnit,
	apiSocketUnit,
	agentUnit,
	...(panel === 'none' ? [] : [helperSocketUnit, panelSocketUnit]),
];

/** What looks after it again and again; started last, when there is something to look after. */
export const recurringUnits = ({ panel }: Pick<UnitSettings, 'panel'>): readonly string[] => [
	...(panel === 'none' ? [] : [reconcileTimerUnit, reconcilePathUnit]),
	watchTimerUnit,
];

/** Started by the others, when they are asked something. Never enabled. */
export const startedUnits = ({ panel }: Pick<UnitSettings, 'panel'>): readonly string[] => [
	...(panel === 'none' ? [] : [panelUnit, helperUnit, reconcileUnit]),
	watchUnit,
];
