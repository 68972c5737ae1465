# Objects and words that others put in our way: operators and functions found
# first in the search_path, squatted schemas, names and arguments full of SQL.
use strict;
use warnings FATAL => 'all';
use utf8;
use FindBin;
use lib $FindBin::Bin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use DqTest;

my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
$node->append_conf('postgresql.conf', 'max_worker_processes = 16');
$node->start;

# --- squatted before the installation: it must fail, not adopt
for my $squat ('SCHEMA etl', 'SCHEMA etl_catalog')
{
	$node->safe_psql('postgres', "CREATE $squat");
	like(sql_error($node, 'postgres', 'CREATE EXTENSION dq_etl'), qr/^42P06: /, "$squat is there already: CREATE EXTENSION fails");
	$node->safe_psql('postgres', "DROP $squat");
}

# --- a trap for every function and operator that our SQL might use. Each
# tells the server log and then does what it should.
$node->safe_psql('postgres', q{
	CREATE ROLE evil LOGIN;
	CREATE ROLE low LOGIN;
	GRANT CREATE ON SCHEMA public TO PUBLIC;
	GRANT CREATE ON DATABASE postgres TO evil;
	ALTER DATABASE postgres SET search_path = public, pg_catalog;});
$node->safe_psql('postgres', q{
	DO $do$
	DECLARE f record; arguments text; body text;
	BEGIN
		-- functions: those of one overload that pgsql's own planner does not need
		FOR f IN SELECT p.oid, p.proname, pg_catalog.pg_get_function_identity_arguments(p.oid) AS args, p.provolatile,
					pg_catalog.pg_get_function_result(p.oid) AS result, p.pronargs, p.provariadic, p.proargtypes
				FROM pg_catalog.pg_proc p
				WHERE p.pronamespace OPERATOR(pg_catalog.=) 'pg_catalog'::regnamespace AND p.prokind OPERATOR(pg_catalog.=) 'f'
				AND NOT p.proretset AND p.provariadic OPERATOR(pg_catalog.=) 0
				AND p.proname OPERATOR(pg_catalog.=) ANY ('{lower,upper,length,octet_length,md5,now,clock_timestamp,
					current_setting,set_config,quote_ident,quote_literal,nextval,substr,substring,strpos,replace,abs,
					to_jsonb,to_char,to_regclass,array_length,array_position,cardinality,current_database,pg_backend_pid,
					regexp_replace,string_to_array,array_to_string,has_database_privilege,pg_is_in_recovery,isempty,
					lower_inf,upper_inf,tstzrange,int8range,greatest,jsonb_typeof,jsonb_array_length,btrim,ltrim,rtrim,trim}'::name[])
		LOOP
			SELECT pg_catalog.string_agg('$' OPERATOR(pg_catalog.||) g.g::pg_catalog.text, ', ') INTO arguments
				FROM pg_catalog.generate_series(1, f.pronargs) g;
			body := pg_catalog.format('BEGIN RAISE LOG ''TRAPPED %s as %%'', current_user; RETURN pg_catalog.%I(%s); END',
				f.proname, f.proname, arguments);
			CONTINUE WHEN f.result OPERATOR(pg_catalog.=) ANY ('{internal,anyelement,anyarray,anyrange}'::pg_catalog.text[]);
			BEGIN
				EXECUTE pg_catalog.format('CREATE FUNCTION public.%I(%s) RETURNS %s LANGUAGE plpgsql AS %L', f.proname, f.args, f.result, body);
			EXCEPTION WHEN OTHERS THEN NULL;
			END;
		END LOOP;
		-- operators between the types that catalogues and checks compare
		FOR f IN SELECT o.oprname, o.oprleft::regtype AS l, o.oprright::regtype AS r, o.oprresult::regtype AS result, o.oid
				FROM pg_catalog.pg_operator o
				WHERE o.oprnamespace OPERATOR(pg_catalog.=) 'pg_catalog'::regnamespace
				AND o.oprname OPERATOR(pg_catalog.=) ANY ('{=,<>,<,<=,>,>=,~,!~,||,+,-,*,->,->>,@>,&&}'::name[])
				AND o.oprleft OPERATOR(pg_catalog.=) ANY ('{text,name,int4,int8,oid,bool,numeric,timestamptz,jsonb,date,interval,"char",tstzrange}'::regtype[])
				AND o.oprright OPERATOR(pg_catalog.=) ANY ('{text,name,int4,int8,oid,bool,numeric,timestamptz,jsonb,date,interval,"char",tstzrange}'::regtype[])
		LOOP
			EXECUTE pg_catalog.format('CREATE FUNCTION public.%I(%s, %s) RETURNS %s LANGUAGE plpgsql AS %L',
				'op_' OPERATOR(pg_catalog.||) f.oid::pg_catalog.text, f.l, f.r, f.result,
				pg_catalog.format('BEGIN RAISE LOG ''TRAPPED operator %s as %%'', current_user; RETURN $1 OPERATOR(pg_catalog.%s) $2; END', f.oprname, f.oprname));
			EXECUTE pg_catalog.format('CREATE OPERATOR public.%s (FUNCTION = public.%I, LEFTARG = %s, RIGHTARG = %s)', f.oprname,
				'op_' OPERATOR(pg_catalog.||) f.oid::pg_catalog.text, f.l, f.r);
		END LOOP;
	END $do$;
	-- tables that are called as ours
	CREATE TABLE public.pipeline (name text); CREATE TABLE public.run (run_id bigint); CREATE TABLE public.pg_class (oid oid);
	CREATE TYPE public.step AS (x int);}, as('evil'));
