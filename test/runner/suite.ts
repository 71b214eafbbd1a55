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

const nodeTest = (name: string, limitSeconds: number, ...patterns: string[]): Suite => ({
	name,
	command: [
		process.execPath,
		'--test',
		'--test-concurrency=2',
		'--test-reporter=spec',
		`--test-timeout=${testLimitMs}`,
		...patterns,
	],
	limitSeconds: isLong ? limitSeconds * 8 : limitSeconds,
});

const bin = (name: string): string => join(root, 'node_modules', '.bin', name);

const suites: readonly Suite[] = [
	{ name: 'format and lint', command: [bin('biome'), 'check'], limitSeconds: 60 },
	{ name: 'types', command: [bin('tsc'), '-b', 'test'], limitSeconds: 120 },
	nodeTest('architecture and docs', 60, 'test/architecture/*.test.ts', 'test/docs/*.test.ts'),
	nodeTest(
		'unit',
		240,
		'shared/src/**/*.test.ts',
		'agent/src/**/*.test.ts',
		'installers/src/**/*.test.ts',
		'panel-cpanel/src/**/*.test.ts',
	),
	nodeTest('fake internet', 120, 'test/internet/*.test.ts'),
	nodeTest('edges', 120, 'test/edges/*.test.ts', 'test/bench/*.test.ts'),
	nodeTest('dialogs', 240, 'test/dialogs/*.test.ts'),
	nodeTest('scenarios', 240, 'test/scenarios/*.test.ts'),
	nodeTest('simulation', 240, 'test/simulation/*.test.ts'),
	nodeTest('faults', 240, 'test/faults/*.test.ts'),
	nodeTest('cPanel', 240, 'test/cpanel/*.test.ts'),
	nodeTest('panels', 300, 'test/panels/*.test.ts'),
	nodeTest('release', 180, 'test/release/*.test.ts'),
	nodeTest('real MTAs', 500, 'test/mta/*.test.ts'),
];

async function run(suite: Suite, skipped: string[]): Promise<boolean> {
	console.log(`\n── ${suite.name} ──`);
	const beganMs = performance.now();
	const [command, ...rest] = suite.command as [string, ...string[]];
	const child = spawn(command, rest, {
		cwd: root,
		stdio: ['ignore', 'pipe', 'inherit'],
		env: { ...process.env, ...(isLong ? { SLUICE_LONG: '1' } : {}) },
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
