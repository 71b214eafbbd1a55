/**
 * Where everything of an installed server lies: the one list that units, plan, doctor, watch and uninstall go by.
 *
 * Names of docs/install.md; scripts and people rely on them. Not here: places of cPanel's (panel-cpanel/install-map.ts) and of the MTA.
 */

/** Releases stand beside one another; `current` is a link, so that going over to another one, and back, is one rename. */
export const programFolder = '/opt/sluice';
export const releasesFolder = `${programFolder}/releases`;
export const currentRelease = `${programFolder}/current`;
/** What an administrator types; a link to `current/bin/sluice`. */
export const commandLink = '/usr/local/bin/sluice';

export const configFolder = '/etc/sluice';
export const configFile = `${configFolder}/agent.yaml`;
export const configParts = `${configFolder}/conf.d`;
export const wiringSecretFile = `${configFolder}/wiring-secret`;
/** The kernel's rule on who may speak to the relay port, as nft reads it. */
export const relayGuardFile = `${configFolder}/relay-guard.nft`;

export const dataFolder = '/var/lib/sluice';
export const panelDataFolder = '/var/lib/sluice-panel';
/** Root's own; never below a folder of the agent's user. */
export const installFolder = '/var/lib/sluice-install';
export const watchFolder = '/var/lib/sluice-watch';
export const helperDataFolder = '/var/lib/sluice-helper';
/** What the reconcile of cPanel's accounts remembers. */
export const reconcileFolder = '/var/lib/sluice-cpanel';

/** Root's: the agent's user must not be able to put another socket at a name that root's programs open. */
export const runFolder = '/run/sluice';
export const agentSocket = `${runFolder}/agent.sock`;
export const panelSocket = `${runFolder}/panel.sock`;
export const helperSocket = `${runFolder}/helper.sock`;

export const unitFolder = '/etc/systemd/system';
export const tmpfilesFile = '/etc/tmpfiles.d/sluice.conf';

export const agentUser = 'sluice';
export const panelUser = 'sluice-panel';
