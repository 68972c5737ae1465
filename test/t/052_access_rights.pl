# Who may see, run, edit: owner, grantee, stranger, monitor, and the roles
# that may read or write all data.
use strict;
use warnings FATAL => 'all';
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = start_node('access', 'max_worker_processes = 16');
add_role($node, 'low');
my %attributes = (
	runner => '', viewer => '', stranger => '', monitor => 'IN ROLE pg_monitor', reader => 'IN ROLE pg_read_all_data',
	writer => 'IN ROLE pg_write_all_data', signaller => 'IN ROLE pg_signal_backend', creator => 'CREATEROLE CREATEDB', dbowner => '',
	bypasser => 'BYPASSRLS IN ROLE pg_write_all_data, pg_read_all_data');
$attributes{maintainer} = 'IN ROLE pg_maintain' if sql_ok($node, 'postgres', 'SHOW server_version_num') >= 170000;
for my $role (sort keys %attributes)
{
	sql_ok($node, 'postgres', "CREATE ROLE $role LOGIN $attributes{$role}; SELECT etl.grant_usage('$role', 'define')");
}
sql_ok($node, 'postgres', 'ALTER DATABASE postgres OWNER TO dbowner');
sql_ok($node, 'postgres', q{
	CREATE TABLE low.secret AS SELECT 1 AS id, 'the secret value'::text AS word;
	CREATE TABLE low.target (id integer PRIMARY KEY, word text);
	SELECT count(*) FROM etl.define('p', schedule => '@daily', params => '{"password": "hush"}', steps => ARRAY[
		etl.extract('e', 'SELECT id, word FROM low.secret'),
		etl.expect('e', ARRAY[$$word <> 'the secret value'$$, 'id > 0'], on_fail => 'warn'),
		etl.load('e', target => 'low.target', key => '{id}')]);
	SELECT count(*) FROM etl.define('bad', steps => ARRAY[etl.extract('e', $$SELECT 'the secret value'::text::int AS x FROM low.secret$$)]);
	SELECT etl.run('p');
	SELECT etl.grant_access('p', 'runner', 'run');
	SELECT etl.grant_access('p', 'viewer', 'view')}, 'low');
like(sql_error($node, 'postgres', q{SELECT etl.run('bad')}, 'low'), qr/^22P02/, 'a run that fails with data in its message');
my @views = qw(pipelines steps runs run_steps run_errors windows attention check_results schedules);

