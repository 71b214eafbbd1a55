/**
 * What a plain Postfix is: version, folder, user, main.cf and what the services of master.cf set for themselves.
 *
 * Not here: Plesk (its own plug-in), what is to change (plan/postfix.ts).
 */
import { failed, ok, type Result } from '@sluice/shared/words/result.ts';
import { uidOf } from './exim.ts';
import type { FileFact, Machine } from './machine.ts';
import type { Refusal } from './refusal.ts';

export type PostfixFacts = {
	readonly kind: 'postfix';
	readonly version: string;
	readonly hostName: string;
	readonly user: { readonly name: string; readonly uid: number };
	readonly mainCf: FileFact;
	/** As `postconf` tells them. */
	readonly relayhost: string;
	readonly senderRelays: string;
	/** Domain of addresses that have none, such as those of users' programs. */
	readonly origin: string;
	/** The map of a canary, beside main.cf. */
	readonly only: { readonly path: string; readonly current: FileFact | undefined };
	/** `postconf -P`: parameters that services set for themselves, `smtp/unix/relayhost = …`. */
	readonly serviceParameters: readonly string[];
};

export async function postfixFacts(machine: Machine): Promise<Result<PostfixFacts, Refusal>> {
	if (await isPlesk(machine))
		return failed({
			code: 'panel',
			text: 'This is a Plesk server: Plesk writes the settings of Postfix itself.',
			hint: 'Wire it with the Plesk extension.',
		});
	const names = ['mail_version', 'myhostname', 'mail_owner', 'config_directory', 'relayhost', 'multi_instance_enable'];
	const [asked, services] = await Promise.all([
		machine.run(['postconf', '-x', ...names, 'sender_dependent_relayhost_maps', 'myorigin']),
		machine.run(['postconf', '-P']),
	]);
	const value = (name: string): string | undefined =>
		new RegExp(`^${name} = (.*)$`, 'm').exec(asked.output)?.[1]?.trim();
	const version = value('mail_version');
	const folder = value('config_directory');
	const mainCf = folder === undefined ? undefined : await machine.read(`${folder}/main.cf`);
	if (asked.exitCode !== 0 || version === undefined || mainCf === undefined)
		return failed({
			code: 'mta-broken',
			text: `Postfix cannot read its configuration as it stands: ${asked.output.trim().split('\n').slice(0, 3).join(' ')}`,
			hint: 'Correct it first; `postconf` must end with 0.',
		});
	if (value('multi_instance_enable') === 'yes')
		return failed({
			code: 'instances',
			text: 'Several instances of Postfix run here; which of them sends is not for this command to guess.',
			hint: 'Wire them by hand: docs/wiring.md tells what to set.',
		});
	const name = value('mail_owner') ?? 'postfix';
	return ok({
		kind: 'postfix',
		version,
		hostName: value('myhostname') ?? '',
		user: { name, uid: await uidOf(machine, name) },
		mainCf,
		relayhost: value('relayhost') ?? '',
		senderRelays: value('sender_dependent_relayhost_maps') ?? '',
		origin: await originOf(machine, value('myorigin') ?? ''),
		only: { path: postfixOnlyPath(mainCf.path), current: await machine.read(postfixOnlyPath(mainCf.path)) },
		serviceParameters: services.output.split('\n').filter((line) => line.includes(' = ')),
	});
}

/** Where it is installed on some systems and on others. */
export const isPlesk = async (machine: Machine): Promise<boolean> =>
	(await machine.exists('/usr/local/psa')) || (await machine.exists('/opt/psa'));

export const postfixOnlyPath = (mainCf: string): string => mainCf.replace(/[^/]+$/, 'sluice_only');

/** Debian says it by a file: postconf(5), myorigin. */
async function originOf(machine: Machine, value: string): Promise<string> {
	if (!value.startsWith('/')) return value;
	return (await machine.read(value))?.content.trim() ?? '';
}

/** main.cf where Debian has it, for taking the wiring out when Postfix cannot be asked. */
export const postfixMainCf = (machine: Machine): Promise<FileFact | undefined> => machine.read('/etc/postfix/main.cf');
