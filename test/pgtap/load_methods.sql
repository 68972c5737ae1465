-- Every way to find what differs and to write it comes to the same: the same
-- rows in the target, the same counts. Generated batches, all kinds of keys,
-- types and targets; a method that a target does not allow gives way to
-- another, which must be seen no less.
BEGIN;
SELECT plan(28);
SET LOCAL client_min_messages = warning;
CREATE SCHEMA load_methods;
SET LOCAL search_path = load_methods, public;
SELECT setseed(0.5772);
CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- what a target is, what is in it, two batches, how it is loaded; "ignored"
-- are columns whose values may depend on the way
CREATE TABLE shapes (shape text PRIMARY KEY, ddl text, fill text, batch text, params jsonb, ignored text);

-- batches lie in the order of their keys, in pieces of it, or in none, and are
-- mostly large enough to be analysed
CREATE TABLE numbers AS SELECT i, random() AS r FROM generate_series(1, 3000) i;

INSERT INTO shapes (shape, ddl, fill, batch) VALUES
('sorted', 'CREATE TABLE t (k int PRIMARY KEY, v text, n numeric)', 'SELECT i, md5(i::text), i FROM numbers WHERE i % 3 > 0',
	'SELECT i AS k, md5((i + CASE WHEN i % 7 = 0 THEN @ ELSE 0 END)::text) AS v, i::numeric AS n FROM numbers WHERE i % 2 = 0 ORDER BY i'),
('few', 'CREATE TABLE t (k int PRIMARY KEY, v text)', 'SELECT i, ''old'' FROM numbers',
	'SELECT k, ''new @'' AS v FROM unnest(ARRAY[5, 1700, 2999, 5000, -3]) k'),
('pieces', 'CREATE TABLE t (k bigint PRIMARY KEY, v text)', 'SELECT i, ''old '' || i FROM numbers WHERE i % 5 > 0',
	'SELECT i::bigint AS k, ''old '' || i + CASE WHEN i % 11 = 0 THEN @ ELSE 0 END AS v FROM numbers ORDER BY i / 1000, (i / 10) % 2, i'),
('shuffled', 'CREATE TABLE t (k int PRIMARY KEY, v float8)', 'SELECT i, i FROM numbers WHERE i % 4 > 0',
	'SELECT i AS k, CASE WHEN i % 9 = 0 THEN i + @ ELSE i END::float8 AS v FROM numbers ORDER BY r'),
('types', 'CREATE TABLE t (k numeric PRIMARY KEY, f float8, n numeric, j jsonb, x json, a int[], d date, o text, c char(3))',
	'SELECT i::numeric, ''0.0''::float8, 1.00::numeric, ''{"a": 1.0}''::jsonb, ''{"a": 1}''::json, ''{1,2}''::int[], ''infinity''::date, NULL::text, ''a''::char(3) FROM numbers WHERE i < 200 UNION ALL SELECT ''NaN'', ''NaN'', ''NaN'', NULL, NULL, NULL, NULL, NULL, NULL',
	'SELECT k, CASE WHEN k = ''NaN'' THEN ''NaN'' ELSE ''-0.0'' END::float8 AS f, CASE WHEN k = 7 THEN ''NaN'' ELSE 1.0 END::numeric AS n, CASE WHEN k = 8 THEN ''{"b": 1}'' ELSE ''{"a": 1}'' END::jsonb AS j, CASE WHEN k = 9 THEN ''{"a":  1}'' ELSE ''{"a": 1}'' END::json AS x, CASE WHEN k = 10 THEN ''{1,NULL}'' ELSE ''{1,2}'' END::int[] AS a, CASE WHEN k = 11 THEN ''-infinity'' ELSE ''infinity'' END::date AS d, CASE WHEN k = 12 THEN ''@'' END AS o, ''a''::char(3) AS c FROM (SELECT i::numeric AS k FROM numbers WHERE i BETWEEN 5 AND 15 UNION ALL SELECT ''NaN'' UNION ALL SELECT 900.50) q'),
('other_types', 'CREATE TABLE t (k int PRIMARY KEY, v varchar(12), n numeric(8,2), d date)', 'SELECT i, ''v'' || i, 1.5, ''2026-01-01'' FROM numbers WHERE i % 7 > 0',
	'SELECT i::bigint AS k, (''v'' || i + i % 2 * @)::text AS v, 1.504::numeric AS n, timestamp ''2026-01-01 07:00'' AS d FROM numbers WHERE i % 10 < 3 ORDER BY r'),