# --- what each sees
for my $role (qw(stranger reader writer signaller creator dbowner), grep { /maintainer/ } keys %attributes)
{
	is(sql_ok($node, 'postgres', "SELECT count(*) FROM etl.$_", $role), '0', "$role: etl.$_ is empty") for @views;
	is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.health() WHERE object LIKE '%bad%' OR object LIKE 'pipeline %'}, $role), '0', "$role: etl.health tells nothing of it");
	for my $call (q{etl.run('p')}, q{etl.run('p', inline => true)}, q{etl.run_pending('p')}, q{etl.cancel(1)}, q{etl.wait(1)}, q{etl.schedule('p')}, q{etl.unschedule('p')},
		q{etl.cron_command('p')}, q{etl.drop_pipeline('p')}, q{etl.disable('p', 'x')}, q{etl.enable('p')}, qq{etl.set_owner('p', '$role')},
		qq{etl.grant_access('p', '$role', 'run')}, q{etl.revoke_access('p', 'runner', 'run')})
	{
		like(sql_error($node, 'postgres', "SELECT $call", $role), qr/^(42501|42704): /, "$role: $call is denied");
	}
	like(sql_error($node, 'postgres', q{SELECT * FROM etl.define('p', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id')])}, $role), qr/^42501: /, "$role: cannot redefine it");
	unlike(sql_error($node, 'postgres', q{SELECT etl.run('q')}, $role), qr/Perhaps/, "$role: no suggestion names it");
}
# a leaky function in WHERE sees no more
sql_ok($node, 'postgres', q{CREATE FUNCTION public.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS
	$$ BEGIN RAISE NOTICE 'leaked %', $1; RETURN true; END $$});
for my $column (qw(pipelines:pipeline runs:pipeline run_errors:message steps:pipeline check_results:message))
{
	my ($view, $name) = split /:/, $column;
	my ($out, $err);
	$node->psql('postgres', "SELECT * FROM etl.$view WHERE public.leak($name)", stdout => \$out, stderr => \$err, as('stranger'));
	unlike($err, qr/leaked/, "a leaky function on etl.$view sees nothing");
}

# --- run and view
is(sql_ok($node, 'postgres', q{SELECT string_agg(pipeline, ',') FROM etl.pipelines}, $_), 'p', "$_: sees what was granted") for qw(runner viewer);
like(sql_ok($node, 'postgres', q{SELECT etl.run('p')}, 'runner'), qr/^\d+$/, 'runner: may run');
is(sql_ok($node, 'postgres', q{SELECT requested_by FROM etl.runs ORDER BY run_id DESC LIMIT 1}, 'low'), 'runner', 'and is named in the record');
like(sql_error($node, 'postgres', q{SELECT etl.run('p')}, 'viewer'), qr/^42501: .*HINT: .*etl\.grant_access\('p', 'viewer', 'run'\)/s, 'viewer: may not run, and is told the grant');
is(sql_ok($node, 'postgres', q{SELECT etl.wait(1)}, 'viewer'), 'succeeded', 'viewer: may wait');
like(sql_error($node, 'postgres', q{SELECT etl.cancel(1)}, 'viewer'), qr/^42501: /, 'viewer: may not cancel');
for my $role (qw(runner viewer))
{
	for my $call (q{etl.schedule('p')}, q{etl.unschedule('p')}, q{etl.drop_pipeline('p')}, q{etl.disable('p', 'x')}, q{etl.enable('p')},
		qq{etl.set_owner('p', '$role')}, qq{etl.grant_access('p', 'stranger', 'view')}, q{etl.revoke_access('p', 'viewer', 'view')}, q{etl.run('p', inline => true)})
	{
		like(sql_error($node, 'postgres', "SELECT $call", $role), qr/^42501: /, "$role: $call is denied");
	}
	like(sql_error($node, 'postgres', q{SELECT * FROM etl.define('p', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id')])}, $role), qr/^42501: /, "$role: cannot redefine it");
	like(sql_error($node, 'postgres', 'SELECT * FROM low.secret', $role), qr/^42501: /, "$role: cannot read what it reads");
	is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.check_results c WHERE c::text LIKE '%secret value"%' OR c::text LIKE '%1, "the secret%'}, $role), '0', "$role: sees no samples");
}
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.pipelines}, 'monitor'), '2', 'monitor: sees all pipelines');
is(sql_ok($node, 'postgres', q{SELECT count(DISTINCT pipeline) FROM etl.runs}, 'monitor'), '2', 'monitor: and runs');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.check_results WHERE sample IS NOT NULL}, 'monitor'), '0', 'monitor: and no samples');
cmp_ok(sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.check_results WHERE sample IS NOT NULL}, 'low'), '>', 0, 'the owner sees samples');
like(sql_error($node, 'postgres', q{SELECT etl.run('p')}, 'monitor'), qr/^42501: /, 'monitor: may not run');
sql_ok($node, 'postgres', q{SELECT etl.revoke_access('p', 'runner', 'run')}, 'low');
like(sql_error($node, 'postgres', q{SELECT etl.run('p')}, 'runner'), qr/^(42501|42704): /, 'a revoked right is gone');
my $superuser = sql_ok($node, 'postgres', 'SELECT quote_literal(current_user)');
like(sql_error($node, 'postgres', "SELECT etl.set_owner('p', $superuser)", 'low'), qr/^42501: /, 'an owner cannot give it to a superuser');
like(sql_error($node, 'postgres', q{SELECT etl.set_owner('p', 'stranger')}, 'low'), qr/^42501: /, 'nor to a role that he cannot become');

