import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
	confLocalMarkers,
	confLocalSections,
	dropOption,
	emptyConfLocal,
	localOption,
	replacedBlocks,
	sectionOf,
	setOption,
} from './cpanel-local.ts';

test('a made file has every section, each empty', () => {
	const sections = confLocalSections(emptyConfLocal);
	assert.equal(confLocalMarkers.length, 25);
	assert.deepEqual([...sections.keys()], [...confLocalMarkers]);
	assert.ok([...sections.values()].flat().every((line) => line === ''));
	assert.deepEqual(replacedBlocks(emptyConfLocal), []);
});

test('a replaced stock block is seen, and in which section a line stands', () => {
	const text = `${emptyConfLocal.replace('@ROUTERSTART@\n', '@ROUTERSTART@\nrelay:\n')}%RETRYBLOCK%\n* * F,1d,1h\n%EMPTY%\n\n`;
	assert.deepEqual(replacedBlocks(text), ['%RETRYBLOCK%']);
	assert.equal(sectionOf(text, 'relay:'), 'ROUTERSTART');
	assert.equal(sectionOf(text, 'other:'), undefined);
});

test('an option that is set and dropped leaves the bytes there were, final newline or not', () => {
	const line = fc.stringMatching(/^[a-z_]{1,8}=[ -~]{0,12}$/);
	fc.assert(
		fc.property(fc.array(line), fc.boolean(), (lines, hasNewline) => {
			const text = lines.join('\n') + (hasNewline && lines.length > 0 ? '\n' : '');
			const set = setOption(text, 'acl_custom_begin_sluice', '1');
			assert.equal(localOption(set, 'acl_custom_begin_sluice'), '1');
			assert.equal(dropOption(set, 'acl_custom_begin_sluice'), text);
			assert.equal(setOption(set, 'acl_custom_begin_sluice', '1'), set);
		}),
	);
});

test('WHM may write the option elsewhere; switched off it is switched on again', () => {
	const moved = 'acl_custom_begin_sluice=1\nsrs=1\n';
	assert.equal(setOption(moved, 'acl_custom_begin_sluice', '1'), moved);
	assert.equal(
		setOption(moved.replace('=1', '=0'), 'acl_custom_begin_sluice', '1'),
		'srs=1\nacl_custom_begin_sluice=1\n',
	);
});
