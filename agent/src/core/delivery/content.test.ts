import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { outgoingContent } from './content.ts';

test('what goes out is the prefix and the stored bytes without the cuts', () => {
	fc.assert(
		fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(200), { maxLength: 6 }), (body, places) => {
			const marks = [...new Set(places.filter((place) => place <= body.length))].sort((one, other) => one - other);
			const cuts: [number, number][] = [];
			for (let index = 0; index + 1 < marks.length; index += 2)
				cuts.push([marks[index] as number, marks[index + 1] as number]);
			const out = outgoingContent('A: b\r\n', body, cuts);
			const expected = [...body].filter((_, index) => !cuts.some(([start, end]) => index >= start && index < end));
			assert.deepEqual([...Buffer.concat(out.chunks)], [...Buffer.from('A: b\r\n'), ...expected]);
			assert.equal(out.bytes, Buffer.concat(out.chunks).length);
		}),
	);
});
