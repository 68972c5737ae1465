#!/usr/bin/env perl
# The version number is written in dq_etl.control; META.json, which PGXN wants
# to carry it too, agrees.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my ($version) = text('dq_etl.control') =~ /^default_version\s*=\s*'([^']+)'/m;
my @other = grep { $_ ne $version } text('META.json') =~ /"version"\s*:\s*"([^"]+)"/g;
# the last one is the version of the format itself
pop @other if @other && $other[-1] eq '1.0.0';
verdict('META.json has the version of dq_etl.control', @other);