('case', 'CREATE TABLE t (k text COLLATE ignoring_case PRIMARY KEY, v text COLLATE ignoring_case)', 'SELECT ''Key '' || i, ''Value'' FROM numbers WHERE i % 2 = 0',
	'SELECT CASE WHEN i % 5 = 0 THEN ''KEY '' ELSE ''key '' END || i AS k, CASE WHEN i % 3 = @ THEN ''VALUE'' ELSE ''Value'' END AS v FROM numbers WHERE i < 1500 ORDER BY r'),
('two_columns', 'CREATE TABLE t (a text, b int, v int, PRIMARY KEY (a, b))', 'SELECT ''tenant '' || i % 3, i, i FROM numbers WHERE i % 7 > 1',
	'SELECT ''tenant '' || i % 3 AS a, i AS b, CASE WHEN i % 13 = 0 THEN -@ ELSE i END AS v FROM numbers WHERE i % 50 = 0 OR i > 2000'),
('descending', 'CREATE TABLE t (k int, v int); CREATE UNIQUE INDEX ON t (k DESC)', 'SELECT i, i FROM numbers WHERE i % 2 = 0',
	'SELECT i AS k, CASE WHEN i % 5 = 0 THEN @ ELSE i END AS v FROM numbers WHERE i < 1600'),
('nulls', 'CREATE TABLE t (k int, l int, v int); CREATE UNIQUE INDEX ON t (k, l) NULLS NOT DISTINCT', 'SELECT i, NULLIF(i % 4, 0), 1 FROM numbers WHERE i % 3 = 0 UNION ALL SELECT NULL, i, i FROM numbers WHERE i < 9',
	'SELECT i AS k, NULLIF(i % 4, 0) AS l, i % 2 * @ AS v FROM numbers WHERE i < 200 UNION ALL SELECT NULL, i, @ FROM numbers WHERE i > 5 AND i < 12'),
('no_nulls', 'CREATE TABLE t (k int, v int); CREATE UNIQUE INDEX ON t (k) NULLS NOT DISTINCT', 'SELECT i, 1 FROM numbers WHERE i % 3 = 0',
	'SELECT i AS k, i % 2 * @ AS v FROM numbers WHERE i < 200'),
('partitions', 'CREATE TABLE t (k int PRIMARY KEY, v int) PARTITION BY HASH (k); CREATE TABLE t_0 PARTITION OF t FOR VALUES WITH (MODULUS 2, REMAINDER 0); CREATE TABLE t_1 (v int, k int NOT NULL); ALTER TABLE t ATTACH PARTITION t_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1)',
	'SELECT i, i FROM numbers WHERE i % 2 = 0', 'SELECT i AS k, CASE WHEN i % 5 = 0 THEN -@ ELSE i END AS v FROM numbers WHERE i < 300'),
('partition', 'CREATE TABLE all_t (k int PRIMARY KEY, v int) PARTITION BY RANGE (k); CREATE TABLE t PARTITION OF all_t FOR VALUES FROM (-10) TO (100000)',
	'SELECT i, i FROM numbers WHERE i % 2 = 0', 'SELECT i AS k, CASE WHEN i % 5 = 0 THEN -@ ELSE i END AS v FROM numbers WHERE i < 300'),
('triggers', 'CREATE TABLE t (k int PRIMARY KEY, v text, told text); CREATE TRIGGER tell BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION tell(); CREATE TRIGGER tell_statement AFTER INSERT OR UPDATE ON t FOR EACH STATEMENT EXECUTE FUNCTION tell()',
	'SELECT i, ''old'' FROM numbers WHERE i % 2 = 0', 'SELECT i AS k, CASE WHEN i % 5 = 0 THEN ''new @'' WHEN i % 9 = 0 THEN ''drop'' ELSE ''old'' END AS v FROM numbers WHERE i < 100'),
('foreign_key', 'CREATE TABLE t (k int PRIMARY KEY, parent int REFERENCES parents, v int)', 'SELECT i, 1, i FROM numbers WHERE i % 2 = 0',
	'SELECT i AS k, 1 + i % 2 AS parent, i + i % 4 * @ AS v FROM numbers WHERE i < 300'),
('computed', 'CREATE TABLE t (k int PRIMARY KEY, v int CHECK (v < 100000), twice int GENERATED ALWAYS AS (v * 2) STORED, gone int); ALTER TABLE t DROP COLUMN gone; ALTER TABLE t ADD COLUMN empty text', 'SELECT i, i FROM numbers WHERE i % 2 = 0',
	'SELECT CASE WHEN i % 5 = 0 THEN @ ELSE i END AS v, i AS k FROM numbers WHERE i < 1300'),