# --- our tables, directly
my @tables = split /\n/, sql_ok($node, 'postgres', q{SELECT relname FROM pg_class WHERE relnamespace = 'etl_catalog'::regnamespace AND relkind IN ('r', 'p') ORDER BY 1});
cmp_ok(scalar @tables, '>=', 9, 'tables to attack');
sql_ok($node, 'postgres', 'GRANT USAGE ON SCHEMA etl_catalog TO ' . join ', ', keys %attributes);
my $contents = join ' UNION ALL ', map { "SELECT '$_', md5(COALESCE(string_agg(t::text, '|' ORDER BY t::text), '')) FROM etl_catalog.$_ t" } @tables;
my $before = sql_ok($node, 'postgres', $contents);
for my $role (sort keys %attributes)
{
	for my $table (@tables)
	{
		my ($out, $err);
		my $column = sql_ok($node, 'postgres', "SELECT attname FROM pg_attribute WHERE attrelid = 'etl_catalog.$table'::regclass AND attnum > 0 AND attidentity = '' LIMIT 1");
		$node->psql('postgres', "SELECT count(*) FROM etl_catalog.$table", stdout => \$out, stderr => \$err, as($role));
		ok($out eq '' || $out eq '0', "$role: reads no row of $table") unless $role eq 'bypasser';
		$node->psql('postgres', "UPDATE etl_catalog.$table SET $column = $column", stdout => \$out, stderr => \$err, as($role));
		$node->psql('postgres', "DELETE FROM etl_catalog.$table", stdout => \$out, stderr => \$err, as($role));
		like(sql_error($node, 'postgres', "TRUNCATE etl_catalog.$table CASCADE", $role), qr/^42501: /, "$role: cannot truncate $table");
		like(sql_error($node, 'postgres', "CREATE TRIGGER x BEFORE INSERT ON etl_catalog.$table FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()", $role),
			qr/^42501: /, "$role: cannot put a trigger on $table");
		like(sql_error($node, 'postgres', "ALTER TABLE etl_catalog.$table DISABLE ROW LEVEL SECURITY", $role), qr/^42501: /, "$role: cannot alter $table");
		like(sql_error($node, 'postgres', "BEGIN; LOCK TABLE etl_catalog.$table IN ACCESS EXCLUSIVE MODE", $role), qr/^42501: /, "$role: cannot lock $table")
			unless $attributes{$role} =~ /write_all|maintain/;
	}
	is(sql_ok($node, 'postgres', $contents), $before, "$role: changed no row of any table");
}
# Forgeries by roles that may write: a pipeline of a superuser, a step of somebody else.
for my $role ('writer', 'bypasser')
{
	for my $forgery (
		q{INSERT INTO etl_catalog.pipeline (name, owner_oid, owner_name, version) VALUES ('forged', 10, 'postgres', 1)},
		q{UPDATE etl_catalog.pipeline SET owner_oid = 10, owner_name = 'postgres'},
		q{UPDATE etl_catalog.step SET options = '{"query": "SELECT 1 AS id"}'},
		q{INSERT INTO etl_catalog.pipeline_access SELECT pipeline_id, 'writer'::regrole, 'writer', 'run' FROM etl_catalog.pipeline},
		q{DELETE FROM etl_catalog.run})
	{
		my ($out, $err);
		$node->psql('postgres', $forgery, stdout => \$out, stderr => \$err, as($role));
	}
	is(sql_ok($node, 'postgres', $contents), $before, "$role: no forgery got in");
}
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'etl_catalog'::regnamespace AND a.grantee <> c.relowner}),
	'0', 'nothing in etl_catalog is granted to anybody');
is(sql_ok($node, 'postgres', q{SELECT count(*) FROM pg_class c, aclexplode(c.relacl) a WHERE c.relnamespace = 'etl'::regnamespace AND a.grantee <> c.relowner AND a.privilege_type <> 'SELECT'}),
	'0', 'in etl only SELECT is');
is(sql_ok($node, 'postgres', q{SELECT string_agg(c.relname, ',') FROM pg_class c WHERE c.relnamespace = 'etl_catalog'::regnamespace AND c.relkind = 'r' AND NOT c.relrowsecurity}),
	'', 'every table has row security');

