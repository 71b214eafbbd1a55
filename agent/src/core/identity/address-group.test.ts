import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressGroupOf } from './address-group.ts';

test('one client is one address of IPv4, one /64 of IPv6', () => {
	assert.equal(addressGroupOf('192.0.2.1'), '192.0.2.1');
	assert.equal(addressGroupOf('::ffff:192.0.2.1'), '192.0.2.1');
	assert.equal(addressGroupOf('2001:db8::1'), addressGroupOf('2001:DB8:0:0:ffff::2'));
	assert.notEqual(addressGroupOf('2001:db8::1'), addressGroupOf('2001:db8:0:1::1'));
	assert.equal(addressGroupOf('fe80::1%eth0'), addressGroupOf('fe80::2%eth0'));
	assert.equal(addressGroupOf('no:address'), 'no:address');
});
