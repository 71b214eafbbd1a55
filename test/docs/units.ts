/** docs/reference/units.md: every unit file as the installer writes it. */
import { relayGuardFile } from '@sluice/installers/facts/places.ts';
import type { UnitSettings } from '@sluice/installers/units/names.ts';
import { guardText } from '@sluice/installers/units/relay-guard.ts';
import { notIn239 } from '@sluice/installers/units/sandbox.ts';
import { unitFiles } from '@sluice/installers/units/unit-files.ts';
import { header, type Page } from './page.ts';

/** cPanel's Exim runs as number 47 where nothing was changed. */
const mtaUid = 47;
const settings: UnitSettings = { relayPort: 926, panel: 'cpanel', guard: { nft: '/usr/sbin/nft', uids: [0, mtaUid] } };

const intro = `# Units of an installed server

The files that an installation puts into \`/etc/systemd/system\`, as they are on a server with cPanel, a relay port of 926 and nft. On a server without a panel those of panel server, root helper and reconcile are left out, since there are no pages that could ask anything, and \`agent.sock\` is the group \`sluice\`'s. Without a working nft the relay guard is left out; the agent asks the kernel at each connection who the peer is, as it does in any case.

Changes belong into \`systemctl edit UNIT\`: these files are written anew by an upgrade.

| unit | runs as | does |
|---|---|---|
| \`sluice-relay-guard.service\` | root, with one capability | loads \`${relayGuardFile}\`: only root and the MTA's user may connect to the relay port |
| \`sluice-smtp.socket\` | systemd holds it | the relay port, kept over restarts: who connects meanwhile waits |
| \`sluice-api.socket\` | systemd holds it | \`agent.sock\`, 0660 \`sluice:sluice-panel\` |
| \`sluice-agent.service\` | \`sluice\`, no capability | the agent |
| \`sluice-helper.socket\`, \`.service\` | root, started when asked | a closed list of acts for the pages |
| \`sluice-panel.socket\`, \`.service\` | \`sluice-panel\`, no network, started when asked | draws the pages |
| \`sluice-reconcile.timer\`, \`.path\`, \`.service\` | root, short runs | accounts of the panel, told to the agent |
| \`sluice-watch.timer\`, \`.service\` | root, short runs every 30 s | whether the agent takes mail |

**How closed they are.** \`systemd-analyze security\` of systemd 252, 0 being closed and 10 open: agent 1.5, panel server 0.4, relay guard 1.6. Root helper, reconcile and watch 7.1: they run programs of the panel, the MTA and systemd, and a queue run that they start goes on below them with tenants' pipes, so file systems, setuid and namespaces stay as the server has them; what is shut is kernel, clock and raw devices. Tests hold them to 2.5, 2.5, 2.5 and 7.5.

**What is left open, and why.** The agent compiles (V8), so memory may be written and run. It must see users of others by their number and \`/proc/net/tcp\`, so it has no user namespace of its own and sees all of \`/proc\` but the processes of others. \`dataDir\` elsewhere than in \`/var/lib/sluice\` needs \`ReadWritePaths=\` (\`systemctl edit sluice-agent\`).

**Older systemd.** 239 (AlmaLinux, CloudLinux and Rocky 8) does not know ${notIn239.map((name) => `\`${name}=\``).join(', ')} and passes over them with a line in its log; 245 (Ubuntu 20.04) only the last two. Nothing here means something else there.

**Stopping the agent for good.** A socket starts what it leads to: \`systemctl stop sluice-agent\` alone lasts until the next connection. With \`systemctl stop sluice-smtp.socket sluice-api.socket sluice-agent\` it stays down, and the MTA keeps the mail.
`;

export function unitsPage(): Page {
	const files = [
		...unitFiles(settings),
		{ path: relayGuardFile, content: guardText(settings.relayPort, settings.guard?.uids ?? []) },
	];
	const sections = files.map(({ path, content }) => `\n## \`${path}\`\n\n\`\`\`ini\n${content.trimEnd()}\n\`\`\`\n`);
	return { path: 'docs/reference/units.md', text: header('installers/src/units') + intro + sections.join('') };
}
