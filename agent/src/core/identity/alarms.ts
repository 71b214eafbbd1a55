/**
 * Odd things seen while attributing: stable codes that are counted and alarmed, with what an operator should think of them.
 *
 * A message is never refused for one of these (invariant 10). Where the oddity could be a tenant's doing, it does not buy him
 * an unattributed message: what is proved stays proved beside the alarm.
 */

export const alarms = {
	'wiring.peer-not-proved': 'Wiring marks came from a peer that is neither root nor the MTA; they were not believed.',
	'wiring.no-secret-configured': 'No wiring secret is known to the agent, so that Exim cannot be believed.',
	'wiring.header-missing': 'Exim sent a message without the wiring header: it left by another router than ours.',
	'wiring.wrong-secret': 'A wiring header carried a wrong secret: forged, or the secret was changed on one side only.',
	'wiring.secret-missing':
		'Exim could not read the secret: the first delivery attempt ran inside a jail (jailshell, CageFS) or the file is gone.',
	'wiring.two-secrets': 'Two wiring headers carried the right secret: the secret is known to somebody, change it.',
	'wiring.malformed': 'A wiring header with the right secret does not have the agreed keys: versions differ.',
	'wiring.folded': 'A wiring header with the right secret is folded; Exim never writes it so.',
	'wiring.too-long': 'A wiring header is longer than 8 kB and was not read.',
	'wiring.displaced':
		'A wiring header stood behind the end of the header: something in front of it writes a blank line. Wire again, so that ours stands first.',
	'wiring.look-alike': 'A header whose name only begins like ours was stripped.',
	'wiring.auth-empty': 'Exim said that the client authenticated but not as whom.',
	'wiring.received-missing': 'Postfix sent a message without a Received line.',
	'wiring.received-unknown': 'The topmost Received line is not one that Postfix writes.',
	'wiring.host-name': 'The topmost Received line names another host than this one.',
	'wiring.ident-mismatch':
		'XFORWARD names another queue id than the topmost Received line: a content filter, or a forged XFORWARD.',
	'wiring.xforward-missing': 'Postfix sent an SMTP arrival without XFORWARD: smtp_send_xforward_command is off.',
} as const satisfies Record<string, string>;

export type AlarmCode = keyof typeof alarms;
