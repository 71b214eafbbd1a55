/**
 * What the parts may not do, as directives of systemd.
 *
 * Three of them: the agent (network, a data folder, nothing else), the panel server (no network at all), and root's short runs and its helper, which call
 * the panel's, the MTA's and systemd's own programs and can be closed only as far as those still work. An older systemd (239 on AlmaLinux 8) passes
 * over what it does not know, with a line in its log; nothing here means something else there. `systemd-analyze security` says what is
 * left: test/install/units.test.ts holds the agent and the panel server to 2.5.
 *
 * Left out, and why: `MemoryDenyWriteExecute` (V8 compiles), `PrivateUsers` for the agent (users of others would read as 65534, and by their
 * number the agent knows the MTA), `ProcSubset=pid` for the agent (`/proc/net/tcp` would be gone, which tells it that number).
 */

/** For each that touches nothing but its own files, whatever it does. */
const common = [
	'NoNewPrivileges=yes',
	'AmbientCapabilities=',
	'UMask=0077',
	'ProtectSystem=strict',
	'ProtectHome=yes',
	'PrivateTmp=yes',
	'PrivateDevices=yes',
	'DevicePolicy=closed',
	'ProtectKernelTunables=yes',
	'ProtectKernelModules=yes',
	'ProtectKernelLogs=yes',
	'ProtectControlGroups=yes',
	'ProtectClock=yes',
	'ProtectHostname=yes',
	'ProtectProc=invisible',
	'RestrictNamespaces=yes',
	'RestrictRealtime=yes',
	'RestrictSUIDSGID=yes',
	'LockPersonality=yes',
	'RemoveIPC=yes',
	'KeyringMode=private',
	'SystemCallArchitectures=native',
	// Refused, not killed: what Node tries first and does without when it may not.
	'SystemCallErrorNumber=EPERM',
	'SystemCallFilter=@system-service',
	'SystemCallFilter=~@privileged @resources',
] as const;

const unprivileged = [...common, 'CapabilityBoundingSet=', 'SecureBits=noroot noroot-locked'] as const;

/** AF_NETLINK: addresses of this server (`delivery` from an address that is not here is found out by that). */
export const agentSandbox: readonly string[] = [
	...unprivileged,
	'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
];

export const panelSandbox: readonly string[] = [
	...unprivileged,
	'PrivateNetwork=yes',
	'IPAddressDeny=any',
	'RestrictAddressFamilies=AF_UNIX',
	'ProcSubset=pid',
];

/** nft: it speaks to the kernel about packets, and to nobody else. */
export const guardSandbox: readonly string[] = [
	...common,
	'CapabilityBoundingSet=CAP_NET_ADMIN',
	'RestrictAddressFamilies=AF_NETLINK',
	'ProcSubset=pid',
];

/**
 * Root that runs others' programs: Exim's, the panel's, systemd's. Their files are what it changes, so no file system is closed to it. What it
 * starts may go on living, a queue run with tenants' pipes below it: so no namespaces of its own, in which those would be, and no
 * `NoNewPrivileges`, with which Exim could not become root again where it has stepped down. Kernel, clock, raw devices and the like are
 * nobody's business there.
 */
export const rootSandbox: readonly string[] = [
	'CapabilityBoundingSet=~CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_BOOT CAP_SYS_TIME CAP_SYS_PACCT CAP_SYSLOG CAP_MKNOD CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_NET_RAW CAP_NET_BROADCAST CAP_SYS_TTY_CONFIG CAP_LEASE',
	'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
	'RestrictRealtime=yes',
	'LockPersonality=yes',
	'KeyringMode=private',
	'SystemCallErrorNumber=EPERM',
	'SystemCallFilter=~@clock @cpu-emulation @debug @module @obsolete @raw-io @reboot @swap',
];

/** What systemd 239 passes over; the last two also 245. systemd's NEWS. */
export const notIn239 = [
	'ProtectHostname',
	'RestrictSUIDSGID',
	'ProtectKernelLogs',
	'ProtectClock',
	'ProtectProc',
	'ProcSubset',
] as const;
