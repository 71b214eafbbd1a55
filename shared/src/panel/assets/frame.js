/*
 * In the panel's own page, around the frame with our pages (`<iframe data-sluice>`): gives the frame the height of its content, the
 * tab its title, and keeps in the address where one is, so that a reload comes back there. It believes that frame and no other.
 */
(() => {
	const frame = document.querySelector('iframe[data-sluice]');
	if (frame === null) return;
	const heightMax = 100_000;
	addEventListener('message', ({ source, origin, data }) => {
		if (source !== frame.contentWindow || origin !== location.origin) return;
		const { sluice, px, text, path } = data ?? {};
		if (sluice === 'height' && px > 0 && px < heightMax) frame.style.height = `${px}px`;
		if (sluice !== 'title') return;
		if (typeof text === 'string') document.title = text.slice(0, 200);
		if (typeof path === 'string' && path.startsWith('/')) {
			const query = new URLSearchParams(location.search);
			query.set('to', path.replace(/[?&]said=[^&]*/, ''));
			history.replaceState(history.state, '', `?${query}`);
		}
		if (frame.getBoundingClientRect().top < 0) frame.scrollIntoView();
	});
})();