cmp_ok($node->safe_psql('postgres', q{SET search_path = pg_catalog; SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace}),
	'>', 150, 'traps are set');
$node->safe_psql('postgres', q{SELECT 'a'::text = 'b'::text, lower('X'::text)});
my $log = slurp_file($node->logfile);
like($log, qr/TRAPPED operator = as/, 'a trapped operator tells');
like($log, qr/TRAPPED lower as/, 'a trapped function too');

# trapped(what): what the traps caught since last time, without statements that
# people typed themselves
my $position = -s $node->logfile;
sub trapped
{
	my $what = shift;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	my $new = slurp_file($node->logfile, $position);
	$position = -s $node->logfile;
	my %caught = map { $_ => 1 } $new =~ /TRAPPED (.*)/g;
	is(join(', ', sort keys %caught), '', "$what executes no trap");
	return;
}

$node->safe_psql('postgres', 'CREATE EXTENSION dq_etl');
trapped('CREATE EXTENSION');

# The owner's own path has the traps too, for what we do as the owner. His
# SQL has no function or operator of its own, so whatever is caught is ours.
$node->safe_psql('postgres', q{SELECT etl.grant_usage('low', 'define'), etl.grant_usage('evil', 'view'); CREATE SCHEMA AUTHORIZATION low});
sql_ok($node, 'postgres', q{
	CREATE TABLE low.source (id integer, name text, day date, amount numeric);
	INSERT INTO low.source VALUES (1, 'a', '2024-01-01', 1.5), (2, 'b', '2024-01-02', 2.5);
	CREATE TABLE low.target (id integer PRIMARY KEY, name text, day date, amount numeric);
	CREATE TABLE low.other (id integer, name text, day date, amount numeric);}, 'low');
