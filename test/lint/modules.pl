#!/usr/bin/env perl
# An install module creates, and fails when the name is taken: OR REPLACE and
# IF NOT EXISTS would let a squatted object into the extension.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my (@replace, @exists, @plpgsql, @encoded);
for my $file (files('sql/[0-9][0-9]_*.sql'))
{
	(my $sql = text($file)) =~ s{--[^\n]*|/\*.*?\*/}{(my $s = $&) =~ s/[^\n]//g; $s}gse;
	# read in the encoding of the database, whatever that is
	push @encoded, find_lines('modules', qr/[^\x00-\x7F]/, $file, text($file));
	push @replace, find_lines('modules', qr/\bCREATE\s+OR\s+REPLACE\b/i, $file, $sql);
	push @exists, find_lines('modules', qr/\bIF\s+NOT\s+EXISTS\b/i, $file, $sql);
	push @plpgsql, find_lines('modules', qr/\bLANGUAGE\s+'?plpgsql\b/i, $file, $sql);
}
verdict('install modules have no OR REPLACE', @replace);
verdict('install modules have no IF NOT EXISTS', @exists);
verdict('install modules have no PL/pgSQL', @plpgsql);
verdict('install modules are ASCII', @encoded);
