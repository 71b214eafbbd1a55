import { bareServer, servingServer } from './units-box.ts';

const t0 = Date.now();
const [kind, ...commands] = process.argv.slice(2);
const { box } = await (kind === 'bare' ? bareServer() : servingServer());
console.log('up', Date.now() - t0);
const r = async (c: string) => {
	const x = await box.run(['bash', '-c', c], { allowFailure: true });
	console.log('$', c, '\n', x.stdout, x.stderr);
};
for (const c of commands) await r(c);
await box.stop();
