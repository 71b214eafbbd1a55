/**
 * Files of tests as one pool: each a process of its own, some at once, those that take longest first, so that the end is not one of them alone.
 *
 * `node --test` sorts files by name; its `run()` takes them as they come. Run by suite.ts: `pool.ts CONCURRENCY TIMEOUT_MS PATTERN…`.
 */
import { globSync } from 'node:fs';
import { basename } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

/** Those of twenty seconds and more, longest first. A name that is no more does no harm; one that is missing costs time only. */
const longest = [
	'wire-cpanel-repair',
	'whole',
	'wire-exim',
	'agent-trouble-exim',
	'many',
	'under-mail',
	'wire-postfix',
	'agent-exim',
	'accounts',
	'built',
	'browser',
];

const rank = (file: string): number => {
	const at = longest.indexOf(basename(file, '.test.ts'));
	return at < 0 ? longest.length : at;
};

const [concurrency = '2', timeoutMs = '150000', ...patterns] = process.argv.slice(2);
const files = globSync(patterns).toSorted((one, other) => rank(one) - rank(other) || one.localeCompare(other));
if (files.length === 0) throw new Error(`no test file fits ${patterns.join(' ')}`);
run({ files, concurrency: Number(concurrency), timeout: Number(timeoutMs) })
	.on('test:fail', () => {
		process.exitCode = 1;
	})
	.compose(spec)
	.pipe(process.stdout);
