/**
 * `sluice-panel`: the panel server as a process. Defaults are those of an installed server; a socket passed by systemd is preferred.
 *
 * It logs JSON lines on stdout; SIGTERM and SIGINT drain. Exit 0: asked to stop, or for help; 1: could not start; 2: wrong use.
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { passedSocket } from '@sluice/shared/client/own-socket.ts';
import { startCpanelPanel } from './start.ts';

const options = {
	socket: { type: 'string', default: '/run/sluice/panel.sock' },
	agent: { type: 'string', default: '/run/sluice/agent.sock' },
	helper: { type: 'string', default: '/run/sluice/helper.sock' },
	secret: { type: 'string', default: '/var/lib/sluice-panel/secret' },
	zone: { type: 'string' },
	help: { type: 'boolean', short: 'h' },
} as const;

const usage = `sluice-panel [--socket PATH] [--agent PATH] [--helper PATH] [--secret FILE] [--zone NAME]

The panel server: draws the pages that WHM and cPanel show, on a socket that only root opens. In the foreground, until ended.

  --socket PATH  its own socket, when none is passed (${options.socket.default})
  --agent PATH   the agent's socket (${options.agent.default})
  --helper PATH  the root helper's socket (${options.helper.default})
  --secret FILE  the key of forms, made at the first start (${options.secret.default})
  --zone NAME    zone of the times on pages, as Europe/Berlin (the server's own)`;

const log = (level: 'info' | 'error', text: string, more: object = {}): void =>
	console.log(JSON.stringify({ at: new Date().toISOString(), level, text, ...more }));

function wanted() {
	try {
		return parseArgs({ options }).values;
	} catch (error) {
		console.error(`${(error as Error).message}\n\n${usage}`);
		process.exit(2);
	}
}

const { version } = createRequire(import.meta.url)('../../package.json') as { readonly version: string };
const values = wanted();
if (values.help === true) {
	console.log(usage);
	process.exit(0);
}
const listen = passedSocket(process.env, process.pid) ?? values.socket;
try {
	const panel = await startCpanelPanel({
		listen,
		agentSocket: values.agent,
		helperSocket: values.helper,
		secretFile: values.secret,
		version,
		...(values.zone === undefined ? {} : { zone: values.zone }),
		failed: (where, error) => log('error', where, { error: String((error as Error)?.stack ?? error) }),
	});
	log('info', 'listening', { listen });
	let isStopping = false;
	const stop = (signal: string): void => {
		if (isStopping) return;
		isStopping = true;
		log('info', 'stopping', { signal });
		panel.stop().then(() => process.exit(0));
	};
	process.on('SIGTERM', () => stop('SIGTERM'));
	process.on('SIGINT', () => stop('SIGINT'));
} catch (error) {
	log('error', 'could not start', { error: String((error as Error).message) });
	process.exit(1);
}
