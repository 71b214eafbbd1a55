/**
 * Every unit file of an installed server, as text. Names and rights are those of docs/install.md; docs/reference/units.md shows them all.
 *
 * All sockets are held by systemd, in a folder of root's: they stay over restarts, so that the MTA waits instead of being refused, and
 * nobody but root can put another one at their names. The relay port is below 1024, which no tenant can ever bind.
 * Pure. Not here: those of a panel (panel-units.ts), what is closed to whom (sandbox.ts), the relay guard's rule (relay-guard.ts), starting them (unit-steps.ts).
 * systemd.socket(5), systemd.service(5), systemd.exec(5), sd_listen_fds(3).
 */
import {
	agentSocket,
	agentUser,
	configFile,
	currentRelease,
	panelUser,
	relayGuardFile,
	runFolder,
	tmpfilesFile,
} from '../facts/places.ts';
import * as names from './names.ts';
import { cpanelUnits } from './panel-units.ts';
import { guardTable } from './relay-guard.ts';
import { agentSandbox, guardSandbox } from './sandbox.ts';
import { command, node, pauseAfterFault, rootService, type UnitFile, unit } from './unit-text.ts';

/** Connections that may wait while the agent is started anew; the kernel's own bound (net.core.somaxconn) holds too. */
const relayBacklog = 4096;
const filesMax = 65_536;

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

const watchService: UnitFile = unit(
	names.watchUnit,
	rootService('Does the Sluice agent take mail', [
		'Type=oneshot',
		// Not the command: the watch judges whether that works.
		`ExecStart=${node} ${currentRelease}/program/watch.js`,
		'TimeoutStartSec=600',
	]),
);

const watchTimer: UnitFile = unit(names.watchTimerUnit, {
	Unit: ['Description=Does the Sluice agent take mail, every 30 seconds'],
	Timer: ['OnBootSec=1min', 'OnUnitInactiveSec=30s', 'AccuracySec=1s'],
	Install: ['WantedBy=timers.target'],
});
