import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assetBytes, assetFiles, assetHash, shrunk } from './asset-files.ts';

test('a sheet loses comments and white space, and says the same', () => {
	const sheet =
		'/* head */\n.a > .b,\n.a :is(.c, .d) {\n\tcolor: red; /* why */\n\twidth: calc(100% - 2px);\n}\n@media (x: y) {\n\t.e::after {\n\t\tcontent: " ◂";\n\t}\n}\n';
	assert.equal(
		shrunk('x.css', sheet).trim(),
		'.a>.b,.a :is(.c,.d){color:red;width:calc(100% - 2px)}@media (x:y){.e::after{content:" ◂"}}',
	);
});

test('a script keeps its lines and what is in them', () => {
	const script =
		'/*\n * head\n */\n(() => {\n\t/* --- part --- */\n\t// why\n\tconst a = "// not a comment"; // stays\n\n\treturn `/* $a */`;\n})();\n';
	assert.equal(shrunk('x.js', script), '(() => {\nconst a = "// not a comment"; // stays\nreturn `/* $a */`;\n})();\n');
});

test('every file is there under its name; sheet and scripts of a page stay under 60 kB', () => {
	const names = [...assetFiles().keys()];
	for (const name of [
		'sluice.css',
		'sluice.js',
		'charts.js',
		'frame.js',
		'htmx.js',
		'uplot.js',
		'uplot.css',
		'sluice.svg',
	])
		assert.ok(names.includes(name), name);
	const sizes = ['sluice.css', 'sluice.js', 'charts.js'].map((name) => assetBytes(name).length);
	assert.ok(sizes.reduce((sum, size) => sum + size) < 60_000, String(sizes));
	assert.match(assetHash(), /^[0-9a-f]{12}$/);
});
