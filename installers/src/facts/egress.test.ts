/** What rules as hosting servers have them do with the agent's user: told from what iptables prints. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chainsIn, groupsLetOut, judgeOutgoing } from './egress.ts';

/** As cPanel shows WHM's SMTP Restrictions: mailman, mail, cpanel towards this server, root; everybody else is led back. */
const whm = `-P OUTPUT ACCEPT
-A OUTPUT -p tcp -m multiport --dports 25,465,587 -m owner --gid-owner 990 -j RETURN
-A OUTPUT -p tcp -m multiport --dports 25,465,587 -m owner --gid-owner 12 -j RETURN
-A OUTPUT -d 127.0.0.1/32 -p tcp -m multiport --dports 25,465,587 -m owner --uid-owner 202 -j RETURN
-A OUTPUT -p tcp -m multiport --dports 25,465,587 -m owner --uid-owner 0 -j RETURN
-A OUTPUT -p tcp -m multiport --dports 25,465,587 -j REDIRECT`;
const sluice = { port: 25, uid: 991, gid: 991 };

const outcome = (text: string, packet = sluice) => judgeOutgoing(chainsIn(text), packet).outcome;

test("WHM's restriction leads the agent back, root and the mail group out, and other ports are nobody's business", () => {
	assert.equal(outcome(whm), 'redirected');
	assert.equal(outcome(whm, { ...sluice, uid: 0 }), 'passes');
	assert.equal(outcome(whm, { ...sluice, gid: 12 }), 'passes');
	assert.equal(outcome(whm, { ...sluice, port: 443 }), 'passes');
	assert.equal(outcome(whm, { ...sluice, uid: 202 }), 'redirected', 'cpanel only towards this server');
	assert.deepEqual(groupsLetOut(chainsIn(whm)), [990, 12]);
	assert.match(judgeOutgoing(chainsIn(whm), sluice).rule ?? '', /-j REDIRECT$/);
});

test('chains of others are followed, and what comes first counts', () => {
	const rows: readonly (readonly [string, string, string])[] = [
		[
			'a chain',
			'-P OUTPUT ACCEPT\n-N MAIL\n-A OUTPUT -j MAIL\n-A MAIL -p tcp --dport 25 -j REJECT --reject-with tcp-reset',
			'blocked',
		],
		[
			'ours in front',
			`-P OUTPUT DROP\n-A OUTPUT -p tcp -m multiport --dports 25 -m owner --uid-owner 991 -m comment --comment "a b" -j ACCEPT\n-A OUTPUT -p tcp --dport 25 -j DROP`,
			'passes',
		],
		['returns to the policy', '-P OUTPUT DROP\n-N A\n-A OUTPUT -j A\n-A A -p tcp -j RETURN', 'blocked'],
		['not us', '-P OUTPUT ACCEPT\n-A OUTPUT -p tcp --dport 25 -m owner ! --uid-owner 991 -j DROP', 'passes'],
		['a range', '-P OUTPUT ACCEPT\n-A OUTPUT -p tcp --dport 20:30 -m owner --uid-owner 900-999 -j DROP', 'blocked'],
		[
			'what is under way',
			'-P OUTPUT ACCEPT\n-A OUTPUT -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j DROP',
			'passes',
		],
		['loopback', '-P OUTPUT ACCEPT\n-A OUTPUT -o lo -j DROP\n-A OUTPUT ! -o lo -p tcp --dport 25 -j DROP', 'blocked'],
		['one address', '-P OUTPUT ACCEPT\n-A OUTPUT -d 192.0.2.1/32 -p tcp --dport 25 -j DROP', 'passes'],
		['not understood', '-P OUTPUT ACCEPT\n-A OUTPUT -p tcp -m set --match-set x dst --dport 25 -j DROP', 'passes'],
		[
			'logged, then dropped',
			'-P OUTPUT ACCEPT\n-A OUTPUT -p tcp --dport 25 -j LOG --log-prefix "out: "\n-A OUTPUT -p tcp --dport 25 -j DROP',
			'blocked',
		],
		['a circle', '-P OUTPUT ACCEPT\n-N A\n-A OUTPUT -j A\n-A A -j A', 'passes'],
	];
	for (const [name, text, wanted] of rows) assert.equal(outcome(text), wanted, name);
});