my @calls = (
	q{SELECT count(*) FROM etl.define('p', description => 'd', period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC',
		schedule => '@daily', tags => '{a}', params => '{"a": 1}', steps => ARRAY[
		etl.extract('e', 'SELECT id, name, day, amount FROM low.source'),
		etl.transform('t', 'SELECT id, name, day, amount FROM e'),
		etl.expect('t', ARRAY['PRIMARY KEY (id)', 'UNIQUE (name)', 'FOREIGN KEY (id) REFERENCES low.source (id)', 'name IS NOT NULL']),
		etl.load('t', target => 'low.target', key => '{id}'),
		etl.load('t', name => 'l2', target => 'low.other', mode => 'append'),
		etl.call('c', 'TABLE low.source', phase => 'before')])},
	q{SELECT count(*) FROM etl.define('p', dry_run => true, steps => ARRAY[etl.extract('e', 'SELECT id, name, day, amount FROM low.source')])},
	q{SELECT etl.run('p')}, q{SELECT etl.run('p', '2024-01-01 00:00+00', '2024-01-02 00:00+00')},
	q{SELECT etl.run('p', '2024-01-03 00:00+00', '2024-01-04 00:00+00', wait => false)}, q{SELECT etl.wait(3)},
	q{SELECT etl.run_pending('p', 1)}, q{SELECT etl.cancel(1)}, q{SELECT etl.cron_command('p')},
	q{SELECT etl.run('p', '2024-01-04 00:00+00', '2024-01-05 00:00+00', inline => true)},
	q{SELECT etl.run('nobody')}, q{SELECT etl.schedule('p')}, q{SELECT etl.unschedule('p')}, q{SELECT * FROM etl.health()},
	q{SELECT etl.version()}, q{SELECT etl.grant_access('p', 'evil', 'view')}, q{SELECT etl.revoke_access('p', 'evil', 'view')},
	q{SELECT etl.disable('p', 'x')}, q{SELECT etl.enable('p')}, q{SELECT etl.set_owner('p', 'low')},
	map({ "SELECT count(*) FROM etl.$_" } qw(pipelines steps runs run_steps run_errors windows attention check_results schedules)),
	q{SELECT etl.drop_pipeline('p')},);
for my $call (@calls)
{
	my ($out, $err);
	$node->psql('postgres', $call, stdout => \$out, stderr => \$err, as('low'));
	trapped($call =~ s/\s+/ /gr);
	unlike($err, qr/XX000|internal error|syntax error/, 'and says nothing odd') if $err;
}
# each check as a function
my $checks = sql_ok($node, 'postgres', q{SET search_path = pg_catalog; SELECT count(*) FROM pg_proc WHERE pronamespace = 'etl'::regnamespace AND proname ~ '^check'});
cmp_ok($checks, '>', 0, 'there are checks as functions');
for my $call (q{etl.check('low.source', ARRAY['PRIMARY KEY (id)', 'UNIQUE (name, id)', 'FOREIGN KEY (id) REFERENCES low.source (id)'])},
	q{etl.check_not_null('low.source', '{id,name}')}, q{etl.check_unique('low.source', '{id}')},
	q{etl.check_range('low.source', 'id', 1, 5)}, q{etl.check_regex('low.source', 'name', '^[a-z]$')},
	q{etl.check_in_set('low.source', 'name', '{a,b}')}, q{etl.check_row_count('low.source', 1, 5)})
{
	my ($out, $err);
	$node->psql('postgres', "SELECT DISTINCT status FROM $call", stdout => \$out, stderr => \$err, as('low'));
	trapped($call);
	is($out . $err, 'pass', "$call passes") if $err eq '';
	diag $err if $err;
}
# a superuser calls with the traps in his path, on a pipeline that is not his
sql_ok($node, 'postgres', $calls[0], 'low');
trapped('define');
sql_ok($node, 'postgres', q{SELECT etl.run('p', '2024-01-06 00:00+00', '2024-01-07 00:00+00')});
trapped('etl.run by a superuser');
sql_ok($node, 'postgres', 'SELECT * FROM etl.health()');
trapped('etl.health by a superuser');
sql_ok($node, 'postgres', 'SELECT * FROM etl.attention');
trapped('etl.attention by a superuser');
sql_ok($node, 'postgres', 'DROP EXTENSION dq_etl CASCADE');
trapped('DROP EXTENSION');
$node->safe_psql('postgres', q{ALTER DATABASE postgres RESET search_path; DROP OWNED BY evil; GRANT CREATE ON DATABASE postgres TO evil; DROP SCHEMA low CASCADE});

