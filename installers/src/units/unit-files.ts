/**
 * Every unit file of an installed server, as text. Names and rights are those of docs/install.md; docs/reference/units.md shows them all.
 *
 * All sockets are held by systemd, in a folder of root's: they stay over restarts, so that the MTA waits instead of being refused, and
 * nobody but root can put another one at their names. The relay port is below 1024, which no tenant can ever bind.
 * Pure. Not here: what is closed to whom (sandbox.ts), the relay guard's rule (relay-guard.ts), starting them (unit-steps.ts).
 * systemd.socket(5), systemd.service(5), systemd.exec(5), sd_listen_fds(3).
 */
import {
	agentHoldFile,
	agentSocket,
	agentUser,
	configFile,
	currentRelease,
	helperSocket,
	panelSocket,
	panelUser,
	relayGuardFile,
	runFolder,
	tmpfilesFile,
	unitFolder,
} from '../facts/places.ts';
import * as names from './names.ts';
import { guardTable } from './relay-guard.ts';
import { agentSandbox, guardSandbox, panelSandbox, rootSandbox } from './sandbox.ts';

export type UnitFile = { readonly path: string; readonly content: string };

/** Section → lines. A line is `Key=value`. */
type Sections = { readonly [section: string]: readonly string[] };

const command = `${currentRelease}/bin/sluice`;
const node = `${currentRelease}/bin/node`;
/** Where the hooks of cPanel leave word; panel-cpanel makes and empties it. */
const eventsFolder = '/var/lib/sluice-cpanel/events';
/**
 * A part that ended by a fault stays ended for this long: a socket on which somebody waits would start it again at once, many times a
 * second, until systemd gives the socket up.
 */
const pauseSeconds = 1;
const pauseAfterFault = (seconds = pauseSeconds): string =>
	`ExecStopPost=/bin/sh -c 'test "$$SERVICE_RESULT" = success || sleep ${seconds}'`;
/**
 * While this file is there the agent is not started, and who connects waits: the sockets start whatever is stopped, so a command
 * that replaces the program between stopping and starting makes it. It holds for
 * so many seconds at most and is taken away then: a killed command must not stop mail.
 */
const holdSeconds = 90;
const waitWhileHeld = `ExecStartPre=+/bin/sh -c 'n=0; while test -e ${agentHoldFile} && test $$n -lt ${holdSeconds * 5}; do sleep 0.2; n=$$((n+1)); done; rm -f ${agentHoldFile}'`;
/** Connections that may wait while the agent is started anew; the kernel's own bound (net.core.somaxconn) holds too. */
const relayBacklog = 4096;
const filesMax = 65_536;

const text = (sections: Sections): string =>
	`# Written by sluice; a change here is lost at the next upgrade: use \`systemctl edit\`.\n${Object.entries(sections)
		.map(([section, lines]) => `\n[${section}]\n${lines.join('\n')}\n`)
		.join('')}`;

const unit = (name: string, sections: Sections): UnitFile => ({
	path: `${unitFolder}/${name}`,
	content: text(sections),
});

/** Every file for these settings, in the order of docs/reference/units.md. */
export function unitFiles(settings: names.UnitSettings): readonly UnitFile[] {
	const { guard } = settings;
	return [
		tmpfiles,
		...(guard === undefined ? [] : [guardService(guard.nft)]),
		smtpSocket(settings),
		apiSocket(settings),
		agentService(settings),
		...(settings.panel === 'none' ? [] : cpanelUnits),
		watchService,
		watchTimer,
	];
}

const tmpfiles: UnitFile = {
	path: tmpfilesFile,
	content: `# Written by sluice. Root's own: nobody else can put a socket at a name that root's programs open.\nd ${runFolder} 0755 root root -\n`,
};

/**
 * Before the relay port is open. No default dependencies: sockets come before what ordinary services wait for, and this comes before a
 * socket, which wants it and so starts it. A restart or reload of nftables.service flushes all tables, ours too, and starts this anew.
 */
