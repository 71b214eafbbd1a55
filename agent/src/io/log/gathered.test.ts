/** Nothing that was logged is lost at the end of the process, however it ends by itself; order holds. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const module = new URL('./gathered.ts', import.meta.url).href;

function linesOf(ending: string, count: number): readonly string[] {
	const program = `
		import { gatheredOutput } from ${JSON.stringify(module)};
		const output = gatheredOutput();
		for (let line = 0; line < ${count}; line++) output.write(\`line \${line} \${'é'.repeat(40)}\\n\`);
		${ending}
	`;
	const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
		encoding: 'utf8',
		maxBuffer: 64 * 1024 * 1024,
	});
	return stdout.split('\n').slice(0, -1);
}

for (const [name, ending] of [
	['by itself', ''],
	['by exit', 'process.exit(0);'],
	['by an uncaught error', "throw new Error('broken');"],
	['after a drain', 'await output.drain(); process.exit(0);'],
] as const)
	for (const count of [1, 5_000])
		test(`${count} lines are all written when the process ends ${name}`, () => {
			const lines = linesOf(ending, count);
			assert.equal(lines.length, count);
			lines.forEach((line, index) => {
				assert.ok(line.startsWith(`line ${index} `));
			});
		});
