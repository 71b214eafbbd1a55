/**
 * The units that only a server with a panel has: panel server, root helper, reconcile. As text; docs/reference/units.md shows them.
 *
 * Pure. systemd.socket(5), systemd.timer(5), systemd.path(5).
 */
import { currentRelease, helperSocket, panelSocket, panelUser } from '../facts/places.ts';
import * as names from './names.ts';
import { panelSandbox } from './sandbox.ts';
import { command, node, pauseAfterFault, rootService, type UnitFile, unit } from './unit-text.ts';

/** Where the hooks of cPanel leave word; panel-cpanel makes and empties it. */
const eventsFolder = '/var/lib/sluice-cpanel/events';

const panelService: UnitFile = unit(names.panelUnit, {
	Unit: [
		'Description=Pages of Sluice, for WHM and cPanel',
		`Requires=${names.panelSocketUnit}`,
		'StartLimitIntervalSec=0',
	],
	Service: [
		`User=${panelUser}`,
		`Group=${panelUser}`,
		'StateDirectory=sluice-panel',
		'StateDirectoryMode=0700',
		`ExecStart=${node} ${currentRelease}/program/panel.js`,
		'Restart=on-failure',
		'RestartSec=100ms',
		pauseAfterFault(),
		'LimitCORE=0',
		...panelSandbox,
	],
});

export const cpanelUnits: readonly UnitFile[] = [
	unit(names.helperSocketUnit, {
		Unit: ['Description=Root helper of Sluice'],
		Socket: [
			`ListenStream=${helperSocket}`,
			'SocketMode=0660',
			'SocketUser=root',
			`SocketGroup=${panelUser}`,
			'DirectoryMode=0755',
			'RemoveOnStop=yes',
		],
		Install: ['WantedBy=sockets.target'],
	}),
	unit(
		names.helperUnit,
		rootService(
			'Root helper of Sluice',
			[`ExecStart=${command} helper run`, 'Restart=on-failure', 'RestartSec=100ms', pauseAfterFault()],
			[`Requires=${names.helperSocketUnit}`, 'StartLimitIntervalSec=0'],
		),
	),
	// 0660 root: the scripts in WHM and the Admin module of cPanel run as root.
	unit(names.panelSocketUnit, {
		Unit: ['Description=Pages of Sluice, for WHM and cPanel'],
		Socket: [
			`ListenStream=${panelSocket}`,
			'SocketMode=0660',
			'SocketUser=root',
			'SocketGroup=root',
			'DirectoryMode=0755',
			'RemoveOnStop=yes',
		],
		Install: ['WantedBy=sockets.target'],
	}),
	panelService,
	unit(
		names.reconcileUnit,
		rootService(
			'Accounts of cPanel, told to the Sluice agent',
			[
				'Type=oneshot',
				`ExecStart=${command} panel reconcile --once`,
				// After an update of cPanel it also puts Exim's wiring right, which builds a configuration.
				'TimeoutStartSec=900',
				'Nice=5',
				// Notes of hooks that it could not take along start it again.
				pauseAfterFault(5),
			],
			['StartLimitIntervalSec=0'],
		),
	),
	unit(names.reconcileTimerUnit, {
		Unit: ['Description=Accounts of cPanel, every five minutes'],
		Timer: ['OnBootSec=1min', 'OnUnitInactiveSec=5min'],
		Install: ['WantedBy=timers.target'],
	}),
	unit(names.reconcilePathUnit, {
		Unit: ['Description=Accounts of cPanel, at once after a change'],
		Path: [`DirectoryNotEmpty=${eventsFolder}`, 'MakeDirectory=yes', 'DirectoryMode=0700'],
		Install: ['WantedBy=paths.target'],
	}),
];
