/**
 * Which of cPanel's standardized hooks we register, and with which commands: a pure list, for installing, taking out and checking.
 *
 * Each fires after the fact (`post`) and none may block. They only make changes arrive sooner: what no hook tells (manual edits, restores,
 * packages) the reconcile finds. Events of the category Cpanel run as the tenant unless they escalate, and could then not write into our
 * folder. Source: cPanel's Guide to Standardized Hooks.
 */

export type Hook = {
	readonly category: 'Whostmgr' | 'Cpanel' | 'PkgAcct' | 'System';
	readonly event: string;
	/** What happened: how the event is read (events/event.ts). */
	readonly means: 'changed' | 'removed' | 'all' | 'upgraded';
};

const whm = (event: string, means: Hook['means'] = 'changed'): Hook => ({ category: 'Whostmgr', event, means });
const cpanel = (event: string): Hook => ({ category: 'Cpanel', event, means: 'changed' });

export const hooks: readonly Hook[] = [
	whm('Accounts::Create'),
	whm('Accounts::Modify'),
	whm('Accounts::Remove', 'removed'),
	whm('Accounts::change_package'),
	whm('Accounts::suspendacct'),
	whm('Accounts::unsuspendacct'),
	whm('Domain::park'),
	whm('Domain::unpark'),
	whm('ParkAdmin::park'),
	whm('ParkAdmin::unpark'),
	whm('Domain::addsubdomain'),
	whm('Domain::delsubdomain'),
	cpanel('UAPI::Email::add_pop'),
	cpanel('UAPI::Email::delete_pop'),
	cpanel('Api2::Email::addpop'),
	cpanel('Api2::Email::delpop'),
	cpanel('Api2::AddonDomain::addaddondomain'),
	cpanel('Api2::AddonDomain::deladdondomain'),
	cpanel('UAPI::SubDomain::addsubdomain'),
	cpanel('Api2::SubDomain::addsubdomain'),
	cpanel('Api2::SubDomain::delsubdomain'),
	cpanel('Api2::Park::park'),
	cpanel('Api2::Park::unpark'),
	{ category: 'PkgAcct', event: 'Restore', means: 'all' },
	// An update of cPanel has ended: it may have built Exim anew and taken files of ours away (reconcile/upgrade.ts).
	{ category: 'System', event: 'upcp', means: 'upgraded' },
];

export const hookName = ({ category, event }: { readonly category: string; readonly event: string }): string =>
	`${category} ${event}`;

/** Where the script is installed: root's, 0755. */
export const hookScript = '/var/cpanel/sluice/sluice-hook';
export const manageHooksProgram = '/usr/local/cpanel/bin/manage_hooks';

/** Words behind `manage_hooks`. */
export const hookCommand = (
	act: 'add' | 'delete',
	{ category, event }: Hook,
	script: string = hookScript,
): readonly string[] => [
	act,
	'script',
	script,
	'--manual',
	'1',
	'--category',
	category,
	'--event',
	event,
	'--stage',
	'post',
	...(category === 'Cpanel' ? ['--escalateprivs', '1'] : []),
];
