#!/usr/bin/env perl
# cppcheck 2.10 finds nothing that cppcheck.txt does not excuse.  PostgreSQL's
# headers are not analysed; cppcheck.h stands in for the macros that matter.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my ($status, $version) = capture('cppcheck', '--version');
if ($status || $version !~ /Cppcheck 2\.10/)
{
	print "ok - cppcheck # SKIP cppcheck 2.10 is the reference\n";
	exit;
}
my ($failed, @lines) = capture('cppcheck', '--quiet', '--std=c11', '-j2', '-Isrc', "--include=$FindBin::Bin/cppcheck.h",
	'--enable=warning,performance,portability', '--inline-suppr', '--error-exitcode=1',
	"--suppressions-list=$FindBin::Bin/cppcheck.txt", '--template={file}:{line}: {id}: {message}', 'src');
verdict('cppcheck finds nothing', $failed ? @lines : ());
