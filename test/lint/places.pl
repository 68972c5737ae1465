#!/usr/bin/env perl
# No file mentions a place on somebody's machine.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my @hits;
push @hits, find_lines('places', qr{(?<![\w.\$\}/])/(home|root|Users|mnt)/\w}, $_)
	for c_files(), files('sql/*.sql', 'test/*/*', 'test/*.*', 'examples/*', 'doc/*', 'bench/*', '*.md', 'Makefile');
verdict('no path of a particular machine', grep { !m{^test/lint/places\.pl:} } @hits);
