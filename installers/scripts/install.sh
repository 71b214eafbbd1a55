#!/bin/sh
# install.sh: installs Sluice on this server, or goes over to this version of it.
#
# Checks that this is a server it can run on and that the release is whole and signed with the key below; unpacks it into a folder of
# root's in /opt (not /tmp, which may not execute) and hands over to its `sluice install`, which shows what it will change and asks.
# Nothing on the server is changed by this script itself; its folder is removed on every way out.
#
# Everything is in main(), called on the last line, so that half a download does nothing.
set -eu

version='@VERSION@'
# `development`: not for somebody else's server.
key_kind='@KEY_KIND@'
public_key='@PUBLIC_KEY@'

usage() {
	cat <<END
sh install.sh [--file TAR | --from URL] [options of sluice install]

Installs Sluice $version, or goes over to it. Shows every change and asks before it makes one.

  --file TAR  the release, with .sha256 and .sig beside it (default: beside this script)
  --from URL  where to download it: the folder, or the .tar.xz itself; https only
  --dry-run   shows what would be changed, and changes nothing
  --yes       does not ask; for automation
  --allow-development-key
              accepts a release that a developer has built to try it

All other options are handed to \`sluice install\`: docs/install.md names them.
END
}

refuse() {
	echo "install.sh: $1" >&2
	exit 1
}

wrong_use() {
	echo "install.sh: $1" >&2
	usage >&2
	exit 2
}

# $1 a command, $2 its package on Debian and Ubuntu, $3 that on AlmaLinux, CloudLinux and Rocky
need() {
	if command -v "$1" >/dev/null 2>&1; then return; fi
	if command -v apt-get >/dev/null 2>&1; then
		refuse "$1 is missing; install it with: apt-get install $2"
	fi
	refuse "$1 is missing; install it with: dnf install $3"
}

check_server() {
	[ "$(id -u)" = 0 ] || refuse "must be run as root."
	[ "$(uname -s)" = Linux ] || refuse "runs on Linux only; this is $(uname -s)."
	[ "$(uname -m)" = x86_64 ] || refuse "this release is for x86_64; this machine is $(uname -m)."
	libc=$(getconf GNU_LIBC_VERSION 2>/dev/null) || refuse "needs glibc 2.28 or newer; this system has another C library."
	number=${libc#glibc }
	major=${number%%.*}
	minor=${number#*.}
	minor=${minor%%.*}
	if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "$minor" -lt 28 ]; }; then
		refuse "needs glibc 2.28 or newer (AlmaLinux 8, Debian 11, Ubuntu 20.04); this system has $number."
	fi
	need tar tar tar
	need xz xz-utils xz
	need openssl openssl openssl
	need sha256sum coreutils coreutils
	need df coreutils coreutils
	need find findutils findutils
	[ -d /opt ] || refuse "there is no folder /opt; make it with: mkdir -m 755 /opt"
	# Whoever may rename there could exchange what was checked.
	[ -n "$(find -L /opt -maxdepth 0 -user 0 ! -perm /022)" ] ||
		refuse "/opt can be changed by others than root, who would then change the program; mend it with: chown root /opt; chmod go-w /opt"
	free_kb=$(df -Pk /opt | awk 'NR == 2 { print $4 }')
	[ "$free_kb" -ge "$space_kb" ] || refuse "needs $((space_kb / 1024)) MB free in /opt; there are $((free_kb / 1024)) MB."
}

# The unpacked release, the archive, and what an upgrade keeps beside it.
space_kb=307200

# Leftovers of a script that was killed, when they are older than any installation takes.
sweep() {
	find /opt -maxdepth 1 -name '.sluice-unpack.*' -type d -user root -mmin +1440 -exec rm -rf {} +
}

# shellcheck disable=SC2317  # called by the trap
clean() {
	if [ -n "$work" ]; then rm -rf "$work"; fi
}

# $1 URL, $2 file
download() {
	if command -v curl >/dev/null 2>&1; then
		curl --fail --silent --show-error --location --proto '=https' --proto-redir '=https' --output "$2" "$1" ||
			refuse "cannot download $1"
	elif command -v wget >/dev/null 2>&1; then
		# wget would follow a redirection to plain http.
		wget --quiet --max-redirect=0 --output-document="$2" "$1" || refuse "cannot download $1"
	else
		need curl curl curl
	fi
}

# Puts the archive, its checksum and its signature into $work: what is checked there nobody else can exchange.
fetch() {
	if [ -n "$from" ]; then
		case $from in
		https://*.tar.xz) url=$from ;;
		https://*) url=${from%/}/$name ;;
		*) refuse "--from takes an https:// address; $from is not one." ;;
		esac
		echo "Downloading $url"
		for end in '' .sha256 .sig; do download "$url$end" "$work/archive$end"; done
		return
	fi
	if [ -z "$file" ]; then
		case $0 in
		*/*) file=${0%/*}/$name ;;
		*) file=./$name ;;
		esac
		[ -f "$file" ] || refuse "$name is not beside this script; say --file TAR or --from URL."
	fi
	for end in '' .sha256 .sig; do
		[ -f "$file$end" ] || refuse "$file$end is missing."
		cp "$file$end" "$work/archive$end"
	done
}

verify() {
	read -r wanted _ <"$work/archive.sha256" || refuse "the checksum file is empty."
	found=$(sha256sum "$work/archive")
	[ "${found%% *}" = "$wanted" ] || refuse "the archive is damaged: its SHA-256 is ${found%% *}, and should be $wanted."
	printf '%s\n' "$public_key" >"$work/key.pem"
	openssl dgst -sha256 -verify "$work/key.pem" -signature "$work/archive.sig" "$work/archive" >/dev/null 2>&1 ||
		refuse "the signature is not that of Sluice's release key. Do not use this archive."
}

# Only files and folders, only below one folder, only plain names: before anything is unpacked.
check_names() {
	xz --decompress --stdout "$work/archive" >"$work/tar" 2>/dev/null || refuse "the archive cannot be read."
	rm -f "$work/archive"
	tar --list --verbose --file "$work/tar" >"$work/list" 2>/dev/null || refuse "the archive cannot be read."
	kinds=$(cut -c1 "$work/list" | sort -u | tr -d '\n')
	case $kinds in
	-d | d- | d | -) ;;
	*) refuse "the archive holds something else than files and folders." ;;
	esac
	tar --list --file "$work/tar" >"$work/names"
	while IFS= read -r entry; do
		case $entry in
		*[!A-Za-z0-9._+@/-]*) refuse "the archive holds an odd name: $entry" ;;
		esac
		case /$entry/ in
		*/../* | */./*) refuse "the archive holds a name that leads elsewhere: $entry" ;;
		"/sluice-$version/"*) ;;
		*) refuse "the archive holds a name that is not below sluice-$version: $entry" ;;
		esac
	done <"$work/names"
}

unpack() {
	tar --extract --file "$work/tar" --directory "$work" --preserve-permissions --no-same-owner ||
		refuse "the archive could not be unpacked."
	rm -f "$work/tar"
	release=$work/sluice-$version
	"$release/bin/node" --version >/dev/null 2>"$work/said" ||
		refuse "the release's Node does not run here: $(cat "$work/said") (is /opt mounted noexec, or libstdc++ missing?)"
}

main() {
	umask 077
	LC_ALL=C
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	export LC_ALL PATH
	unset TAR_OPTIONS XZ_OPT XZ_DEFAULTS
	file='' from='' allow_development=no work=''
	name=sluice-$version-linux-x64.tar.xz

	left=$#
	while [ "$left" -gt 0 ]; do
		option=$1
		shift
		left=$((left - 1))
		case $option in
		--help | -h)
			usage
			exit 0
			;;
		--allow-development-key) allow_development=yes ;;
		--file | --from)
			[ "$left" -gt 0 ] || wrong_use "$option needs a value."
			if [ "$option" = --file ]; then file=$1; else from=$1; fi
			shift
			left=$((left - 1))
			;;
		--file=*) file=${option#*=} ;;
		--from=*) from=${option#*=} ;;
		--unpacked | --unpacked=*) wrong_use "--unpacked is not for this script; say --file." ;;
		*) set -- "$@" "$option" ;;
		esac
	done
	[ -z "$file" ] || [ -z "$from" ] || wrong_use "--file and --from exclude each other."
	if [ "$key_kind" != release ]; then
		[ "$allow_development" = yes ] ||
			refuse "this script and its release are signed with a DEVELOPMENT KEY: anyone who built them could have put anything in. To try it on a machine of your own, say --allow-development-key."
		echo "install.sh: WARNING: signed with a development key; not for a server that matters." >&2
	fi

	check_server
	sweep
	trap clean EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	work=$(mktemp -d /opt/.sluice-unpack.XXXXXX)
	fetch
	verify
	check_names
	unpack
	# From here on the program decides; what interrupts it must not take its files away under it. Its compiled code is not kept in a folder
	# that moves.
	trap : HUP INT TERM
	code=0
	NODE_DISABLE_COMPILE_CACHE=1 "$release/bin/sluice" install --unpacked "$release" "$@" || code=$?
	exit "$code"
}

main "$@"
