/**
 * The service manager (systemd): telling it how we are.
 *
 * `sd_notify` is a datagram on a unix socket, which Node cannot send. One small Perl process lives beside the agent, reads lines
 * and sends each; it ends with us, since its input ends. It is not `systemd-notify` for each message: before systemd 246 (that is
 * on AlmaLinux 8) the manager asks for the sender's cgroup after that program may have ended, and a lost READY=1 would have the
 * agent killed as hung. `systemd-notify` is the way where there is no Perl; without both nothing is told. The unit needs
 * `NotifyAccess=all`, since the sender is our child.
 *
 * Not here: when to tell what (main/commands/run.ts), the socket that it passes us (shared/client/own-socket.ts). sd_notify(3), sd_watchdog_enabled(3).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

type Environment = { readonly [name: string]: string | undefined };

export type ServiceState = 'READY=1' | 'STOPPING=1' | 'RELOADING=1' | 'WATCHDOG=1';

export type ServiceManager = {
	/** Never throws, never waits. `status` is one line for `systemctl status`. */
	tell(state: ServiceState, status?: string): void;
	/** Resolves when what was told is on its way and the sender has ended. */
	stop(): Promise<void>;
};

const nobody: ServiceManager = { tell: () => {}, stop: async () => {} };

/** Datagrams from lines; `\t` stands for the newline between assignments. An abstract socket is written with `@`. */
const perlSender = `use Socket;
my $to = $ENV{NOTIFY_SOCKET}; $to =~ s/^@/\\0/;
socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or exit 1;
$SIG{$_} = "IGNORE" for qw(INT TERM HUP PIPE);
while (my $line = <STDIN>) { chomp $line; $line =~ tr/\\t/\\n/; send($socket, $line, 0, pack_sockaddr_un($to)); }`;

const perlPaths = ['/usr/bin/perl', '/usr/local/cpanel/3rdparty/bin/perl'];
const notifyPaths = ['/usr/bin/systemd-notify', '/bin/systemd-notify'];
const senderEndMs = 2_000;

type Sender = { send(assignments: readonly string[]): void; stop(): Promise<void> };

/** Behind the third they are ignored so that the sender does not keep the passed sockets (relay port, API) open. */
const stdio = (input: 'pipe' | 'ignore') => [input, 'ignore', 'ignore', 'ignore', 'ignore'] as const;

const ended = (child: ChildProcess): Promise<void> =>
	new Promise((resolve) => {
		const timer = setTimeout(() => child.kill('SIGKILL'), senderEndMs);
		child.once('close', () => {
			clearTimeout(timer);
			resolve();
		});
	});

function throughPerl(perl: string, env: Environment): Sender {
	const child = spawn(perl, ['-e', perlSender], { stdio: [...stdio('pipe')], env });
	child.unref();
	let isGone = false;
	child.on('error', () => {
		isGone = true;
	});
	child.on('exit', () => {
		isGone = true;
	});
	child.stdin?.on('error', () => {});
	return {
		send: (assignments) => void (isGone || child.stdin?.write(`${assignments.join('\t')}\n`)),
		async stop() {
			if (isGone) return;
			const gone = ended(child);
			child.stdin?.end();
			await gone;
		},
	};
}

function throughSystemdNotify(program: string, env: Environment): Sender {
	const under = new Set<Promise<void>>();
	return {
		send(assignments) {
			const child = spawn(program, [...assignments], { stdio: [...stdio('ignore')], env });
			child.on('error', () => {});
			const gone = ended(child);
			under.add(gone);
			void gone.then(() => under.delete(gone));
		},
		stop: async () => void (await Promise.all(under)),
	};
}

function openSender(environment: Environment): Sender | undefined {
	const perl = perlPaths.find((path) => existsSync(path));
	if (perl !== undefined) return throughPerl(perl, environment);
	const program = notifyPaths.find((path) => existsSync(path));
	return program === undefined ? undefined : throughSystemdNotify(program, environment);
}

/** Microseconds between signs of life that the manager wants from this process; we give two in that time. */
function watchdogMs(environment: Environment, pid: number): number | undefined {
	const isOurs = environment.WATCHDOG_PID === undefined || Number(environment.WATCHDOG_PID) === pid;
	const microseconds = Number(environment.WATCHDOG_USEC);
	return isOurs && microseconds > 0 ? Math.max(100, microseconds / 2000) : undefined;
}

const assignmentsOf = (state: ServiceState, status: string | undefined): readonly string[] => [
	state,
	// Wanted since systemd 253 to tell this reload from an earlier one; older ones pass it over.
	...(state === 'RELOADING=1' ? [`MONOTONIC_USEC=${process.hrtime.bigint() / 1000n}`] : []),
	...(status === undefined ? [] : [`STATUS=${status.replace(/[\t\r\n]+/g, ' ')}`]),
];

/** Does nothing where no manager listens (a terminal, a container). */
export function openServiceManager(environment: Environment, pid: number): ServiceManager {
	if ((environment.NOTIFY_SOCKET ?? '') === '') return nobody;
	const sender = openSender(environment);
	if (sender === undefined) return nobody;
	const everyMs = watchdogMs(environment, pid);
	const watchdog = everyMs === undefined ? undefined : setInterval(() => sender.send(['WATCHDOG=1']), everyMs).unref();
	return {
		tell: (state, status) => sender.send(assignmentsOf(state, status)),
		async stop() {
			clearInterval(watchdog);
			await sender.stop();
		},
	};
}
