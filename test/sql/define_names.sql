-- Names and texts of every kind go through unharmed, and nothing gets out.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA "define names";
SET search_path = "define names";
CREATE TABLE victim (id int);
INSERT INTO victim VALUES (1);
CREATE TABLE hostile (n int GENERATED ALWAYS AS IDENTITY, name text);
INSERT INTO hostile (name) VALUES
	('a"b'), ('a''b'), ('a\b'), (E'a\nb'), ('%s%n%d'), ('a b'), (' '), ('$1'), ('a;b--c'), ('/* a'),
	('$$'), ('SELECT'), ('user'), ('1st'), ('Ünïcødé'), ('日本語'), (E'a\u202Eb'), (E'e\u0301'), (E'\u00e9'),
	('CASE'), ('case'), ('Case'), ('a.b'), ('"'), ('''; DROP TABLE victim; --'), ('"; DROP TABLE victim; --'),
	('{a,b}'), ('{"a": 1}'), ('NULL'), ('🦆'), (repeat('x', 63)), (repeat('é', 31) || 'x'), (repeat('日', 21)),
	('public'), ('pg_temp'), ('etl_r1');
SELECT count(*), count(DISTINCT name) AS names, max(octet_length(name)) FROM hostile;

-- as name of a pipeline: define, find unchanged, disable, rename there and back, drop
CREATE FUNCTION pipeline_trip(name text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE
	steps etl.step[] := ARRAY[etl.extract('a', 'SELECT 1')];
	said text[];
BEGIN
	said := ARRAY(SELECT action FROM etl.define(name, steps, name, timezone => 'UTC', schedule => name,
		tags => ARRAY[name], params => jsonb_build_object(name, name)));
	said := said || ARRAY(SELECT action FROM etl.define(name, steps, name, timezone => 'UTC', schedule => name,
		tags => ARRAY[name], params => jsonb_build_object(name, name)));
	PERFORM etl.disable(name, name);
	IF NOT EXISTS (SELECT FROM etl_catalog.pipeline p JOIN etl_catalog.pipeline_version v USING (pipeline_id, version)
		WHERE p.name = pipeline_trip.name AND disabled_reason = p.name AND description = p.name AND schedule = p.name
			AND tags = ARRAY[p.name] AND params = jsonb_build_object(p.name, p.name)) THEN
		said := said || 'not stored as given'::text;
	END IF;
	PERFORM etl.rename_pipeline(name, 'define names other'), etl.rename_pipeline('define names other', name);
	IF etl.drop_pipeline(name) <> format('pipeline "%s" dropped: 0 loaded windows in 0 finished ranges forgotten, 0 runs kept in the history', name) THEN
		said := said || 'drop says something else'::text;
	END IF;
	RETURN array_to_string(said, ', ');
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $f$;
SELECT pipeline_trip(name), count(*) FROM hostile GROUP BY 1 ORDER BY 1;

-- as name of a stage that another step reads, of an expect, a load, a call,
-- of a relation, a column and a schema
CREATE FUNCTION step_trip(name text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE
	result text;
BEGIN
	EXECUTE format('CREATE SCHEMA %I', 'dn ' || left(name, 10));
	EXECUTE format('CREATE TABLE %I.%I (%I int PRIMARY KEY)', 'dn ' || left(name, 10), name, name);
	EXECUTE format('SET LOCAL search_path = "define names", %I', 'dn ' || left(name, 10));
	PERFORM etl.define('define names', ARRAY[
		etl.extract(name, format('SELECT 1 AS %I', name)),
		etl.transform('reader', format('SELECT * FROM %I', name)),
		etl.transform('away', format('SELECT * FROM %I.%I', 'dn ' || left(name, 10), name)),
		etl.expect(name, ARRAY[format('%I > 0', name)]),
		etl.expect(format('%I.%I', 'dn ' || left(name, 10), name), ARRAY[format('%I > 0', name)], name => 'on relation'),
		etl.load(name, format('%I.%I', 'dn ' || left(name, 10), name), ARRAY[name]),
		etl.call('call', format('SELECT * FROM %I', name), depends_on => ARRAY[name])], timezone => 'UTC');
	result := (SELECT string_agg(format('%s %s %s', s.kind, s.phase, array_length(depends_on, 1)), '; ' ORDER BY run_order)
		FROM etl_catalog.pipeline p JOIN etl_catalog.step s USING (pipeline_id, version) WHERE p.name = 'define names');
	PERFORM etl.drop_pipeline('define names');
	RETURN result;
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE || ' ' || SQLERRM;
END $f$;
SELECT step_trip(name), count(*), CASE WHEN count(*) < 5 THEN array_agg(name ORDER BY n) END AS names
FROM hostile GROUP BY 1 ORDER BY 2 DESC, 1;

-- names that differ by case or by normalisation are different
SELECT action, count(DISTINCT object) FROM etl.define('define names', ARRAY[
	etl.extract('case', 'SELECT 1'), etl.extract('CASE', 'SELECT 1'), etl.extract('Case', 'SELECT 1'),
	etl.extract(E'e\u0301', 'SELECT 1'), etl.extract(E'\u00e9', 'SELECT 1')], timezone => 'UTC') GROUP BY 1 ORDER BY 1;
SELECT * FROM etl.define('Define Names', ARRAY[etl.extract('a', 'SELECT 1')], timezone => 'UTC');
SELECT etl.drop_pipeline('Define Names');

-- default names are clipped at a character, and numbered within 63 bytes
CREATE TEMP VIEW defaults AS
SELECT s.name, octet_length(s.name) FROM etl_catalog.pipeline p JOIN etl_catalog.step s USING (pipeline_id, version)
WHERE p.name = 'define names' AND kind = 'expect' ORDER BY position;
SELECT count(*) FROM etl.define('define names', ARRAY[etl.extract(repeat('日', 21), 'SELECT 1'),
	etl.expect(repeat('日', 21), '{true}'), etl.expect(repeat('日', 21), '{true}'), etl.expect(repeat('日', 21), '{true}')], timezone => 'UTC');
SELECT * FROM defaults;
SELECT count(*) FROM etl.define('define names', ARRAY[etl.extract(repeat('x', 63), 'SELECT 1'),
	etl.expect(repeat('x', 63), '{true}'), etl.expect(repeat('x', 63), '{true}')], timezone => 'UTC');
SELECT * FROM defaults;

-- one attack through every argument that is text: an error or a text
CREATE FUNCTION attack(argument text, attack text) RETURNS text LANGUAGE plpgsql AS $f$
DECLARE
	x text := attack;
	none jsonb := '{"query": "SELECT 1"}';
BEGIN
	PERFORM CASE argument
		WHEN 'timezone' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.extract('a', 'SELECT 1')], timezone => x))
		WHEN 'kind' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[ROW(x, 'a', none)::etl.step]))
		WHEN 'option' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[ROW('extract', 'a', none || jsonb_build_object(x, x))::etl.step]))
		WHEN 'query' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.extract('a', x)]))
		WHEN 'depends_on' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.extract('a', 'SELECT 1', ARRAY[x])]))
		WHEN 'source of expect' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.expect(x, '{true}')]))
		WHEN 'on_fail' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.expect('victim', '{true}', x)]))
		WHEN 'source of load' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.load(x, 'victim')]))
		WHEN 'target' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.extract('a', 'SELECT 1'), etl.load('a', x)]))
		WHEN 'key' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.extract('a', 'SELECT 1'), etl.load('a', 'victim', ARRAY[x])]))
		WHEN 'mode' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.extract('a', 'SELECT 1'), etl.load('a', 'victim', mode => x)]))
		WHEN 'command' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.call('a', x)]))
		WHEN 'phase' THEN (SELECT count(*) FROM etl.define('define names', ARRAY[etl.call('a', 'SELECT 1', x)]))
		WHEN 'drop' THEN (SELECT count(etl.drop_pipeline(x)))
		WHEN 'enable' THEN (SELECT count(etl.enable(x)))
		WHEN 'rename' THEN (SELECT count(etl.rename_pipeline(x, x)))
		WHEN 'access' THEN (SELECT count(etl.grant_access(x, current_user::regrole, 'view')))
		WHEN 'privilege' THEN (SELECT count(etl.grant_access('define names', current_user::regrole, x)))
		WHEN 'usage' THEN (SELECT count(etl.grant_usage(current_user::regrole, x)))
	END;
	RETURN 'accepted';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $f$;
SELECT argument, array_agg(DISTINCT attack(argument, text)) AS ends
FROM (VALUES ('timezone'), ('kind'), ('option'), ('query'), ('depends_on'), ('source of expect'), ('on_fail'),
	('source of load'), ('target'), ('key'), ('mode'), ('command'), ('phase'), ('drop'), ('enable'), ('rename'),
	('access'), ('privilege'), ('usage')) a (argument),
	(VALUES ('''; DROP TABLE victim; --'), ('"; DROP TABLE victim; --'), ('$$; DROP TABLE victim; $$'), (E'\\''; DROP TABLE victim; --'),
	('victim; DROP TABLE victim'), ('x) q; DROP TABLE victim; SELECT * FROM (SELECT 1'), ('%s%n%s%n%1$s'), (E'\n'), (repeat('x', 10000)), (repeat('(', 20000))) t (text)
GROUP BY 1 ORDER BY 1;
SELECT * FROM victim;

SELECT count(etl.drop_pipeline('define names'));
DROP SCHEMA "define names" CASCADE;
DO $$
DECLARE s text;
BEGIN
	FOR s IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'dn %' LOOP
		EXECUTE format('DROP SCHEMA %I CASCADE', s);
	END LOOP;
END $$;
