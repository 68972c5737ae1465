#!/usr/bin/env perl
# Includes go downward.  Inside a layer a file includes only its own header,
# unless the README of its folder names the other header and says why; the
# ground (base) may build on itself.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Lint;

my %layer = (
	base    => 0,
	catalog => 1,
	analyze => 2,
	quality => 3,
	load    => 3,
	stage   => 3,
	run     => 4,
	api     => 5,
	''      => 6);
my @hits;

for my $file (c_files())
{
	my ($folder, $name) = $file =~ m{^src/(?:([^/]+)/)?([^/]+)\.[ch]$} or next;
	$folder //= '';
	push @hits, "$file: folder without a layer" unless exists $layer{$folder};
	my $readme = -f "src/$folder/README.md" ? text("src/$folder/README.md") : '';
	for (find_lines('layers', qr/^\s*#\s*include\s+"/, $file, code($file, strings => 1)))
	{
		my ($header) = /include\s+"([^"]+)"/ or next;
		next unless -f "src/$header";
		my ($to, $base) = $header =~ m{^(?:([^/]+)/)?([^/]+)\.h$};
		$to //= '';
		next if ($layer{$to} // 99) < ($layer{$folder} // -1);
		next if $to eq 'base' && $folder eq 'base';
		next if $to eq $folder && $base eq $name;
		next if ($layer{$to} // 99) == ($layer{$folder} // -1) && $readme =~ /\b\Q$base\E\.h\b/;
		push @hits, $_;
	}
}
verdict('includes go downward', @hits);
