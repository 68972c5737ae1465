#!/usr/bin/env perl
# The lists of codes in C are sorted and hold all that the packages iso-codes
# and tzdata hold, where these are installed; a code that they lack is one of
# the few that are named here.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use JSON::PP;
use Lint;

my $json = '/usr/share/iso-codes/json';
my $zones = '/usr/share/zoneinfo/tzdata.zi';
my %newer = map { $_ => 1 } qw(XCG ZWG);
my (@order, @missing, @extra);

sub packed
{
	my ($name, $width) = @_;
	my ($body) = text('src/quality/format_codes.c') =~ /\b$name\[\] =(.*?);/s or die "no $name";
	return join('', $body =~ /"([^"]*)"/g) =~ /(.{$width})/g;
}

sub compare
{
	my ($name, $have, $want) = @_;
	push @order, grep { $_ } map { $have->[$_ - 1] lt $have->[$_] ? () : "$name: $have->[$_]" } 1 .. $#$have;
	return unless @$want;
	my %have = map { $_ => 1 } @$have;
	my %want = map { $_ => 1 } @$want;
	push @missing, map { "$name: $_" } grep { !$have{$_} } sort keys %want;
	push @extra, map { "$name: $_" } grep { !$want{$_} && !$newer{$_} } @$have;
}

sub package_codes
{
	my ($standard, @keys) = @_;
	my $file = "$json/iso_$standard.json";
	return unless -f $file;
	return map { my $row = $_; grep { defined && !/-/ } @$row{@keys} } @{ decode_json(text($file))->{$standard} };
}

my $language = '639-2';
compare('country_alpha2', [packed('country_alpha2', 2)], [package_codes('3166-1', 'alpha_2')]);
compare('country_alpha3', [packed('country_alpha3', 3)], [package_codes('3166-1', 'alpha_3')]);
compare('country_numeric', [packed('country_numeric', 3)], [package_codes('3166-1', 'numeric')]);
compare('currency', [packed('currency', 3)], [package_codes('4217', 'alpha_3')]);
compare('language_alpha2', [packed('language_alpha2', 2)], [package_codes($language, 'alpha_2')]);
compare('language_alpha3', [packed('language_alpha3', 3)], [package_codes($language, 'alpha_3', 'bibliographic')]);

# zones come and rarely go: what the package lacks may be newer or older
my ($table) = text('src/quality/format_zone.c') =~ /zone_names\[\] = \{(.*?)\};/s or die 'no zone_names';
my @names = $table =~ /"([^"]+)"/g;
my @known = -f $zones ? map { /^Z (\S+)/ ? $1 : /^L \S+ (\S+)/ ? $1 : () } split /\n/, text($zones) : ();
compare('zone_names', \@names, \@names);
my %listed = map { $_ => 1 } @names;
push @missing, map { "zone_names: $_" } grep { !$listed{$_} && m{/} == 0 && $_ ne 'Factory' } @known;

verdict('lists of codes are sorted', @order);
verdict('lists of codes hold what the packages hold', @missing);
verdict('lists of codes hold nothing else', @extra);
