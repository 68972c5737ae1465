# Functions shared by test/run.sh, test/matrix.sh and examples/demo.sh.
# Source it from bash; it changes nothing until a function is called.
#
# A caller says, in this order:
#   dq_need_packages PKG...     what must be installed (dq_package_names helps)
#   dq_begin [keep]             where the build lives and who runs the servers
#   dq_stage [NAME]             copy the sources, build, install into a stage
#   dq_server_start NAME ...    a private server that sees the staged extension
#
# The system is never touched beyond installing packages: sources are copied
# to build/src, the extension is installed below build/, and servers listen on
# sockets of their own.  initdb refuses root, so root's builds and servers run
# as the user "postgres"; the files of the working copy keep their owner.

DQ_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
DQ_TEMPORARY=()					# directories that dq_end removes
DQ_STARTED=()					# servers that dq_end stops

dq_say() { printf '%s\n' "$*"; }
dq_die() { printf '%s\n' "$*" >&2; exit 1; }

# ------------------------------------------------------------------ packages

# Refresh apt's lists, at most once per process.
dq_apt_update()
{
	[ -n "${DQ_APT_UPDATED:-}" ] && return
	apt-get update -qq >&2
	DQ_APT_UPDATED=1
}

# Set DQ_MAJOR: the major version of $PG_CONFIG, else of the newest server
# development files, else the one that Debian's "postgresql" depends on.
dq_detect_major()
{
	local makefile

	[ -n "${DQ_MAJOR:-}" ] && return
	if [ -n "${PG_CONFIG:-}" ]; then
		DQ_MAJOR=$("$PG_CONFIG" --version | sed 's/^[^0-9]*\([0-9]*\).*/\1/')
		return
	fi
	for makefile in $(ls -d /usr/lib/postgresql/*/lib/pgxs/src/makefiles/pgxs.mk 2>/dev/null | sort -t/ -k5,5n); do
		DQ_MAJOR=${makefile#/usr/lib/postgresql/}
		DQ_MAJOR=${DQ_MAJOR%%/*}
	done
	[ -n "${DQ_MAJOR:-}" ] && return
	command -v apt-cache >/dev/null || dq_die "no PostgreSQL server development files found: set PG_CONFIG"
	dq_debian_major
	if [ -z "$DQ_MAJOR" ] && [ "$(id -u)" = 0 ]; then
		dq_apt_update
		dq_debian_major
	fi
	[ -n "$DQ_MAJOR" ] || dq_die "apt knows no package postgresql: run apt-get update, or set PG_CONFIG"
}

dq_debian_major()
{
	DQ_MAJOR=$(apt-cache depends postgresql 2>/dev/null |
			   sed -n 's/.*Depends: postgresql-\([0-9][0-9]*\)$/\1/p' | head -n 1)
}

# Print the packages for the given purposes: build, server, lint, pgtap, tap.
dq_package_names()
{
	local purpose

	dq_detect_major
	for purpose in "$@"; do
		case $purpose in
			build) echo gcc make libc6-dev "postgresql-server-dev-$DQ_MAJOR" ;;
			server) echo "postgresql-$DQ_MAJOR" "postgresql-client-$DQ_MAJOR" postgresql-contrib \
						 "postgresql-$DQ_MAJOR-cron" ieee-data ;;
			lint) echo perl clang-format cppcheck binutils ;;
			pgtap) echo "postgresql-$DQ_MAJOR-pgtap" libtap-parser-sourcehandler-pgtap-perl ;;
			tap) echo perl libipc-run-perl ;;
			*) dq_die "dq_package_names: unknown purpose $purpose" ;;
		esac
	done
}

# Make sure that the named packages are installed.
dq_need_packages()
{
	local package missing=()

	command -v dpkg-query >/dev/null || return 0
	for package in "$@"; do
		case $(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null) in
			*installed\ *) ;;
			*) missing+=("$package") ;;
		esac
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" != 0 ]; then
		dq_say "Some packages are missing. Install them and start again:"
		dq_say "  sudo apt-get install ${missing[*]}"
		exit 1
	fi
	dq_say "Installing ${missing[*]}"
	dq_apt_update
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 ||
		dq_die "apt-get could not install: ${missing[*]}"
}

# ------------------------------------------------- where, who, and the end

# Run a command as the unprivileged user, in the build directory, without the
# caller's PG* settings and without the lock of dq_begin.
dq_as()
{
	local clean=(env -u PGSERVICE -u PGDATA -u PGOPTIONS -u PGPASSWORD -u PGSSLMODE
				 "HOME=$DQ_BUILD" LC_ALL=C.UTF-8)

	if [ -n "$DQ_USER" ]; then
		(cd "$DQ_BUILD" && exec runuser -u "$DQ_USER" -- "${clean[@]}" "$@" 9>&-)
	else
		(cd "$DQ_BUILD" && exec "${clean[@]}" "$@" 9>&-)
	fi
}

# Choose PG_CONFIG, the user and the build directory.  With "keep", a build
# directory outside the working copy survives this process (see dq_forget),
# and servers go on running.
dq_begin()
{
	local keep=${1:-}

	umask 022
	dq_detect_major
	PG_CONFIG=${PG_CONFIG:-/usr/lib/postgresql/$DQ_MAJOR/bin/pg_config}
	[ -x "$(command -v "$PG_CONFIG")" ] || dq_die "no $PG_CONFIG: set PG_CONFIG"
	DQ_BINDIR=$("$PG_CONFIG" --bindir)
	DQ_PGXS=$(dirname "$("$PG_CONFIG" --pgxs)")/../..
	DQ_PGXS=$(cd "$DQ_PGXS" && pwd -P)
	DQ_USER=
	[ "$(id -u)" = 0 ] && DQ_USER=postgres
	[ -z "$DQ_USER" ] || id "$DQ_USER" >/dev/null 2>&1 || dq_die "there is no user $DQ_USER to run servers as"
	[ -n "$keep" ] || trap dq_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM
	dq_choose_build "$keep"
	DQ_SRC=$DQ_BUILD/src
	mkdir -p "$DQ_SRC"
	[ -z "$DQ_USER" ] || chown "$DQ_USER" "$DQ_BUILD" "$DQ_SRC"
}

# Set DQ_BUILD, unless the environment does: build/ in the working copy when
# the unprivileged user can reach it, else a fresh directory.
dq_choose_build()
{
	local keep=$1 pointer=$DQ_TOP/build/location

	if [ -n "${DQ_BUILD:-}" ]; then
		mkdir -p "$DQ_BUILD"
		return
	fi
	if [ -r "$pointer" ] && [ -d "$(cat "$pointer")" ]; then
		DQ_BUILD=$(cat "$pointer")
		return
	fi
	DQ_BUILD=$DQ_TOP/build
	# what the clone's user built stays the user's: root builds beside it
	if [ -n "$DQ_USER" ] && [ -d "$DQ_BUILD/src" ] && [ "$(stat -c %U "$DQ_BUILD/src")" != "$DQ_USER" ]; then
		DQ_BUILD=$DQ_BUILD/as-$DQ_USER
	fi
	if [[ $DQ_TOP != *[[:space:]\'\$]* ]] && mkdir -p "$DQ_BUILD" 2>/dev/null; then	# make wants a plain path
		[ -z "$DQ_USER" ] || chown "$DQ_USER" "$DQ_BUILD"
		(dq_as test -w "$DQ_BUILD") 2>/dev/null && return
	fi
	DQ_BUILD=$(mktemp -d "${TMPDIR:-/tmp}/dq_etl.XXXXXX")
	chmod 755 "$DQ_BUILD"
	[ -z "$DQ_USER" ] || chown "$DQ_USER" "$DQ_BUILD"
	if ! (dq_as test -w "$DQ_BUILD") 2>/dev/null; then
		rmdir "$DQ_BUILD"
		DQ_BUILD=$(mktemp -d /tmp/dq_etl.XXXXXX)
		chmod 755 "$DQ_BUILD"
		[ -z "$DQ_USER" ] || chown "$DQ_USER" "$DQ_BUILD"
	fi
	if [ -n "$keep" ]; then
		if ! { mkdir -p "$DQ_TOP/build" && printf '%s\n' "$DQ_BUILD" >"$pointer"; } 2>/dev/null; then
			rmdir "$DQ_BUILD"
			dq_die "cannot write $pointer: use a working copy that you may write to"
		fi
	else
		DQ_TEMPORARY+=("$DQ_BUILD")
	fi
	dq_say "User ${DQ_USER:-$(id -un)} cannot build below $DQ_TOP: building in $DQ_BUILD, removed at the end."
}

# Remove what dq_begin keep left outside the working copy.
dq_forget()
{
	local pointer=$DQ_TOP/build/location

	[ -r "$pointer" ] || return 0
	case $(cat "$pointer") in
		*/dq_etl.??????) rm -rf "$(cat "$pointer")" ;;
	esac
	rm -f "$pointer"
}

