#!/usr/bin/perl
# Print the types of rules as a table: read from the tables in
# src/quality/rule.c, which are what dq_etl itself goes by.
use strict;
use warnings;

local $/;
open my $in, '<', "$ARGV[0]/src/quality/rule.c" or die "rule.c: $!";
my $source = <$in>;
my (%alias, %keys);

# groups of options: those that stand for several, and the keys of the others
$alias{$1} = $2 while $source =~ /#define (OPT_\w+) \((.*?)\)/g;
my ($table) = $source =~ /option_keys\[\] = \{(.*?)\};/s or die 'no option_keys';
push @{ $keys{$2} }, "`$1`" while $table =~ /\{"(\w+)", (OPT_\w+)\}/g;

sub groups
{
	my ($expression) = @_;
	return map { $alias{$_} ? groups($alias{$_}) : $_ } $expression =~ /OPT_\w+/g;
}

($table) = $source =~ /rule_types\[\] = \{(.*?)\};/s or die 'no rule_types';
my $rows = 0;
print "| type | also | dimension | needs | may have |\n|---|---|---|---|---|\n";
while ($table =~ /\{"(\w+)", (?:NULL|"(\w+)"), "(\w+)", &\w+,\s*([^,]+),\s*([^,]+),/g)
{
	my ($name, $also, $dimension, $allowed, $required) = ($1, $2, $3, $4, $5);
	my %needs = map { $_ => 1 } groups($required);
	my @may = grep { !$needs{$_} && $_ ne 'OPT_COMMON' } groups($allowed);

	printf "| `%s` | %s | %s | %s | %s |\n", $name, $also ? "`$also`" : '', $dimension,
	  join('; ', map { join(', ', @{ $keys{$_} }) } grep { $needs{$_} } groups($allowed)),
	  join('; ', map { join(', ', @{ $keys{$_} }) } @may);
	$rows++;
}
die 'rule_types is not read whole' if $rows != (() = $table =~ /&dq_shape/g);
