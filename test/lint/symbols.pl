#!/usr/bin/env perl
# All symbols that are not static begin with dq_, since they share one space
# with every other library of the server.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my @objects = files('src/*.o', 'src/*/*.o');
my ($status, @lines) = @objects ? capture('nm', '-g', '--defined-only', @objects) : (1, 'nothing is built');
my @hits = $status ? @lines : grep { / [A-Z] / && !/ (dq_\w+|pg_finfo_dq_\w+|Pg_magic_func|_PG_init)$/ } @lines;
verdict('every exported symbol begins with dq_', @hits);