const guardService = (nft: string): UnitFile =>
	unit(names.guardUnit, {
		Unit: [
			'Description=Who may speak to the relay port of Sluice',
			'DefaultDependencies=no',
			'Conflicts=shutdown.target',
			`Before=shutdown.target ${names.smtpSocketUnit}`,
			'After=local-fs.target nftables.service',
			'PartOf=nftables.service',
			'ReloadPropagatedFrom=nftables.service',
		],
		Service: [
			'Type=oneshot',
			'RemainAfterExit=yes',
			`ExecStart=${nft} -f ${relayGuardFile}`,
			`ExecReload=${nft} -f ${relayGuardFile}`,
			`ExecStop=-${nft} delete table inet ${guardTable}`,
			...guardSandbox,
		],
	});

const smtpSocket = ({ relayPort, guard }: names.UnitSettings): UnitFile =>
	unit(names.smtpSocketUnit, {
		Unit: [
			'Description=Relay port of Sluice',
			// Wanted, not required: a firewall that fails must not stop mail, and the agent asks the kernel itself.
			...(guard === undefined ? [] : [`Wants=${names.guardUnit}`, `After=${names.guardUnit}`]),
		],
		Socket: [
			`ListenStream=127.0.0.1:${relayPort}`,
			'FileDescriptorName=smtp',
			`Service=${names.agentUnit}`,
			`Backlog=${relayBacklog}`,
			'NoDelay=yes',
		],
		Install: ['WantedBy=sockets.target'],
	});

/** Without a panel nobody but root and the agent itself has anything to say there. */
const apiSocket = ({ panel }: names.UnitSettings): UnitFile =>
	unit(names.apiSocketUnit, {
		Unit: ['Description=API of the Sluice agent'],
		Socket: [
			`ListenStream=${agentSocket}`,
			'SocketMode=0660',
			`SocketUser=${agentUser}`,
			`SocketGroup=${panel === 'none' ? agentUser : panelUser}`,
			'DirectoryMode=0755',
			'FileDescriptorName=api',
			`Service=${names.agentUnit}`,
			'RemoveOnStop=yes',
		],
		Install: ['WantedBy=sockets.target'],
	});

const agentService = ({ guard }: names.UnitSettings): UnitFile =>
	unit(names.agentUnit, {
		Unit: [
			'Description=Sluice, outbound mail relay',
			`Requires=${names.smtpSocketUnit} ${names.apiSocketUnit}`,
			`After=${names.smtpSocketUnit} ${names.apiSocketUnit} network-online.target nss-lookup.target`,
			`Wants=network-online.target${guard === undefined ? '' : ` ${names.guardUnit}`}`,
			// Tried again as long as it takes: mail waits at the MTA meanwhile, and the watch tells.
			'StartLimitIntervalSec=0',
		],
		Service: [
			'Type=notify',
			// The word to systemd is sent by a child: io/system/service-manager.ts.
			'NotifyAccess=all',
			`Sockets=${names.smtpSocketUnit} ${names.apiSocketUnit}`,
			`User=${agentUser}`,
			`Group=${agentUser}`,
			'StateDirectory=sluice',
			'StateDirectoryMode=0700',
			waitWhileHeld,
			`ExecStart=${command} agent run --config ${configFile}`,
			'ExecReload=/bin/kill -HUP $MAINPID',
			'Restart=always',
			'RestartSec=100ms',
			pauseAfterFault(),
			// A spool of millions of open messages is read before it is ready.
			'TimeoutStartSec=600',
			'TimeoutStopSec=60',
			'WatchdogSec=60',
			`LimitNOFILE=${filesMax}`,
			'LimitCORE=0',
			'OOMScoreAdjust=-200',
			...agentSandbox,
		],
		Install: ['WantedBy=multi-user.target'],
	});

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

/** What it has started (a queue run) goes on when it ends. */
const rootService = (description: string, more: readonly string[], after: readonly string[] = []): Sections => ({
	Unit: [`Description=${description}`, ...after],
	Service: [...more, 'KillMode=process', ...rootSandbox],
});

const cpanelUnits: readonly UnitFile[] = [
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

const watchService: UnitFile = unit(
	names.watchUnit,
	rootService('Does the Sluice agent take mail', ['Type=oneshot', `ExecStart=${command} watch`, 'TimeoutStartSec=600']),
);

const watchTimer: UnitFile = unit(names.watchTimerUnit, {
	Unit: ['Description=Does the Sluice agent take mail, every 30 seconds'],
	Timer: ['OnBootSec=1min', 'OnUnitInactiveSec=30s', 'AccuracySec=1s'],
	Install: ['WantedBy=timers.target'],
});
