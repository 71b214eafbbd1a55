/**
 * `npm test` and `npm run test:long`: all suites in order, cheap ones first, each under its own time limit.
 *
 * Every suite is node's own test runner in a process of its own, so that one that hangs is ended and named. Stops at the first suite
 * that fails. What was skipped is printed again at the end, with its reason.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(fileURLToPath(import.meta.url), '..', '..', '..');
const isLong = process.argv.includes('--long');

type Suite = { readonly name: string; readonly command: readonly string[]; readonly limitSeconds: number };

/** One test that hangs is ended and named, long before its suite's limit. */
const testLimitMs = isLong ? 1_800_000 : 150_000;

const pool = join(root, 'test', 'runner', 'pool.ts');

/** `atOnce`: how many files. Those that mostly wait, for a browser or a mail server, leave room for a third on two cores. */
const nodeTest = (name: string, limitSeconds: number, atOnce: number, ...patterns: string[]): Suite => ({
	name,
	command: [process.execPath, pool, String(atOnce), String(testLimitMs), ...patterns],
	limitSeconds: isLong ? limitSeconds * 8 : limitSeconds,
});

/** Three hundred processes load the same modules. */
const compileCache = join(root, 'node_modules', '.cache', 'sluice-tests');

const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

const suites: readonly Suite[] = [
	{ name: 'format and lint', command: [bin('biome'), 'check'], limitSeconds: 60 },
	{ name: 'types', command: [bin('tsc'), '-b', 'test'], limitSeconds: 120 },
	nodeTest('architecture and docs', 60, 2, 'test/architecture/*.test.ts', 'test/docs/*.test.ts'),
	nodeTest(
		'unit',
		240,
		2,
		'shared/src/**/*.test.ts',
		'agent/src/**/*.test.ts',
		'installers/src/**/*.test.ts',
		'panel-cpanel/src/**/*.test.ts',
	),
	nodeTest(
		'agent',
		300,
		2,
		'test/internet/*.test.ts',
		'test/edges/*.test.ts',
		'test/bench/*.test.ts',
		'test/dialogs/*.test.ts',
		'test/scenarios/*.test.ts',
		'test/simulation/*.test.ts',
		'test/faults/*.test.ts',
	),
	nodeTest(
		'servers',
		540,
		3,
		'test/cpanel/*.test.ts',
		'test/panels/*.test.ts',
		'test/release/*.test.ts',
		'test/mta/*.test.ts',
		'test/install/*.test.ts',
		'test/watch/*.test.ts',
		'test/upgrade/*.test.ts',
	),
];

async function run(suite: Suite, skipped: string[]): Promise<boolean> {
	console.log(`\n── ${suite.name} ──`);
	const beganMs = performance.now();
	const [command, ...rest] = suite.command as [string, ...string[]];
	const child = spawn(command, rest, {
		cwd: root,
		stdio: ['ignore', 'pipe', 'inherit'],
		env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...(isLong ? { SLUICE_LONG: '1' } : {}) },
	});
	let isLate = false;
	const limit = setTimeout(() => {
		isLate = true;
		child.kill('SIGKILL');
	}, suite.limitSeconds * 1000);
	let partial = '';
	child.stdout.setEncoding('utf8').on('data', (text: string) => {
		process.stdout.write(text);
		const lines = (partial + text).split('\n');
		partial = lines.pop() ?? '';
		skipped.push(...lines.filter((line) => line.includes('﹣')).map((line) => `${suite.name}: ${line.trim()}`));
	});
	const [code] = (await once(child, 'close')) as [number | null];
	clearTimeout(limit);
	const tookSeconds = ((performance.now() - beganMs) / 1000).toFixed(1);
	if (isLate) console.log(`── ${suite.name}: ended after ${suite.limitSeconds} s without finishing ──`);
	else console.log(`── ${suite.name}: ${code === 0 ? 'passed' : 'FAILED'} in ${tookSeconds} s ──`);
	return code === 0 && !isLate;
}

const skipped: string[] = [];
const beganMs = performance.now();
let hasFailed = false;
for (const suite of suites) {
	if (!(await run(suite, skipped))) {
		hasFailed = true;
		break;
	}
}
if (skipped.length > 0) console.log(`\nSkipped:\n${skipped.map((line) => `  ${line}`).join('\n')}`);
console.log(
	`\n${hasFailed ? 'FAILED' : 'All suites passed'} after ${Math.round((performance.now() - beganMs) / 1000)} s.`,
);
process.exitCode = hasFailed ? 1 : 0;
