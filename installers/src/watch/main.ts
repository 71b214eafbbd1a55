/**
 * The watch as a program of its own: what the timer runs. It loads nothing of the agent and little else, and ends after one tick.
 */
import { printer, runWatch } from './run.ts';
import { systemPorts } from './system.ts';

const words = process.argv.slice(2);
const unknown = words.find((word) => word !== '--status' && word !== '--json');
if (unknown !== undefined) {
	process.stderr.write(`watch: ${unknown} is not known; one tick, or --status, and --json.\n`);
	process.exit(2);
}
const isJournal = process.env.JOURNAL_STREAM !== undefined;
const out = { write: (text: string) => void process.stdout.write(text), isJournal };
const options = { status: words.includes('--status'), json: words.includes('--json') };
// In JSON alone nothing else may stand on standard output.
const said = options.json ? { ...out, write: (text: string) => void process.stderr.write(text) } : out;
process.exitCode = await runWatch(options, out, systemPorts(printer(said)));