# --- every function, called by a stranger with NULLs and with odd values
my $born = sql_ok($node, 'postgres', 'SELECT pg_postmaster_start_time()');
my @functions = split /\n/, sql_ok($node, 'postgres', q{
	SELECT p.oid::regproc || '|' || COALESCE((SELECT string_agg(format_type(a, NULL), ';' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY u (a, n)), '')
	  FROM pg_proc p WHERE p.pronamespace IN ('etl'::regnamespace, 'etl_catalog'::regnamespace) AND p.prokind = 'f' ORDER BY 1});
cmp_ok(scalar @functions, '>', 20, 'functions to call');
my %odd = (
	'text' => [q{''}, q{'p'}, q{'it''s'}], 'bigint' => [ '0', '-1', '9223372036854775807' ], 'integer' => [ '0', '-1', '2147483647' ],
	'timestamp with time zone' => [ q{'-infinity'}, q{'infinity'}, q{'294276-12-31'} ], 'interval' => [ q{'0'}, q{'-1 day'}, q{'1 mon 1 hour'} ],
	'jsonb' => [ q{'null'}, q{'[]'}, q{'{"a":{"b":[1]}}'} ], 'boolean' => [ 'true', 'false', 'true' ], 'text[]' => [ q{'{}'}, q{'{NULL}'}, q{'{{a,b},{c,d}}'} ],
	'regclass' => [ '0::regclass', q{'pg_class'}, q{'etl.runs'} ], 'regrole' => [ '0::regrole', q{'stranger'}, q{'pg_monitor'} ],
	'etl.step[]' => [ q{'{}'}, q{'{NULL}'}, q{ARRAY[(NULL, NULL, NULL)::etl.step]} ], 'numeric' => [ q{'NaN'}, q{'-1'}, q{'1e400'} ], 'oid' => [ '0', '1', '4294967295' ]);
for my $function (@functions)
{
	my ($name, $types) = split /\|/, $function;
	my @types = split /;/, $types // '';
	for my $round (0 .. 3)
	{
		my @arguments = map {
			my $odd = $odd{$_};
			($round == 3 || !$odd ? 'NULL' : $odd->[$round]) . "::$_"
		} @types;
		my $call = "SELECT * FROM $name(" . join(', ', @arguments) . ')';
		for my $role ('stranger', 'postgres')
		{
			my ($out, $err);
			# as a superuser do nothing that lasts, as a run of its own would
			next if $role eq 'postgres' && $name eq 'etl.rebuild' && $round == 1;
			$node->psql('postgres', "BEGIN; $call", stdout => \$out, stderr => \$err, extra_params => [ '-U', $role, '-v', 'VERBOSITY=verbose' ]);
			my ($sqlstate) = $err =~ /(?:ERROR|FATAL|PANIC):\s+([0-9A-Z]{5}):/;
			ok($err !~ /server closed the connection|terminating connection/ && ($sqlstate // '') !~ /^(XX|58)/, "$role: $call") or diag $err;
		}
	}
}
is(sql_ok($node, 'postgres', 'SELECT pg_postmaster_start_time()'), $born, 'the server never restarted');
is(sql_ok($node, 'postgres', $contents), $before, 'and no row changed');
like(sql_error($node, 'postgres', q{SELECT etl_catalog.ledger_add(1, '2020-01-01', '2021-01-01')}, 'stranger'), qr/^42501: /, 'doors for superusers are closed');

# --- signals: a foreign worker is not one's own
sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.define('held', steps => ARRAY[etl.call('c', 'SELECT pg_advisory_xact_lock(7)')])}, 'low');
my $holder = session($node, 'postgres');
$holder->query('SELECT pg_advisory_lock(7)');
my ($caller, $worker) = run_until_held($node, 'postgres', q{SELECT etl.run('held')}, 'low');
my $run_id = sql_ok($node, 'postgres', q{SELECT run_id FROM etl.runs WHERE state = 'running'});
for my $call ("pg_cancel_backend($worker)", "pg_terminate_backend($worker)", "etl.cancel($run_id)")
{
	like(sql_error($node, 'postgres', "SELECT $call", 'stranger'), qr/^(42501|42704): /, "stranger: $call is denied");
}
unlike(sql_ok($node, 'postgres', "SELECT query FROM pg_stat_activity WHERE pid = $worker", 'stranger'), qr/advisory/, 'a stranger does not see its query');
is(sql_ok($node, 'postgres', "SELECT pg_cancel_backend($worker)", 'low'), 't', 'the owner may cancel his worker');
$caller->finish;
like($caller->{error}, qr/^57014/, 'and it is');

$node->stop;
done_testing();
