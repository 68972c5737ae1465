#!/usr/bin/env bash
# Run the regress suite with the server under valgrind's memcheck.
#
#   test/memcheck.sh [NAME...]
#
# Debian's server is not built with USE_VALGRIND, so memcheck sees malloc'd
# blocks, the stack and uninitialised values, not single palloc'd chunks.  An
# error counts when a frame of ours is in its stack; what PostgreSQL itself
# does on purpose is in memcheck.supp.  Takes some minutes; not part of the
# normal run.  Tests that measure time may fail here: only memory counts.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=test/lib.sh
. test/lib.sh

dq_need_packages valgrind $(dq_package_names build server)
dq_begin
LOGS=$DQ_BUILD/memcheck
rm -rf "$LOGS"
dq_as mkdir -p "$LOGS"
cp test/memcheck.supp "$LOGS/"
cat >"$LOGS/postgres" <<END
#!/bin/sh
exec valgrind --quiet --leak-check=no --time-stamp=no --error-limit=no --num-callers=30 \\
	--trace-children=yes --trace-children-skip='*/sh,*/cp,*/diff' --suppressions='$LOGS/memcheck.supp' --log-file='$LOGS/%p.log' \\
	'$DQ_BINDIR/postgres' "\$@"
END
chmod 755 "$LOGS/postgres"
DQ_BUILD=$DQ_BUILD DQ_POSTGRES=$LOGS/postgres DQ_PATIENCE=10 ./test/run.sh regress "$@" || true
dq_say "processes under valgrind: $(find "$LOGS" -name '*.log' | wc -l)"

# an error is a block of lines between empty ones
perl -e '
	my ($ours, $others) = (0, 0);
	for my $file (@ARGV)
	{
		open my $fh, "<", $file or die "$file: $!\n";
		local $/;
		for my $block (split /^==\d+== *\n/m, <$fh> // "")
		{
			next unless $block =~ /^==\d+==\s+(at|by) 0x/m;
			if ($block =~ /dq_etl\.so|: dq_\w+ \(/) { $ours++; print "$block\n" }
			else { $others++ }
		}
	}
	print "memory errors: $ours with a frame of dq_etl, $others elsewhere\n";
	exit($ours > 0)' "$LOGS"/*.log
