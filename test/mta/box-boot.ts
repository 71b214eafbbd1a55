/**
 * How the root of a box comes up, as shell scripts: mounts, then process 1.
 *
 * Process 1 is a shell that waits (`shell`), or the machine's own systemd (`systemd`). The latter has namespaces of its own for cgroups,
 * network, host name and IPC too, so that units, sockets below 1024 and nftables rules are real and nobody's outside. systemd ignores
 * what a container may not touch, but only where it is told that it is in one (`container=`); kernel settings are read-only all the same.
 * It needs pivot_root, for units with mount namespaces of their own, and cgroup2 as the only hierarchy it sees, for it would
 * otherwise mount the host's old controllers.
 *
 * systemd cannot read a pipe for its life, so a keeper outside does: at end-of-file, or after the time to live, it kills process 1,
 * with which all else in the box dies, and removes the box's cgroups. Killed itself, it takes the box along (pdeathsig), and only empty
 * cgroups stay, which the next keeper removes.
 *
 * Not here: options, users, commands (box.ts), what of this server is started beyond the bare system (test/install).
 * Source: pid_namespaces(7), cgroup_namespaces(7), pivot_root(2), systemd's "Container Interface".
 */

/** Folders, overlays and devices below `$root`; `$layers` are the lower layers with colons, arguments of host, inside, and rw or ro. */
const MOUNT_ROOT = `
mount -t tmpfs -o "mode=755,size=$size" box "$root"
cd "$root"
mkdir -p usr etc var/log var/mail var/spool var/lib var/cache home root tmp var/tmp run proc sys dev opt .box
chmod 1777 tmp var/tmp; chmod 700 .box root; chgrp 8 var/mail; chmod 2775 var/mail # 8 is mail, on every Debian
for part in usr etc; do
	lower=
	IFS=:; for layer in $layers; do lower=$lower$layer/$part:; done; unset IFS
	mkdir -p .box/$part.upper .box/$part.work
	mount -t overlay overlay -o "lowerdir=$lower/$part,upperdir=$root/.box/$part.upper,workdir=$root/.box/$part.work" $part
done
for link in bin sbin lib lib64; do ln -s usr/$link $link; done
mount -t proc proc proc
mount -t tmpfs -o mode=755 dev dev; mkdir dev/shm; chmod 1777 dev/shm
# Nodes of the box's own: process 1 sets owner and mode of some, and those of the host would take them.
while read -r node major minor; do mknod -m 666 "dev/$node" c "$major" "$minor"; done <<-end
	null 1 3
	zero 1 5
	full 1 7
	random 1 8
	urandom 1 9
	tty 5 0
end
ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
while [ $# -gt 2 ]; do mkdir -p "$root$2"; mount --bind -o "$3" "$1" "$root$2"; shift 3; done
`;

/**
 * Runs as process 1. `$1` mount point, `$2` seconds to live, `$3` layers, then binds.
 * The first /proc/self/stat is read from the host's /proc and so gives the host's number of this process.
 */
export const SHELL_SCRIPT = `
set -e
root=$1 ttl=$2 layers=$3 size=1g; shift 3
read -r pid _ </proc/self/stat
${MOUNT_ROOT}
# Bash reaps orphans only while it waits, so a child does the reading.
exec chroot "$root" /bin/bash -c 'cd /; echo "$1"; exec 3<&0; (read -r -t "$2" _ <&3) & wait $!' box "$pid" "$ttl"
`;

/**
 * Nothing of the machine's own services: what its administrator enabled is gone from /etc, and of what its packages want only the
 * journal and the temporary files start. Masks lie in /run, so that /etc/systemd/system is as empty as on a new server.
 */
