/*
 * Draws what `data-chart` says with uPlot, after the text: heights are fixed by the style sheet, so nothing moves. All words and
 * times come from the server; pointing at a step writes its numbers into the legend.
 */
(() => {
	const root = document.querySelector('.sluice');
	if (root === null || globalThis.uPlot === undefined) return;
	const probe = document.createElement('span');
	probe.hidden = true;
	root.append(probe);
	/** Custom properties hold light-dark(): the browser says which it is. */
	const ink = (name) => {
		probe.style.color = `var(--sl-${name})`;
		return getComputedStyle(probe).color;
	};
	const count = new Intl.NumberFormat('en');
	const short = (value) =>
		Math.abs(value) >= 10_000 ? `${count.format(Math.round(value / 100) / 10)}k` : count.format(value);

	const seriesOf = ({ label, ink: name, as, dash }) => {
		const stroke = as === 'edge' ? 'transparent' : ink(`c-${name}`);
		const line = { label, stroke, width: 1.8, dash, points: { show: false } };
		return as === 'bars' ? { ...line, width: 0, fill: stroke, paths: uPlot.paths.bars({ size: [0.8, 44] }) } : line;
	};

	const draw = (box) => {
		const { at, ticks, series, isStacked, band, sync } = JSON.parse(box.dataset.chart);
		const { clientWidth: width, clientHeight: height } = box;
		if (width === 0) return;
		box.replaceChildren();
		const x = at.map((_, index) => index);
		const sums = x.map(() => 0);
		const tops = series.map(({ data }) => (isStacked ? data.map((value, i) => (sums[i] += value ?? 0)) : data));
		// What lies on top is drawn first.
		const order = series.map((_, index) => index);
		if (isStacked) order.reverse();
		const card = box.closest('.sl-card');
		const slots = new Map([...card.querySelectorAll('[data-legend] [data-of]')].map((slot) => [slot.dataset.of, slot]));
		for (const slot of slots.values()) slot.dataset.all ??= slot.textContent;
		const when = card.querySelector('[data-at]');
		const font = `11px ${getComputedStyle(root).fontFamily}`;
		const axis = { stroke: ink('text-3'), font };
		const grid = { stroke: ink('c-grid'), width: 1 };
		const hasBars = series.some(({ as }) => as === 'bars');
		new uPlot(
			{
				width,
				height,
				padding: [8, 12, 0, 0],
				legend: { show: false },
				cursor: { y: false, points: { show: !hasBars }, drag: { x: false, y: false }, sync: sync && { key: sync } },
				scales: {
					x: { time: false, range: () => (hasBars ? [-0.5, x.length - 0.5] : [0, Math.max(1, x.length - 1)]) },
					y: { range: (_plot, _low, high) => [0, Math.max(4, high * 1.08)] },
				},
				axes: [
					{
						...axis,
						grid: { show: false },
						ticks: { ...grid, size: 4 },
						size: 26,
						gap: 3,
						splits: (plot) => ticks.filter((_, i) => plot.width >= 420 || i % 2 === 0),
						values: (_, list) => list.map((index) => at[index] ?? ''),
					},
					{
						...axis,
						grid,
						ticks: { show: false },
						size: 46,
						gap: 4,
						space: 28,
						incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6],
						values: (_, list) => list.map(short),
					},
				],
				series: [{}, ...order.map((index) => seriesOf(series[index]))],
				bands: band && [{ series: [order.indexOf(band[1]) + 1, order.indexOf(band[0]) + 1], fill: ink('c-band') }],
				hooks: {
					setCursor: [
						({ cursor: { idx } }) => {
							for (const { label, data } of series) {
								const slot = slots.get(label);
								if (slot !== undefined)
									slot.textContent = idx == null ? slot.dataset.all : data[idx] == null ? '–' : count.format(data[idx]);
							}
							if (when !== null) when.textContent = idx == null ? '' : at[idx];
						},
					],
				},
			},
			[x, ...order.map((index) => tops[index])],
			box,
		);
	};

	const drawAll = () => {
		for (const box of root.querySelectorAll('[data-chart]')) draw(box);
	};
	let drawnWidth = root.clientWidth;
	let timer;
	// After the text is painted: a frame alone would come before.
	requestAnimationFrame(() => setTimeout(drawAll));
	new ResizeObserver(() => {
		if (root.clientWidth === drawnWidth) return;
		drawnWidth = root.clientWidth;
		clearTimeout(timer);
		timer = setTimeout(drawAll, 80);
	}).observe(root);
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
})();