('defaults', 'CREATE TABLE t (k int PRIMARY KEY, v int, made text DEFAULT ''here'', n int GENERATED BY DEFAULT AS IDENTITY)', 'SELECT i, i FROM numbers WHERE i % 2 = 0',
	'SELECT i AS k, CASE WHEN i % 5 = 0 THEN @ ELSE i END AS v FROM numbers WHERE i < 300');
INSERT INTO shapes VALUES
('partial', 'CREATE TABLE t (k int, v int, live boolean); CREATE UNIQUE INDEX ON t (k) WHERE live', 'SELECT i, i, i % 2 = 0 FROM numbers',
	'SELECT i AS k, CASE WHEN i % 5 = 0 THEN @ ELSE i END AS v, true AS live FROM numbers WHERE i < 300', '{"on_conflict_columns": ["k"]}', NULL),
('expression', 'CREATE TABLE t (k text, v int); CREATE UNIQUE INDEX ON t (lower(k))', 'SELECT ''Key '' || i, i FROM numbers WHERE i % 2 = 0',
	'SELECT ''KEY '' || i AS k, i % 3 * @ AS v FROM numbers WHERE i < 1200 ORDER BY r', '{"on_conflict_columns": ["lower(k)"]}', NULL),
('duplicates', 'CREATE TABLE t (k int PRIMARY KEY, v int, seq int)', 'SELECT i, i, 0 FROM numbers WHERE i % 2 = 0',
	'SELECT i AS k, i + @ AS v, @ AS seq FROM numbers UNION ALL SELECT i, i, -1 FROM numbers WHERE i % 10 < 2 AND i > 2000 ORDER BY 3 DESC, 1', '{"sequence_by": "seq", "dedupe": "latest"}', NULL),
('sequences', 'CREATE TABLE t (k int PRIMARY KEY, v int, seq int)', 'SELECT i, i, 1 + i % 2 FROM numbers WHERE i % 3 > 0',
	'SELECT i AS k, -i AS v, 1 + @ AS seq FROM numbers WHERE i < 1500', '{"sequence_by": "seq"}', NULL),
('guard', 'CREATE TABLE t (k int PRIMARY KEY, v int, w int)', 'SELECT i, i, i FROM numbers WHERE i % 3 > 0',
	'SELECT i AS k, CASE WHEN i % 4 = 0 THEN NULL ELSE i + @ END AS v, i % 6 AS w FROM numbers', '{"guard": "target.w > excluded.w AND excluded.k % 2 = 0", "ignore_nulls": true, "update_columns": ["v"]}', NULL),
('audit', 'CREATE TABLE t (k int PRIMARY KEY, v int, at timestamptz, run bigint)', 'SELECT i, i FROM numbers WHERE i % 3 > 0',
	'SELECT i AS k, i % 4 * @ AS v FROM numbers WHERE i < 100', '{"loaded_at": "at", "run_id": "run"}', 'run'),
('wide', 'CREATE TABLE t (k uuid PRIMARY KEY, v text, w text)', 'SELECT md5(i::text)::uuid, repeat(md5(i::text), 200), ''w'' FROM numbers WHERE i < 60',
	'SELECT md5(i::text)::uuid AS k, repeat(md5((i + i % 5 * @)::text), 200) AS v, ''w'' AS w FROM numbers WHERE i > 30 AND i < 90', NULL, NULL);
UPDATE shapes SET ignored = 'n' WHERE shape = 'defaults';
UPDATE shapes SET params = '{"narrowing": "allow"}' WHERE shape = 'other_types';

CREATE TABLE parents (id int PRIMARY KEY);
INSERT INTO parents VALUES (1), (2);
CREATE TABLE told (level text, op text);
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_LEVEL = 'ROW' THEN
		IF NEW.v = 'drop' THEN
			RETURN NULL;
		END IF;
		NEW.told := TG_OP;
	END IF;
	INSERT INTO load_methods.told VALUES (TG_LEVEL, TG_OP);
	RETURN NEW;
END $$;

