/*
 * In the browser: what htmx and the style sheet cannot do. Toast with its time, origin tips, dialogs, focus after a swap,
 * the refresh that never moves a row under the pointer, the age of what is shown, the height of the panel's frame around us.
 * Without this file all pages work.
 */
(() => {
	const root = document.querySelector('.sluice');
	if (root === null) return;
	root.classList.add('sl-scripted');

	const toastMs = 10_000;
	const refreshMs = 30_000;
	const staleMs = 120_000;
	const retryMs = 5_000;

	/* --- toast: 10 s, longer while pointed at or focused --- */
	let toastTimer;
	const toast = document.getElementById('toast');
	const closeToast = () => {
		clearTimeout(toastTimer);
		if (toast.matches(':popover-open')) toast.hidePopover();
		toast.replaceChildren();
	};
	const armToast = () => {
		clearTimeout(toastTimer);
		toastTimer = setTimeout(() => (toast.matches(':hover, :focus-within') ? armToast() : closeToast()), toastMs);
	};
	const showToast = () => {
		if (toast.firstElementChild === null) return;
		if (!toast.matches(':popover-open')) toast.showPopover();
		armToast();
	};
	new MutationObserver(showToast).observe(toast, { childList: true });

	/* --- focus goes where the work goes on: into the editor, and back to the pen --- */
	let editing;
	document.addEventListener('htmx:before:request', (event) => {
		const limit = event.target.closest?.('.sl-limit');
		editing = limit?.id;
		if (event.target.closest?.('#filter, .sl-chip, .sl-sort, .sl-page'))
			document.getElementById('list')?.classList.add('sl-busy');
	});
	document.addEventListener('htmx:after:settle', () => {
		if (editing === undefined) return;
		const next = document.getElementById(editing)?.querySelector('[data-focus], .sl-edit');
		if (next !== null && next !== undefined && !next.matches(':focus')) {
			next.focus({ preventScroll: true });
			next.select?.();
			next.closest('.sl-editor')?.scrollIntoView({ block: 'nearest' });
		}
	});

	/* --- where a limit comes from: asked for when somebody points at it, once for each row --- */
	let tips = 0;
	const fill = async (link) => {
		if (link.localName !== 'a' || link.nextElementSibling !== null) return;
		const tip = document.createElement('span');
		tip.className = 'sl-origin__b';
		tip.role = 'tooltip';
		tip.id = `tip-${++tips}`;
		tip.textContent = document.getElementById('list')?.dataset.asking ?? '';
		link.after(tip);
		link.setAttribute('aria-describedby', tip.id);
		try {
			const answer = await fetch(`${link.href}/origin${link.dataset.tip ?? ''}`, { headers: { 'hx-request': 'true' } });
			if (!answer.ok) throw new Error(answer.statusText);
			tip.innerHTML = await answer.text();
		} catch {
			// Asked again next time; the link itself leads to the page of the account.
			tip.remove();
			link.removeAttribute('aria-describedby');
		}
	};
	const pointMs = 120;
	let pointed;
	root.addEventListener('pointerover', (event) => {
		clearTimeout(pointed);
		const link = event.target.closest('.sl-origin > a');
		if (link !== null) pointed = setTimeout(fill, pointMs, link);
	});
	root.addEventListener('focusin', (event) => {
		if (event.target.matches('.sl-origin > a')) fill(event.target);
	});

	/* --- a question comes as a dialog; the first thing in reach is Cancel --- */
	const dialog = document.getElementById('dialog');
	if (dialog !== null) {
		new MutationObserver(() => {
			if (dialog.firstElementChild === null) dialog.close();
			if (dialog.firstElementChild === null || dialog.open) return;
			dialog.showModal();
			dialog.querySelector('[data-do="close-dialog"]')?.focus();
		}).observe(dialog, { childList: true });
		dialog.addEventListener('close', () => dialog.replaceChildren());
	}

	/* --- clicks and keys --- */
	root.addEventListener('click', (event) => {
		if (event.target.closest('[data-do="close-toast"]')) closeToast();
		for (const more of root.querySelectorAll('.sl-more[open]'))
			if (!more.contains(event.target) || event.target.closest('a') !== null) more.removeAttribute('open');
		const menu = event.target.closest('[data-do="menu"]');
		if (menu !== null)
			menu.setAttribute('aria-expanded', String(document.getElementById('menu').toggleAttribute('data-open')));
		const opener = event.target.closest('.sl-origin > button, .sl-origin > a');
		const tip = opener?.parentElement;
		if (opener !== null) {
			// A new tab is wanted: that is what the link is for.
			if (opener.localName === 'a' && (event.ctrlKey || event.metaKey || event.shiftKey)) return;
			event.preventDefault();
			fill(opener);
			tip.toggleAttribute('data-open');
		}
		const pen = event.target.closest('.sl-edit');
		if (pen !== null && globalThis.htmx !== undefined && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
			event.preventDefault();
			htmx.ajax('GET', pen.href, { source: pen, target: pen.closest('.sl-limit'), swap: 'outerHTML' });
		}
		if (event.target.closest('[data-do="close-dialog"]') && dialog?.open) {
			event.preventDefault();
			dialog.close();
		}
		for (const open of root.querySelectorAll('.sl-origin[data-open]'))
			if (open !== tip) open.removeAttribute('data-open');
	});
	/* --- accounts that are ticked: how many, and the bar that acts on them; it keeps the list from being refreshed --- */
	root.addEventListener('change', (event) => {
		const list = event.target.closest('.sl-tick') === null ? null : event.target.closest('#list');
		const bar = list?.querySelector('.sl-bulk');
		if (bar == null) return;
		const all = list.querySelector('[data-do="tick-all"]');
		const ticks = [...list.querySelectorAll('tbody .sl-tick input')];
		if (event.target === all) for (const tick of ticks) tick.checked = all.checked;
		const ticked = ticks.filter(({ checked }) => checked).length;
		all.checked = ticked === ticks.length;
		all.indeterminate = ticked > 0 && ticked < ticks.length;
		bar.querySelector('[data-n]').textContent = ticked;
		bar.toggleAttribute('data-kept', ticked > 0);
	});
	const shut = (tip) => {
		tip.removeAttribute('data-open');
		tip.setAttribute('data-shut', '');
		const again = () => tip.removeAttribute('data-shut');
		tip.addEventListener('pointerleave', again, { once: true });
		tip.addEventListener('focusout', again, { once: true });
	};
	document.addEventListener('keydown', (event) => {
		if (event.key !== 'Escape') return;
		const tips = root.querySelectorAll('.sl-origin:hover, .sl-origin:focus-within, .sl-origin[data-open]');
		if (tips.length > 0) {
			for (const tip of tips) shut(tip);
			return;
		}
		event.target.closest?.('.sl-editor')?.querySelector('[data-cancel]')?.click();
	});

	/* --- refresh: only while seen, and never under a pointer, an editor, an open tip or menu, a dialog or a selection --- */
	const isBusy = (part) =>
		document.hidden ||
		document.querySelector('dialog[open]') !== null ||
		part.matches(':hover, :focus-within') ||
		part.querySelector('.sl-editor, .sl-origin[data-open], details[open], [data-kept]') !== null ||
		String(getSelection()) !== '';
	setInterval(() => {
		for (const part of root.querySelectorAll('[data-refresh]')) {
			if (isBusy(part)) continue;
			const { refresh } = part.dataset;
			const path = `${refresh}${refresh.includes('?') ? '&' : '?'}refresh=1`;
			globalThis.htmx?.ajax('GET', path, { target: `#${part.id}`, swap: 'outerHTML' });
		}
	}, refreshMs);

	/* --- a page that says that the agent is away asks again until it is back --- */
	const retrying = document.querySelector('[data-retry]');
	if (retrying !== null) {
		retrying.hidden = false;
		const retry = setInterval(async () => {
			if (document.hidden) return;
			const answer = await fetch(location.href).catch(() => undefined);
			if (answer === undefined || answer.status === 503) return;
			clearInterval(retry);
			location.reload();
		}, retryMs);
	}

	/* --- where the path of a page is in the query (`?p=/accounts`), fields are appended as they are: never parsed and written anew --- */
	document.addEventListener('htmx:config:request', (event) => {
		const { request } = event.detail.ctx;
		if (request.method !== 'GET' || !request.action.startsWith('?p=')) return;
		const { body } = request;
		body.delete('p');
		const fields = new URLSearchParams(body).toString();
		for (const name of [...body.keys()]) body.delete(name);
		if (fields === '') return;
		request.action += `${request.action.indexOf('?', 1) < 0 ? '?' : '&'}${fields}`;
	});

	/* --- in a panel's frame: it is told our height and title; what is fixed stays within what is seen of us --- */
	if (parent !== globalThis && root.classList.contains('sl-framed')) {
		const tell = (what) => parent.postMessage(what, location.origin);
		new ResizeObserver(() => tell({ sluice: 'height', px: Math.ceil(root.getBoundingClientRect().height) })).observe(
			root,
		);
		const tellTitle = () => tell({ sluice: 'title', text: document.title, path: location.search.replace(/^\?p=/, '') });
		tellTitle();
		document.addEventListener('htmx:after:history:update', tellTitle);
		const seen = () => {
			const box = frameElement?.getBoundingClientRect();
			if (box === undefined) return;
			root.style.setProperty('--sl-top', `${Math.max(0, -box.top)}px`);
			root.style.setProperty('--sl-below', `${Math.max(0, box.bottom - parent.innerHeight)}px`);
		};
		try {
			seen();
			const settings = { capture: true, passive: true };
			parent.document.addEventListener('scroll', seen, settings);
			parent.addEventListener('resize', seen, settings);
			addEventListener('resize', seen, settings);
			addEventListener('pagehide', () => {
				parent.document.removeEventListener('scroll', seen, settings);
				parent.removeEventListener('resize', seen, settings);
			});
		} catch {
			// A parent that is not ours to look at: what is fixed stands in the middle of the frame.
		}
	}

	/* --- age of what is shown --- */
	const openedMs = performance.now();
	let shownOf;
	let shownMs = openedMs;
	setInterval(() => {
		const time = document.querySelector('[data-asof]');
		if (time === null) return;
		if (time !== shownOf) {
			shownOf = time;
			shownMs = performance.now();
		}
		const isOld = performance.now() - shownMs > staleMs;
		if (isOld && !time.hasAttribute('data-old')) time.append(` · ${time.dataset.stale}`);
		time.toggleAttribute('data-old', isOld);
	}, 1_000);
})();
