import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passedSocket, passedSockets } from './own-socket.ts';

test('a passed socket is one that was passed to this very process', () => {
	assert.equal(passedSocket({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7), 3);
	assert.equal(passedSocket({ LISTEN_PID: '7', LISTEN_FDS: '2' }, 7), 3);
	assert.equal(passedSocket({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 8), undefined);
	assert.equal(passedSocket({ LISTEN_PID: '8', LISTEN_FDS: '1' }, 7), undefined);
	assert.equal(passedSocket({ LISTEN_PID: '7', LISTEN_FDS: '0' }, 7), undefined);
	assert.equal(passedSocket({ LISTEN_FDS: '1' }, 7), undefined);
	assert.equal(passedSocket({}, 7), undefined);
});

test('passed sockets have the names of their units, as many as were passed', () => {
	const two = { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'api:smtp' };
	assert.deepEqual(passedSockets(two, 7), [
		{ fd: 3, name: 'api' },
		{ fd: 4, name: 'smtp' },
	]);
	assert.deepEqual(passedSockets(two, 8), []);
	assert.deepEqual(passedSockets({ LISTEN_PID: '7', LISTEN_FDS: '1' }, 7), [{ fd: 3, name: '' }]);
	assert.equal(passedSockets({ LISTEN_PID: '7', LISTEN_FDS: '999999999' }, 7).length, 16);
	assert.deepEqual(passedSockets({ LISTEN_PID: '7', LISTEN_FDS: 'many' }, 7), []);
});
