import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passedSocket } from './own-socket.ts';

test('a passed socket is one that was passed to this very process', () => {
	assert.equal(passedSocket({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7), 3);
	assert.equal(passedSocket({ LISTEN_PID: '7', LISTEN_FDS: '2' }, 7), 3);
	assert.equal(passedSocket({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 8), undefined);
	assert.equal(passedSocket({ LISTEN_PID: '8', LISTEN_FDS: '1' }, 7), undefined);
	assert.equal(passedSocket({ LISTEN_PID: '7', LISTEN_FDS: '0' }, 7), undefined);
	assert.equal(passedSocket({ LISTEN_FDS: '1' }, 7), undefined);
	assert.equal(passedSocket({}, 7), undefined);
});