-- a load of one shape in one way: what is in the target after each of two
-- batches, and what was counted
CREATE TABLE outcomes (shape text, way text, round int, rows text, counts text);
CREATE FUNCTION contents(ignored text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT md5(string_agg(one::text, E''\n'' ORDER BY one::text COLLATE "C")) || count(*) FROM (SELECT to_jsonb(t) - %L FROM load_methods.t) AS s (one)', coalesce(ignored, ''))
	INTO result;
	RETURN result;
END $$;
CREATE FUNCTION try(s shapes, way text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM set_config('dq_etl.load_method', split_part(way, ' ', 1), true), set_config('dq_etl.load_write', split_part(way, ' ', 2), true);
	DROP TABLE IF EXISTS all_t, t;
	DELETE FROM told;
	EXECUTE s.ddl;
	EXECUTE 'INSERT INTO t ' || s.fill;
	ANALYZE t;
	FOR round IN 1..2 LOOP
		PERFORM etl.define('load_methods', ARRAY[etl.extract('s', 'SELECT * FROM (' || replace(s.batch, '@', round::text) || ') q'),
			etl.load('s', 'load_methods.t', mode => 'upsert', params => CASE WHEN s.params ? 'on_conflict_columns' THEN s.params ELSE coalesce(s.params, '{}') ||
				jsonb_build_object('key', (SELECT jsonb_agg(a.attname ORDER BY n) FROM pg_index i, unnest(i.indkey) WITH ORDINALITY AS u (attnum, n) JOIN pg_attribute a USING (attnum)
					WHERE i.indrelid = 't'::regclass AND a.attrelid = i.indrelid)) END)]);
		run := etl.run('load_methods', inline => true);
		INSERT INTO outcomes SELECT s.shape, way, round, contents(s.ignored),
				concat_ws(' ', 'read', rows_read, 'inserted', rows_inserted, 'updated', rows_updated, 'unchanged', rows_unchanged, 'rejected', rows_rejected, 'suppressed', rows_suppressed,
					'told', (SELECT string_agg(level || op || n, ' ' ORDER BY level, op) FROM (SELECT level, op, count(*) AS n FROM told GROUP BY level, op) q))
		FROM etl.run_steps WHERE run_id = run AND kind = 'load';
	END LOOP;
END $$;
SELECT count(try(s, way)) AS tried FROM shapes s, unnest(ARRAY['hash conflict', 'auto auto', 'walk auto', 'walk plain', 'walk conflict', 'probe auto', 'merge auto', 'hash auto']) AS way \gset

SELECT is_empty(format($$ SELECT o.way, o.round, o.rows, o.counts, r.rows, r.counts FROM outcomes o JOIN outcomes r USING (shape, round)
	WHERE r.way = 'hash conflict' AND shape = %L AND (o.rows, o.counts) IS DISTINCT FROM (r.rows, r.counts) $$, shape), shape || ': all ways come to the same')
FROM shapes ORDER BY shape;
SELECT is((SELECT count(*) FROM outcomes), (SELECT 16 * count(*) FROM shapes), 'all ways were tried');
-- what was compared was not nothing
SELECT is_empty($$ SELECT shape FROM outcomes WHERE way = 'auto auto' GROUP BY shape
	HAVING bool_and(counts LIKE '% updated 0 %') OR bool_and(counts LIKE '% inserted 0 %') $$, 'rows were inserted and updated everywhere');

-- a walk fetches from the target what the batch has, no more
CREATE TABLE even (k text PRIMARY KEY, v int);
INSERT INTO even SELECT to_char(i, '0000'), i FROM numbers;
SELECT count(*) FROM etl.define('load_methods', ARRAY[etl.extract('s', 'SELECT to_char(i, ''0000'') AS k, i AS v FROM numbers WHERE i % 10 = 0 ORDER BY r'), etl.load('s', 'load_methods.even')]) \gset
CREATE FUNCTION fetched(method text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	before bigint := pg_stat_get_xact_tuples_fetched('load_methods.even_pkey'::regclass) + pg_stat_get_xact_tuples_returned('load_methods.even'::regclass);
BEGIN
	PERFORM set_config('dq_etl.load_method', method, true), set_config('dq_etl.load_write', 'auto', true);
	PERFORM etl.run('load_methods', inline => true);
	RETURN pg_stat_get_xact_tuples_fetched('load_methods.even_pkey'::regclass) + pg_stat_get_xact_tuples_returned('load_methods.even'::regclass) - before;
END $$;
SELECT is(fetched('walk'), 300::bigint, 'a walk fetches the rows whose keys are in the batch');
SELECT is(fetched('hash'), 3000::bigint, 'a hash join reads all of the target');
SELECT * FROM finish();
ROLLBACK;