# --- names and arguments
sql_ok($node, 'postgres', q{CREATE EXTENSION dq_etl; CREATE TABLE public.canary (); SELECT etl.grant_usage('low', 'define'), etl.grant_usage('evil', 'view'); CREATE SCHEMA AUTHORIZATION low});

# The next stage schema is squatted.
sql_ok($node, 'postgres', q{SELECT count(*) FROM etl.define('p', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id')])}, 'low');
my $id = sql_ok($node, 'postgres', q{SELECT etl.run('p')}, 'low');
sql_ok($node, 'postgres', sprintf('CREATE SCHEMA etl_r%d; CREATE TABLE etl_r%d.e (id integer); CREATE SCHEMA etl_r%d', $id + 1, $id + 1, $id + 2), 'evil');
my $next = sql_ok($node, 'postgres', q{SELECT etl.run('p')}, 'low');
cmp_ok($next, '>', $id, "a squatted stage schema does not stop a run (it was $next)");
is(sql_ok($node, 'postgres', sprintf(q{SELECT count(*) FROM pg_namespace WHERE nspname = 'etl_r%d' AND nspowner = 'evil'::regrole}, $id + 1)), '1', 'nor is it touched');

my @names = (q{it's}, q{say "hi"}, q{back\\slash}, 'semi;colon--', 'dollar $$ $1', "line\nbreak", 'percent %s%n', 'select', '1st', ' ',
	'Größe', '😀', "\x{202e}rtl", "e\x{301}", 'x' x 63, 'ü' x 31, q{');DROP TABLE public.canary;--}, q{$q$;DROP TABLE public.canary;--}, q{";DROP TABLE public.canary;--},
	'/* comment', 'CamelCase', 'etl_r1');
my $literal = sub { my $x = shift; $x =~ s/'/''/g; return $x =~ /\\/ ? "E'" . $x =~ s/\\/\\\\/gr . "'" : "'$x'" };
my $ident = sub { my $x = shift; $x =~ s/"/""/g; return qq{"$x"} };
for my $i (0 .. $#names)
{
	my ($l, $q) = ($literal->($names[$i]), $ident->($names[$i]));
	my $shown = $names[$i] =~ s/[^ -~]/?/gr;
	my $target = $literal->("$q.$q");
	my $sql = sub { my $x = shift; utf8::encode($x); return $x };
	my ($out, $err) = ('', '');
	$node->psql('postgres', $sql->(qq{
		CREATE ROLE $q LOGIN; SELECT etl.grant_usage(} . $literal->($q) . qq{, 'define'); CREATE SCHEMA AUTHORIZATION $q}), stderr => \$err, on_error_stop => 1);
	is($err, '', "role and schema $shown") or next;
	$err = sql_error($node, 'postgres', $sql->(qq{SET ROLE $q;
		CREATE TABLE $q.$q ($q integer PRIMARY KEY, other text);
		SELECT count(*) FROM etl.define($l, params => jsonb_build_object($l, $l), steps => ARRAY[
			etl.extract($l, } . $literal->(qq{SELECT 1 AS $q, etl.param($l) AS other}) . qq{),
			etl.expect($l, ARRAY[} . $literal->("PRIMARY KEY ($q)") . ', ' . $literal->("CONSTRAINT $q CHECK ($q > 0)") . qq{], name => 'checks'),
			etl.load($l, name => 'load', target => $target, key => ARRAY[$l])]);
		SELECT etl.run($l);}));
	is($err, '', "everything is called $shown: defined and run") or next;
	is($node->safe_psql('postgres', $sql->("SELECT $q, other = $l FROM $q.$q")), '1|t', "$shown: loaded, the parameter intact");
	is($node->safe_psql('postgres', $sql->("SELECT count(*), count(DISTINCT state), min(state) FROM etl.runs WHERE pipeline = $l AND owner = $l")), '1|1|succeeded', "$shown: on record")
		unless $node->safe_psql('postgres', q{SELECT count(*) FROM pg_attribute WHERE attrelid = 'etl.runs'::regclass AND attname = 'owner'}) eq '0';
	is($node->safe_psql('postgres', $sql->("SELECT count(*) FROM etl.check_results WHERE pipeline = $l AND status = 'pass'")), '2', "$shown: its checks are");
	is($node->safe_psql('postgres', $sql->("SELECT etl.cron_command($l)")), $sql->("SELECT etl.run_pending($l)"), "$shown: quoted for cron");
	$err = sql_error($node, 'postgres', $sql->("SET ROLE $q; SELECT etl.drop_pipeline($l)"));
	is($err, '', "$shown: dropped");
}

# Injection through every text argument of what one calls at run time: a clean
# error, and the canary lives.
my @payloads = (q{'; DROP TABLE public.canary; --}, q{"; DROP TABLE public.canary; --}, q{$$; DROP TABLE public.canary; --},
	q{\\'; DROP TABLE public.canary; --}, q{p'); DROP TABLE public.canary; --}, q{%s%n%s%s}, q{}, q{/*}, 'x' x 10000);
sql_ok($node, 'postgres', q{CREATE TABLE low.source AS SELECT 1 AS id, 'x'::text AS name; ALTER TABLE low.source OWNER TO low});
for my $payload (@payloads)
{
	my $l = $literal->($payload);
	my $n = length $payload > 40 ? 'a long text' : $payload;
	for my $call ("etl.run($l)", "etl.run('p', if_running => $l)", "etl.run_pending($l)", "etl.schedule($l)", "etl.schedule('p', $l)",
		"etl.unschedule($l)", "etl.cron_command($l)", "etl.drop_pipeline($l)", "etl.enable($l)", "etl.disable($l, 'x')",
		"etl.grant_access('p', 'evil', $l)", "etl.grant_access($l, 'evil', 'view')", "etl.define($l, steps => ARRAY[etl.extract($l, $l)])",
		"etl.define('v', steps => ARRAY[etl.extract('e', $l)])", "etl.define('v', timezone => $l, period => '1 day', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id')])",
		"etl.define('v', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id'), etl.expect('e', ARRAY[$l])])",
		"etl.define('v', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id'), etl.expect('e', ARRAY['id > 0'], row_filter => $l)])",
		"etl.define('v', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id'), etl.load('e', target => $l, key => '{id}')])",
		"etl.define('v', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id'), etl.load('e', target => 'low.source', key => ARRAY[$l])])",
		"etl.define('v', steps => ARRAY[etl.extract('e', 'SELECT 1 AS id'), etl.load('e', target => 'low.source', mode => $l)])",
		"etl.define('v', steps => ARRAY[etl.call('c', 'SELECT 1', phase => $l)])",
		"etl.define('v', steps => ARRAY[etl.call('c', $l)])",
		"etl.check('low.source', ARRAY[$l])", "etl.check_not_null('low.source', ARRAY[$l])", "etl.check_unique('low.source', ARRAY[$l])",
		"etl.check_range('low.source', $l, 1, 2)", "etl.check_regex('low.source', 'name', $l)", "etl.check_regex('low.source', $l, 'x')",
		"etl.check_in_set('low.source', $l, '{x}')")
	{
		my ($out, $err);
		my $status = $node->psql('postgres', "SELECT * FROM $call", stdout => \$out, stderr => \$err,
			extra_params => [ '-U', 'low', '-v', 'VERBOSITY=verbose' ]);
		my ($sqlstate) = $err =~ /(?:ERROR|FATAL|PANIC):\s+([0-9A-Z]{5}):/;
		ok($status == 0 || ($sqlstate // '') =~ /^(?!XX)/, (length $call > 120 ? substr($call, 0, 120) . '...' : $call) . ' is no trouble')
			or diag $err;
	}
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname = 'canary'}), '1', "the canary lives after: $n");
}
for my $payload (@payloads)
{
	my $l = $literal->($payload);
	my ($out, $err) = ('', '');
	$node->psql('postgres', "SELECT etl.run('p', params => jsonb_build_object('a', $l))", stdout => \$out, stderr => \$err, as('low'));
	is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_class WHERE relname = 'canary'}), '1', 'params are bound only');
}

$node->stop;
done_testing();
