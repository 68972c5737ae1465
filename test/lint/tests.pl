#!/usr/bin/env perl
# Every regress test and isolation spec has its expected output, every expected
# output its test; alternates do not exist; names keep to the rules.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my %test = map { m{([^/]+)\.(sql|spec)$} ? ($1 => $_) : () } files('test/sql/*.sql', 'test/specs/*.spec');
my %expected = map { m{([^/]+)\.out$} ? ($1 => $_) : () } files('expected/*.out');

verdict('every test has an expected output', map { $test{$_} } grep { !-s "expected/$_.out" } sort keys %test);
verdict('every expected output has its test', map { $expected{$_} } grep { !$test{$_} } sort keys %expected);
verdict('regress tests do not begin with a digit', grep { m{/\d} } files('test/sql/*.sql'));
verdict('isolation specs are named concurrent_*', grep { !m{/concurrent_} } files('test/specs/*.spec'));
