/** docs/reference/openapi.json: the document that `GET /openapi.json` answers. */
import { version } from '@sluice/agent/main/version.ts';
import { openApiDocument } from '@sluice/shared/contract/openapi.ts';
import { madeBy, type Page } from './page.ts';

export function openApiPage(): Page {
	const { openapi, ...document } = openApiDocument(version);
	const marked = { openapi, 'x-generated': `${madeBy} Source: shared/src/contract/operations.ts`, ...document };
	return { path: 'docs/reference/openapi.json', text: `${JSON.stringify(marked, undefined, '\t')}\n` };
}
