# The SQL of README.md and doc/ runs as it stands.
#
# Every ```sql block is run by psql, in the order of the page, in a server of
# the page's own. The words after "sql" on the fence say how:
#   user=NAME       as whom (default: etl_owner)
#   db=NAME         where (default: warehouse)
#   error=SQLSTATE  it fails so, at its last error
# A ```text block right after one is what psql prints; in it "…" stands for
# anything within a line, and a line of only "…" for any lines.
# doc/tests/NAME.sql prepares the server, as superuser in warehouse.
use strict;
use warnings;
use utf8;
use open qw(:std :encoding(UTF-8));
use Encode qw(encode decode);
use File::Basename qw(basename);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Read a page: a list of { line, args, sql, text }.
sub blocks
{
	my ($page) = @_;
	my (@blocks, $open, $kind, $body);

	open my $in, '<:encoding(UTF-8)', $page or die "$page: $!";
	while (my $line = <$in>)
	{
		if (!defined $kind && $line =~ /^```(\w*)(.*)$/)
		{
			($kind, $body) = ($1, '');
			$open = { line => $., args => { $2 =~ /(\w+)=(\S+)/g } };
		}
		elsif (defined $kind && $line =~ /^```\s*$/)
		{
			push @blocks, { %$open, sql => $body } if $kind eq 'sql';
			$blocks[-1]{text} //= $body
			  if $kind eq 'text' && @blocks && $blocks[-1]{fresh};
			$_->{fresh} = 0 foreach @blocks;
			$blocks[-1]{fresh} = 1 if $kind eq 'sql';
			undef $kind;
		}
		elsif (defined $kind)
		{
			$body .= $line;
		}
		elsif ($line =~ /\S/ && @blocks)
		{
			$blocks[-1]{fresh} = 0;
		}
	}
	die "$page: a block is not closed" if defined $kind;
	return @blocks;
}

# The text of a page as a pattern.
sub pattern
{
	my ($text) = @_;
	my $pattern = '';

	foreach my $line (split /\n/, $text)
	{
		$line =~ s/\s+$//;
		if ($line eq '…')
		{
			$pattern .= '(?:[^\n]*\n)*?';
			next;
		}
		$pattern .= join('[^\n]*?', map { quotemeta } split(/…/, $line, -1)) . '\n';
	}
	return qr/^$pattern$/;
}

sub psql
{
	my ($node, $db, $user, $sql, @options) = @_;
	my $output = '';
	my $utf8 = encode('UTF-8', $sql);

	IPC::Run::run(
		[
			'psql', '-X', '-q', @options, '-h', $node->host, '-p', $node->port,
			'-U', $user, '-d', $db, '-f', '-'
		],
		'<', \$utf8, '>', \$output, '2>&1');
	my $status = $? >> 8;
	$output = decode('UTF-8', $output);
	$output =~ s/^psql:<stdin>:\d+: //mg;
	$output =~ s/[ \t]+$//mg;
	$output =~ s/\n+$/\n/;
	return ($status, $output);
}

sub run_block
{
	my ($node, $page, $block) = @_;
	my $args = $block->{args};
	my $name = "$page line $block->{line}";
	my @options = $args->{error} ? () : ('-v', 'ON_ERROR_STOP=1');
	my $sql = $block->{sql} . ($args->{error} ? "\n\\echo SQLSTATE :LAST_ERROR_SQLSTATE\n" : '');
	my ($status, $output) =
	  psql($node, $args->{db} // 'warehouse', $args->{user} // 'etl_owner', $sql, @options);

	if ($args->{error})
	{
		my ($state) = $output =~ /^SQLSTATE (\w+)\n\z/m;
		$output =~ s/^SQLSTATE \w+\n\z//m;
		is($state, $args->{error}, "$name fails with $args->{error}") or diag $output;
	}
	else
	{
		is($status, 0, "$name runs") or diag $output;
	}
	like($output, pattern($block->{text}), "$name prints what the page says")
	  if defined $block->{text};
	return;
}

foreach my $page ('README.md', sort(glob 'doc/*.md doc/*/*.md'))
{
	my @blocks = blocks($page);
	my $setup = 'doc/tests/' . lc(basename($page, '.md')) . '.sql';

	next unless @blocks;
	my $node = PostgreSQL::Test::Cluster->new(lc basename($page, '.md'));
	$node->init(extra => [ '--encoding=UTF8', '--locale=C.UTF-8' ]);
	$node->append_conf('postgresql.conf', <<"CONF");
shared_preload_libraries = 'pg_cron'
cron.database_name = 'warehouse'
cron.host = '${\ $node->host }'
timezone = 'UTC'
CONF
	$node->start;
	# what "examples/demo.sh server" gives its reader
	my $superuser = $node->safe_psql('postgres', 'SELECT current_user');
	$node->safe_psql('postgres', 'CREATE ROLE postgres SUPERUSER LOGIN')
	  if $superuser ne 'postgres';
	$node->safe_psql('postgres', $_)
	  foreach ('CREATE ROLE crm_reader LOGIN', 'CREATE DATABASE crm', 'CREATE DATABASE warehouse');
	$node->safe_psql('warehouse', 'CREATE EXTENSION dq_etl; CREATE EXTENSION pg_cron');
	if (-e $setup)
	{
		IPC::Run::run(
			[
				'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', $node->host,
				'-p', $node->port, '-U', $superuser,
				'-d', 'warehouse', '-f', $setup
			]);
		is($? >> 8, 0, "$setup prepares $page");
	}
	run_block($node, $page, $_) foreach @blocks;
	$node->stop;
}

done_testing();
