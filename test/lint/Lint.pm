# What the rules of test/lint share.  A rule runs in the top of a built source
# tree and prints one "ok - ..." or "not ok - ..." line per thing it checks.
#
# A line that breaks a rule for a good reason says so, on itself or the line
# before:  lint: RULE because ...
package Lint;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(c_files files text code lines find_lines verdict notes capture);

my %text;

# Files that match the glob patterns, sorted.
sub files { return sort grep { -f } map { glob } @_ }

# All our C: sources, or with an argument "c" or "h" one kind.
sub c_files { my $k = shift // '[ch]'; return files("src/*.$k", "src/*/*.$k") }

sub text
{
	my $file = shift;
	$text{$file} //= do { open my $fh, '<', $file or die "$file: $!\n"; local $/; <$fh> // '' };
	return $text{$file};
}

# The text of a C file with its comments blanked, and, unless strings are to
# be kept, the contents of its literals too.  Lines keep their numbers.
sub code
{
	my ($file, %option) = @_;
	my $text  = text($file);
	my $blank = sub { my $s = shift; $s =~ s/[^\n]/ /g; $s };
	$text =~ s{(/\*.*?\*/|//[^\n]*)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')}
		{defined $1 ? $blank->($1) : $option{strings} ? $2 : '"' . (' ' x (length($2) - 2)) . '"'}gse;
	return $text;
}

# Where a pattern matches in code, as "file:line: text", leaving out lines
# that are excused from the rule.
sub find_lines
{
	my ($rule, $pattern, $file, $code) = @_;
	my @raw  = split /\n/, text($file), -1;
	my @code = split /\n/, $code // text($file), -1;
	my @hits;
	for my $i (0 .. $#code)
	{
		next unless $code[$i] =~ $pattern;
		next if excused($rule, \@raw, $i);
		(my $shown = $raw[$i]) =~ s/^\s+//;
		push @hits, sprintf('%s:%d: %s', $file, $i + 1, $shown);
	}
	return @hits;
}

sub excused
{
	my ($rule, $raw, $i) = @_;
	return grep { $_ >= 0 && $raw->[$_] =~ /lint: \Q$rule\E because \S/ } $i - 1, $i;
}

# One TAP line, and what is wrong as comments below it.
sub verdict
{
	my ($name, @hits) = @_;
	printf "%s - %s\n", @hits ? 'not ok' : 'ok', $name;
	notes(@hits);
	return;
}

sub notes { print "#   $_\n" for @_; return }

# The lines that a command prints, both streams, and its status.
sub capture
{
	my @command = @_;
	my $pid = open(my $fh, '-|') // die "fork: $!\n";
	if (!$pid) { open STDERR, '>&', \*STDOUT; exec @command or die "$command[0]: $!\n" }
	chomp(my @lines = <$fh>);
	close $fh;
	return ($?, @lines);
}

1;