# Let no second process of this kind work in the build directory.
dq_lock()
{
	exec 9>"$DQ_BUILD/$1.lock"
	flock -n 9 || dq_die "another $1 is at work in $DQ_BUILD"
}

# Stop the servers and remove the directories that this process made.  A
# function dq_last_words, when there is one, speaks last and gets the status.
dq_end()
{
	local status=$? name directory

	trap - EXIT
	for name in ${DQ_STARTED[@]+"${DQ_STARTED[@]}"}; do
		dq_server_stop "$name" || true
	done
	cd /
	for directory in ${DQ_TEMPORARY[@]+"${DQ_TEMPORARY[@]}"}; do
		rm -rf "$directory"
	done
	if [ "$(type -t dq_last_words)" = function ]; then
		dq_last_words "$status" || status=$?
	fi
	exit "$status"
}

# --------------------------------------------------------------- the build

# Print, NUL separated, the source files of the working copy.
dq_source_files()
{
	if ! git -c safe.directory="$DQ_TOP" -C "$DQ_TOP" ls-files -z -co --exclude-standard 2>/dev/null; then
		(cd "$DQ_TOP" && find . \( -name .git -o -path ./build -o -path ./results \) -prune -o \
			-type f ! -name '*.o' ! -name '*.so' ! -name '*.bc' ! -name '*.d' -printf '%P\0')
	fi
}

