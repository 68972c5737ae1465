#!/usr/bin/env bash
# Test against the other PostgreSQL majors, on the Debians that carry them.
#
#   test/matrix.sh [MAJOR...] [-- ARGUMENTS of test/run.sh]
#   test/matrix.sh --clean
#
# MAJOR is 17 (trixie) or 18 (forky), by default both; 15 is a bare bookworm.  Root's: each Debian is
# made by debootstrap below $DQ_MATRIX (by default ${TMPDIR:-/var/tmp}/dq_etl-matrix),
# used again when it is there, and entered by chroot.  --clean removes them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=test/lib.sh
. test/lib.sh

BASE=${DQ_MATRIX:-${TMPDIR:-/var/tmp}/dq_etl-matrix}
MOUNTED=()

unmount_all()
{
	local i

	for ((i = ${#MOUNTED[@]} - 1; i >= 0; i--)); do
		umount "${MOUNTED[i]}" 2>/dev/null || umount -l "${MOUNTED[i]}" || true
	done
	MOUNTED=()
}

mount_in()
{
	mountpoint -q "$2" && return
	mkdir -p "$2"
	mount -t "$1" "$1" "$2"
	MOUNTED+=("$2")
}

# The mirror that this machine's apt uses.
mirror()
{
	local found

	found=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null |
			grep -v '^ *#' | grep -oE 'https?://[^] ]+/debian/?( |$)' | head -n 1)
	printf '%s\n' "${found:-http://deb.debian.org/debian}" | tr -d ' '
}

# Make the Debian SUITE below BASE, unless it is there.
make_root()
{
	local suite=$1 root=$BASE/$1 script=/usr/share/debootstrap/scripts/$1

	if [ ! -x "$root/usr/bin/dpkg" ] || [ -d "$root/debootstrap" ]; then
		[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
		rm -rf "$root"
		mkdir -p "$root"
		debootstrap --variant=minbase "$suite" "$root" "$(mirror)" "$script" >"$BASE/$suite.debootstrap.log" 2>&1 ||
			{ tail -n 5 "$BASE/$suite.debootstrap.log"; return 1; }
	fi
	# a mirror may serve release files past their date
	{
		echo 'Acquire::Check-Valid-Until "false";'
		apt-config dump | grep -iE '^Acquire::https?::Proxy' || true
	} >"$root/etc/apt/apt.conf.d/90dq_etl"
	# packages must not start servers in there
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

# Test in the Debian SUITE; prints one line for MAJOR.
run_in()
{
	local suite=$1 major=$2 root=$BASE/$1 log=$BASE/$1.log status=0
	shift 2

	make_root "$suite" || { dq_say "PostgreSQL $major ($suite): no Debian, 0 passed, 1 failed"; return 1; }
	mount_in proc "$root/proc"
	mount_in tmpfs "$root/dev/shm"
	mkdir -p "$root/srv/dq_etl"
	find "$root/srv/dq_etl" -mindepth 1 -maxdepth 1 ! -name build -exec rm -rf {} +
	dq_source_files | while IFS= read -r -d '' file; do
		[ ! -f "$file" ] || printf '%s\0' "$file"
	done | tar -c --null -T - | tar -x --no-same-owner -C "$root/srv/dq_etl"
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		chroot "$root" /srv/dq_etl/test/run.sh "$@" >"$log" 2>&1 || status=$?
	unmount_all
	dq_say "PostgreSQL $major ($suite): $(tail -n 1 "$log")"
	[ "$status" = 0 ] || { grep -E '^(==|not ok)' "$log" || true; dq_say "  all of it is in $log"; }
	return "$status"
}

if [ "${1:-}" = --clean ]; then
	if [ -d "$BASE" ]; then
		! grep -q " $BASE/" /proc/mounts || dq_die "something is mounted below $BASE"
		rm -rf --one-file-system "$BASE"
	fi
	exit 0
fi
MAJORS=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	case $1 in
		15 | 17 | 18) MAJORS+=("$1") ;;
		*) sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//p}' "${BASH_SOURCE[0]}"; exit 2 ;;
	esac
	shift
done
[ $# = 0 ] || shift
[ ${#MAJORS[@]} -gt 0 ] || MAJORS=(17 18)
[ "$(id -u)" = 0 ] || dq_die "debootstrap and chroot need root"
dq_need_packages debootstrap
trap unmount_all EXIT
mkdir -p "$BASE"
RESULT=0
for MAJOR in "${MAJORS[@]}"; do
	case $MAJOR in
		15) run_in bookworm 15 "$@" || RESULT=1 ;;
		17) run_in trixie 17 "$@" || RESULT=1 ;;
		18) run_in forky 18 "$@" || RESULT=1 ;;
	esac
done
exit "$RESULT"
