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

/** Rules behind a policy that lets everything out; `DROP: ` in front: behind one that drops. */
const chains = (rules: string): string => {
	const [, policy = 'ACCEPT', rest = ''] = /^(?:(DROP): )?(.*)$/.exec(rules) ?? [];
	return [`-P OUTPUT ${policy}`, ...rest.split('; ')].join('\n');
};

test('chains of others are followed, and what comes first counts', () => {
	const rows: { readonly [what: string]: readonly [rules: string, wanted: string] } = {
		'a chain': ['-N MAIL; -A OUTPUT -j MAIL; -A MAIL -p tcp --dport 25 -j REJECT --reject-with tcp-reset', 'blocked'],
		'ours in front': [
			'DROP: -A OUTPUT -p tcp -m multiport --dports 25 -m owner --uid-owner 991 -m comment --comment "a b" -j ACCEPT; -A OUTPUT -p tcp --dport 25 -j DROP',
			'passes',
		],
		'returns to the policy': ['DROP: -N A; -A OUTPUT -j A; -A A -p tcp -j RETURN', 'blocked'],
		'not us': ['-A OUTPUT -p tcp --dport 25 -m owner ! --uid-owner 991 -j DROP', 'passes'],
		'a range': ['-A OUTPUT -p tcp --dport 20:30 -m owner --uid-owner 900-999 -j DROP', 'blocked'],
		'what is under way': ['-A OUTPUT -p tcp -m conntrack --ctstate RELATED,ESTABLISHED -j DROP', 'passes'],
		loopback: ['-A OUTPUT -o lo -j DROP; -A OUTPUT ! -o lo -p tcp --dport 25 -j DROP', 'blocked'],
		'one address': ['-A OUTPUT -d 192.0.2.1/32 -p tcp --dport 25 -j DROP', 'passes'],
		'not understood': ['-A OUTPUT -p tcp -m set --match-set x dst --dport 25 -j DROP', 'passes'],
		'logged, then dropped': [
			'-A OUTPUT -p tcp --dport 25 -j LOG --log-prefix "out: "; -A OUTPUT -p tcp --dport 25 -j DROP',
			'blocked',
		],
		'a circle': ['-N A; -A OUTPUT -j A; -A A -j A', 'passes'],
	};
	for (const [what, [rules, wanted]] of Object.entries(rows)) assert.equal(outcome(chains(rules)), wanted, what);
});
