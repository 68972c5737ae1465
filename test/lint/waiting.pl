#!/usr/bin/env perl
# Tests wait by polling a state, not by sleeping.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my @hits;
push @hits, find_lines('waiting', qr/\bpg_sleep(_for|_until)?\b/i, $_)
	for files('test/sql/*.sql', 'test/specs/*.spec', 'test/pgtap/*.sql');
push @hits, find_lines('waiting', qr/^[^#]*\b(u?sleep|pg_sleep)\b/, $_) for files('test/t/*.pl');
verdict('tests do not sleep', @hits);