# Bring build/src up to date; files that did not change keep their time, so
# that make has little to do.
dq_copy_sources()
{
	local file

	dq_source_files >"$DQ_BUILD/files.new"
	if [ -f "$DQ_BUILD/files" ] && ! cmp -s "$DQ_BUILD/files" "$DQ_BUILD/files.new"; then
		while IFS= read -r -d '' file; do
			[ -e "$DQ_TOP/$file" ] || rm -f "$DQ_SRC/$file"
		done <"$DQ_BUILD/files"
		rm -f "$DQ_SRC"/*.so "$DQ_SRC"/sql/dq_etl--*.sql
	fi
	while IFS= read -r -d '' file; do
		if [ ! -f "$DQ_TOP/$file" ]; then
			rm -f "$DQ_SRC/$file"
		elif ! cmp -s "$DQ_TOP/$file" "$DQ_SRC/$file"; then
			mkdir -p "$(dirname "$DQ_SRC/$file")"
			cp "$DQ_TOP/$file" "$DQ_SRC/$file"
		fi
		[ ! -x "$DQ_TOP/$file" ] || chmod +x "$DQ_SRC/$file"
	done <"$DQ_BUILD/files.new"
	mv "$DQ_BUILD/files.new" "$DQ_BUILD/files"
	find "$DQ_SRC/expected" -empty -name '*.out' -delete 2>/dev/null || true	# see run_driver
	[ -z "$DQ_USER" ] || chown -R "$DQ_USER" "$DQ_SRC"
}

# Build, warnings being errors, and install below build/stage-NAME.  Sets
# DQ_SETTINGS to the lines of postgresql.conf with which a server finds the
# staged extension.  Prints the compiler's words only when something is wrong.
dq_stage()
{
	local name=${1:-test} version stage log=$DQ_BUILD/make.log make
	local identity="$PG_CONFIG ${DQ_COPT:-}"

	stage=$DQ_BUILD/stage-$name
	version=$("$PG_CONFIG" --version)
	if [ "$(cat "$DQ_BUILD/built-for" 2>/dev/null)" != "$version $identity" ]; then
		rm -rf "$DQ_SRC" "$DQ_BUILD/files"
		mkdir -p "$DQ_SRC"
		printf '%s\n' "$version $identity" >"$DQ_BUILD/built-for"
	fi
	dq_copy_sources
	# Bitcode only serves JIT inlining, and its absence makes the build quick.
	make=(make -s -C "$DQ_SRC" "PG_CONFIG=$PG_CONFIG" with_llvm=no "COPT=-Werror ${DQ_COPT:-}")
	rm -rf "$stage"
	if ! { dq_as "${make[@]}" -j2 all && dq_as "${make[@]}" install "DESTDIR=$stage"; } >"$log" 2>&1; then
		head -n 100 "$log"
		dq_die "the build failed: $log"
	fi
	dq_settings "$stage"
}

# Set DQ_SETTINGS for a stage.  PostgreSQL 18 has extension_control_path;
# Debian's 15 to 17 have extension_destdir.
dq_settings()
{
	local stage=$1 known

	known=$("$DQ_BINDIR/postgres" --describe-config 2>/dev/null || dq_as "$DQ_BINDIR/postgres" --describe-config)
	DQ_SETTINGS="dynamic_library_path = '$stage$("$PG_CONFIG" --pkglibdir):\$libdir'"
	case $known in
		*extension_control_path*)
			DQ_SETTINGS+=$'\n'"extension_control_path = '$stage$("$PG_CONFIG" --sharedir):\$system'" ;;
		*extension_destdir*)
			DQ_SETTINGS+=$'\n'"extension_destdir = '$stage'" ;;
		*)
			dq_die "$("$PG_CONFIG" --version) has neither extension_control_path nor extension_destdir:" \
				   "it cannot load an extension that is not installed" ;;
	esac
}

# -------------------------------------------------------------- the servers

# Print a TCP port that nobody listens on.
dq_free_port()
{
	local port

	for port in $(seq 54321 54399); do
		if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
			echo "$port"
			return
		fi
	done
	dq_die "no free port between 54321 and 54399"
}

# Set DQ_HOME, DQ_DATA and, for a server that was started, PGHOST and PGPORT.
dq_server_locate()
{
	DQ_HOME=$DQ_BUILD/server/$1
	DQ_DATA=$DQ_HOME/data
	if [ -r "$DQ_HOME/socket" ]; then
		PGHOST=$(cat "$DQ_HOME/socket")
		PGPORT=$(cat "$DQ_HOME/port")
	fi
}

# Is server NAME running?  Sets what dq_server_locate sets.
dq_server_running()
{
	dq_server_locate "$1"
	[ -d "$DQ_DATA" ] && dq_as "$DQ_BINDIR/pg_ctl" -D "$DQ_DATA" status >/dev/null 2>&1
}

# Start a fresh private server, dropping what an earlier one of that name left.
# Extra arguments are lines for postgresql.conf.  With DQ_HOST_PORT set it also
# listens on that port of 127.0.0.1 (trusting whoever can connect there).
# Exports PGHOST, PGPORT, PGUSER and PGDATABASE for its socket.  DQ_POSTGRES
# names a program to start in place of postgres, DQ_PATIENCE stretches limits.
dq_server_start()
{
	local name=$1 line socket
	shift

	dq_server_stop "$name"
	rm -rf "$DQ_HOME"
	dq_as mkdir -p "$DQ_HOME"
	socket=$DQ_HOME
	PGPORT=${DQ_HOST_PORT:-$(dq_free_port)}
	# sun_path holds 108 bytes with its terminator
	if [ $((${#socket} + ${#PGPORT} + 12)) -gt 100 ]; then
		socket=$(dq_as mktemp -d "/tmp/dq.XXXXXX")
	fi
	printf '%s\n' "$socket" >"$DQ_HOME/socket"
	printf '%s\n' "$PGPORT" >"$DQ_HOME/port"
	PGHOST=$socket
	PGUSER=postgres
	PGDATABASE=postgres
	export PGHOST PGPORT PGUSER PGDATABASE
	dq_as "$DQ_BINDIR/initdb" -D "$DQ_DATA" -U postgres -A trust -E UTF8 --locale=C.UTF-8 --no-sync \
		>"$DQ_HOME/initdb.log" 2>&1 || { cat "$DQ_HOME/initdb.log"; dq_die "initdb failed"; }
	{
		printf '%s\n' "port = $PGPORT" "unix_socket_directories = '$socket'"
		printf '%s\n' "listen_addresses = '${DQ_HOST_PORT:+127.0.0.1}'"
		printf '%s\n' "timezone = 'UTC'" "log_timezone = 'UTC'"
		printf '%s\n' "log_line_prefix = '%m [%p] %q%d %a '"
		printf '%s\n' "$DQ_SETTINGS"
		for line in "$@"; do
			printf '%s\n' "${line//@SOCKET@/$socket}"
		done
	} >>"$DQ_DATA/postgresql.conf"
	DQ_STARTED+=("$name")
	dq_as "$DQ_BINDIR/pg_ctl" -D "$DQ_DATA" -l "$DQ_HOME/log" ${DQ_POSTGRES:+-p "$DQ_POSTGRES"} \
		-w -t $((60 * ${DQ_PATIENCE:-1})) start >"$DQ_HOME/start.log" 2>&1 ||
		{ cat "$DQ_HOME/start.log"; tail -n 20 "$DQ_HOME/log"; dq_die "server $name did not start"; }
}

# Stop server NAME by its own pid file, if it runs, and drop its socket.
dq_server_stop()
{
	dq_server_locate "$1"
	[ -d "$DQ_DATA" ] || return 0
	if dq_server_running "$1"; then
		dq_as "$DQ_BINDIR/pg_ctl" -D "$DQ_DATA" -m fast -w -t $((60 * ${DQ_PATIENCE:-1})) stop >/dev/null 2>&1 ||
			dq_as "$DQ_BINDIR/pg_ctl" -D "$DQ_DATA" -m immediate -w -t 30 stop >/dev/null 2>&1 ||
			dq_say "server $1 did not stop: $DQ_DATA"
	fi
	case $(cat "$DQ_HOME/socket" 2>/dev/null) in
		/tmp/dq.??????) rm -rf "$(cat "$DQ_HOME/socket")" ;;
	esac
}
