# What the Perl tests share: servers with the extension in them, sessions that
# go on in the background, and SQLSTATEs.
package DqTest;
use strict;
use warnings FATAL => 'all';
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
our @EXPORT = qw(start_node add_role sql_ok sql_error session wait_for as run_until_held start_again);

# A started server with the extension in database postgres.  Arguments are
# lines for postgresql.conf; @SOCKET@ stands for the socket directory.
sub start_node
{
	my ($name, @conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	$node->init;
	my $socket = $node->host;
	$node->append_conf('postgresql.conf', $_) for map { s/\@SOCKET\@/$socket/r } @conf;
	$node->start;
	$node->safe_psql('postgres', 'CREATE EXTENSION dq_etl');
	return $node;
}

# A role that may define pipelines, and owns a schema of its own name.
sub add_role
{
	my ($node, $role, %option) = @_;
	my $database = $option{database} // 'postgres';
	my $rights   = $option{rights} // 'LOGIN';
	$node->safe_psql('postgres', "CREATE ROLE $role $rights") unless $option{exists};
	$node->safe_psql($database, "CREATE SCHEMA AUTHORIZATION $role");
	my $regrole = $role =~ s/'/''/gr;
	$node->safe_psql($database, "SELECT etl.grant_usage('$regrole', 'define')");
	return;
}

# Parameters of psql for another role.
sub as { return extra_params => [ '-U', shift ] }

# What the statements print; dies when one fails.
sub sql_ok
{
	my ($node, $database, $sql, $role) = @_;
	return $node->safe_psql($database, $sql, $role ? as($role) : ());
}

# "SQLSTATE message and all the rest" of statements that must fail; '' when
# they do not.
sub sql_error
{
	my ($node, $database, $sql, $role) = @_;
	my ($out, $err);
	my $status = $node->psql(
		$database, $sql,
		stdout        => \$out,
		stderr        => \$err,
		on_error_stop => 1,
		extra_params => [ '-v', 'VERBOSITY=verbose', $role ? ('-U', $role) : () ]);
	return '' if $status == 0;
	$err =~ s/^NOTICE:.*\n(?:(?!ERROR|FATAL)(?:DETAIL|HINT|CONTEXT|LOCATION|LINE).*\n)*//mg;
	$err =~ s/^.*?(?:ERROR|FATAL):\s+//s;
	return $err;
}

# Poll until a query gives the text; a test of its own.
sub wait_for
{
	my ($node, $database, $query, $expected, $what) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	return ok($node->poll_query_until($database, $query, $expected), $what);
}

# A psql that goes on in the background.
sub session
{
	my ($node, $database, $role) = @_;
	my $self = bless { in => '', out => '', err => '', n => 0 }, 'DqTest::Session';
	local $ENV{PGAPPNAME} = 'dq session';
	$self->{timer} = IPC::Run::timeout(180);
	$self->{run}   = IPC::Run::start(
		[   $node->installed_command('psql'), '-XAtq', '-v', 'VERBOSITY=verbose',
			'-d', $node->connstr($database), $role ? ('-U', $role) : () ],
		'<', \$self->{in}, '>', \$self->{out}, '2>', \$self->{err}, $self->{timer});
	$self->{pid} = $self->query('SELECT pg_backend_pid()');
	return $self;
}

# Start a server that was taken away, as soon as its processes have let go of
# the data directory and of shared memory.
sub start_again
{
	my $node = shift;
	my $file = $node->data_dir . '/postmaster.pid';
	my ($pid) = -e $file ? slurp_file($file) =~ /^(\d+)/ : ();
	for (1 .. 200)
	{
		if (!$pid || !kill 0, $pid)
		{
			$node->{_pid} = undef;
			return if $node->start(fail_ok => 1);
		}
		select undef, undef, undef, 0.1;
	}
	die "the server does not start again\n";
}

# Start a run whose step waits for a lock that $holder has, and return the
# session that waits for the run, and the run's worker.
sub run_until_held
{
	my ($node, $database, $sql, $role) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $caller = session($node, $database, $role);
	$caller->start($sql);
	my $worker = "FROM pg_stat_activity WHERE backend_type LIKE 'dq_etl%' AND wait_event_type = 'Lock'";
	wait_for($node, $database, "SELECT count(*) $worker", '1', 'the run is in its step');
	return ($caller, $node->safe_psql($database, "SELECT pid $worker"));
}

package DqTest::Session;

# Send statements and return at once.
sub start
{
	my ($self, $sql) = @_;
	my $marker = sprintf 'dq-end-%d', ++$self->{n};
	$self->{in} .= "$sql\n;\n\\echo '$marker'\n\\warn '$marker'\n";
	$self->{run}->pump_nb;
	return $self;
}

# Wait for what was started; returns its output, errors in {error}.
sub finish
{
	my $self   = shift;
	my $marker = sprintf 'dq-end-%d', $self->{n};
	$self->{run}->pump until $self->{out} =~ /^\Q$marker\E\n/m && $self->{err} =~ /^\Q$marker\E\n/m;
	my $out = $self->{out} =~ s/\Q$marker\E\n\z//r;
	($self->{error} = $self->{err}) =~ s/\Q$marker\E\n\z//;
	$self->{error} =~ s/^.*?(?:ERROR|FATAL):\s+//s;
	$self->{out} = $self->{err} = '';
	chomp $out;
	return $out;
}

sub query
{
	my ($self, $sql) = @_;
	return $self->start($sql)->finish;
}

# Has psql ended by itself (its server went away)?
sub ended
{
	my $self = shift;
	$self->{run}->pump_nb;
	return !$self->{run}->pumpable;
}

# What a psql that lost its server said last.
sub wait_end
{
	my $self = shift;
	$self->{run}->pump while $self->{run}->pumpable;
	return $self->{err};
}

# kill -9 the client.
sub kill_client
{
	my $self = shift;
	$self->{run}->kill_kill(grace => 0);
	return;
}

sub quit
{
	my $self = shift;
	$self->{in} .= "\\q\n";
	eval { $self->{run}->finish };
	return;
}

1;
