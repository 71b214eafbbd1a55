/**
 * The words behind `npm start --` and `npm run send --`: a mistake is one sentence and the usage, never a stack.
 */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

/** Ends the process: with 0 after --help, with 2 after wrong use. */
export function readWords<T extends ParseArgsOptionsConfig>(usage: string, options: T) {
	try {
		const { values } = parseArgs({ options: { ...options, help: { type: 'boolean' } } });
		if ('help' in values) {
			console.log(usage);
			process.exit(0);
		}
		return parseArgs({ options }).values;
	} catch (error) {
		console.error(`${(error as Error).message.split('\n')[0]}.\n\n${usage}`);
		process.exit(2);
	}
}
