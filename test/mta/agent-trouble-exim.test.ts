/** Exim keeps its mail whatever happens to the agent: see agent-trouble.ts. */
import { troubleSuite } from './agent-trouble.ts';
import { boxesUnavailable } from './box.ts';

troubleSuite('exim', (await boxesUnavailable()) ?? false);