const BARE_UNITS = `
rm -rf etc/systemd/system/* etc/rc[0-6S].d/*
mask() { # folder of masks, then what is to remain, then --, then what there is
	into=$1 kept=; shift; mkdir -p "$into"
	while [ "$1" != -- ]; do kept="$kept $1 "; shift; done; shift
	for path; do case $kept in *" \${path##*/} "*) ;; *) ln -sf /dev/null "$into/\${path##*/}";; esac; done
}
mask run/systemd/system systemd-journald.service systemd-journald.socket systemd-journald-dev-log.socket \\
	systemd-journal-flush.service systemd-tmpfiles-setup.service -- usr/lib/systemd/system/*.wants/*
mask run/systemd/system-generators systemd-sysv-generator postfix-instance-generator -- usr/lib/systemd/system-generators/*
`;

/** Runs as process 1 until systemd takes its place. `$1` mount point, `$2` own cgroup as seen outside, `$3` layers, then binds. */
const SYSTEMD_INIT_SCRIPT = `
set -e
root=$1 group=$2 layers=$3 size=4g; shift 3 # an upgrade keeps three releases for a while
read -r pid _ </proc/self/stat
echo 0 >"$group/cgroup.procs"
${MOUNT_ROOT}
mount -t tmpfs -o mode=755 run run
mount -t sysfs -o ro sys sys
mkdir dev/pts; ln -s pts/ptmx dev/ptmx; mknod -m 600 dev/console c 1 3
mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys
[ ! -e proc/sysrq-trigger ] || mount --bind /dev/null proc/sysrq-trigger
: >etc/machine-id; : >etc/fstab
rm -f etc/hostname etc/hosts; echo server.example.test >etc/hostname
printf '127.0.0.1 localhost\\n127.0.1.1 server.example.test server\\n::1 localhost\\n' >etc/hosts
${BARE_UNITS}
exec unshare --cgroup bash -ec '
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mkdir .old; pivot_root . .old; umount -l /.old; rmdir /.old
	echo "$1"
	exec env -i container=sluice-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --system </dev/null >/dev/null 2>&1
' box "$pid"
`;

/** Namespaces of a box whose process 1 is systemd, beside those of every box. */
const SYSTEMD_NAMESPACES = '--uts --ipc --net';

/**
 * Runs outside of the box, in a mount namespace of its own. `$1` mount point, `$2` seconds to live, `$3` layers, then binds.
 * A group whose `cgroup.events` says that nobody is in it, nor below, is left from a keeper that was killed.
 */
const KEEPER_SCRIPT = `
root=$1 ttl=$2 layers=$3; shift 3
groups=$root.cgroup
remove() {
	for attempt in {1..100}; do
		find "$1" -depth -type d -exec rmdir {} + 2>/dev/null
		[ ! -d "$1" ] && return
		read -r -t 0.05 _ < <(:; sleep 0.05)
	done
}
mkdir -p "$groups" && mount -t cgroup2 cgroup2 "$groups" || exit
for left in "$groups"/sluice-box.*; do
	grep -q 'populated 0' "$left/cgroup.events" 2>/dev/null && [ -n "$(find "$left" -maxdepth 0 -mmin +1)" ] && remove "$left"
done
group=$(mktemp -d "$groups/sluice-box.XXXXXX") || exit
exec 3<&0
setpriv --pdeathsig KILL unshare --mount --pid --fork --kill-child ${SYSTEMD_NAMESPACES} --propagation private \\
	bash -c "$INIT" box "$root" "$group" "$layers" "$@" </dev/null &
box=$!
(read -r -t "$ttl" _ <&3) &
reader=$!
wait -n
# Its parent reaps process 1; without a parent that would be left to the machine's own process 1.
read -r first _ 2>/dev/null </proc/$box/task/$box/children
kill -9 \${first:-$box} $reader 2>/dev/null
wait $box $reader 2>/dev/null
remove "$group"
`;

/** Words for unshare(1)'s namespaces and the script in them. */
export function systemdKeeper(): {
	readonly command: readonly string[];
	readonly env: Readonly<Record<string, string>>;
} {
	return {
		command: ['unshare', '--mount', '--propagation', 'private', 'bash', '-c', KEEPER_SCRIPT, 'keeper'],
		env: { INIT: SYSTEMD_INIT_SCRIPT },
	};
}
