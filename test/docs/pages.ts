/** All generated pages. */
import { commandsPage } from './cli.ts';
import { configurationPage } from './configuration.ts';
import { eventsPage } from './events.ts';
import { faultsPage } from './faults.ts';
import { openApiPage } from './openapi.ts';
import type { Page } from './page.ts';
import { unitsPage } from './units.ts';
import { unprovedPage } from './unproved.ts';

export const generatedPages = (): readonly Page[] => [
	configurationPage(),
	faultsPage(),
	commandsPage(),
	eventsPage(),
	openApiPage(),
	unitsPage(),
	unprovedPage(),
];
