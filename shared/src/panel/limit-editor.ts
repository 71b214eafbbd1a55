/**
 * The editor of a limit: in place of its cell to htmx, a page of its own to a browser without script.
 */
import { formStatus, isFragment, sendFragment, sendPage } from './answer.ts';
import type { Exchange } from './done.ts';
import type { Editor } from './model/editor.ts';
import type { NavId } from './model/nav.ts';
import type { Pages } from './pages.ts';

export async function sendLimitEditor(
	pages: Pages,
	{ request, response }: Exchange,
	{ editor, cancelPath, here }: { readonly editor: Editor; readonly cancelPath: string; readonly here?: NavId },
): Promise<void> {
	const status = formStatus(editor.fault);
	if (isFragment(request)) {
		const model = { editor, swap: request.method === 'POST' };
		await sendFragment(pages, request, response, { view: 'editor', model, status });
		return;
	}
	await sendPage(pages, request, response, {
		view: 'edit',
		title: editor.title,
		model: { editor, cancelPath },
		status,
		...(here === undefined ? {} : { here }),
	});
}
