-- Laws of loading, on random batches: upsert twice equals once, a batch in two
-- halves equals the whole, append twice doubles, counts balance and say what
-- happened.
BEGIN;
SELECT plan(19);
SET LOCAL client_min_messages = warning;
CREATE SCHEMA load_laws;
SET LOCAL search_path = load_laws, public;
SELECT setseed(0.4711);

CREATE TABLE counts (round int, target text, rows_read bigint, inserted bigint, updated bigint, unchanged bigint, suppressed bigint);
-- one run that loads a query; its counts are kept
CREATE FUNCTION load(query text, target text, mode text DEFAULT 'upsert', round int DEFAULT 0)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_laws', ARRAY[etl.extract('s', query), etl.load('s', target, mode => mode, params => '{"narrowing": "allow"}')]);
	run := etl.run('load_laws', inline => true);
	INSERT INTO counts
	SELECT round, target, rows_read, rows_inserted, rows_updated, rows_unchanged, rows_suppressed
	FROM etl.run_steps WHERE run_id = run AND kind = 'load';
END $$;
CREATE FUNCTION last_counts(OUT rows_read bigint, OUT inserted bigint, OUT updated bigint, OUT unchanged bigint, OUT suppressed bigint)
LANGUAGE plpgsql AS $$
BEGIN
	SELECT c.rows_read, c.inserted, c.updated, c.unchanged, c.suppressed FROM counts c ORDER BY ctid DESC LIMIT 1
	INTO rows_read, inserted, updated, unchanged, suppressed;
END $$;

-- few keys, most values as ever, some NULLs and near misses
CREATE FUNCTION random_batch(round int) RETURNS TABLE (a int, b text, n numeric, t text, d timestamptz)
LANGUAGE sql VOLATILE AS $$
	SELECT DISTINCT ON (a, b) *
	FROM (SELECT (random() * 20)::int AS a, chr(97 + (random() * 3)::int) AS b,
		CASE WHEN random() < 0.8 THEN 1.005 WHEN random() < 0.8 THEN (random() * 3)::numeric(4,3) END AS n,
		(ARRAY['x', 'x', 'x', 'x', 'X', 'x ', '', NULL])[1 + (random() * 7)::int] AS t,
		CASE WHEN random() < 0.8 THEN timestamptz '2026-01-01 00:00:00.2+00' WHEN random() < 0.5 THEN '2026-01-02 00:00+00' END AS d
		FROM generate_series(1, 200)) q
	ORDER BY a, b
$$;
CREATE TABLE batch (round int, a int, b text, n numeric, t text, d timestamptz);
INSERT INTO batch SELECT r, q.* FROM generate_series(1, 6) r, LATERAL random_batch(r) q;

CREATE TABLE plain (b varchar(4), a int, n numeric(6,2), t text, d timestamptz(0), PRIMARY KEY (a, b));
CREATE TABLE split (LIKE plain, PRIMARY KEY (b, a)) PARTITION BY HASH (b);
CREATE TABLE split_0 PARTITION OF split FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE split_1 PARTITION OF split FOR VALUES WITH (MODULUS 2, REMAINDER 1);
-- what the targets must hold, by the simplest means
CREATE TABLE model (LIKE plain, PRIMARY KEY (a, b));

CREATE TABLE expected (round int, inserted bigint, updated bigint, unchanged bigint);
CREATE FUNCTION rounds() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..6 LOOP
		CREATE TEMPORARY TABLE incoming (LIKE plain) ON COMMIT DROP;
		INSERT INTO incoming (a, b, n, t, d) SELECT a, b, n, t, d FROM batch WHERE round = i;
		INSERT INTO expected
		SELECT i, count(*) FILTER (WHERE m.a IS NULL),
			count(*) FILTER (WHERE m.a IS NOT NULL AND (m.n, m.t, m.d) IS DISTINCT FROM (s.n, s.t, s.d)),
			count(*) FILTER (WHERE m.a IS NOT NULL AND (m.n, m.t, m.d) IS NOT DISTINCT FROM (s.n, s.t, s.d))
		FROM incoming s LEFT JOIN model m ON m.a = s.a AND m.b = s.b;
		DELETE FROM model m USING incoming s WHERE m.a = s.a AND m.b = s.b;
		INSERT INTO model SELECT * FROM incoming;
		DROP TABLE incoming;
		PERFORM load(format('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = %s', i), 'load_laws.plain', round => i);
		PERFORM load(format('SELECT d, t, b, a, n FROM load_laws.batch WHERE round = %s ORDER BY random()', i), 'load_laws.split', round => i);
	END LOOP;
END $$;
SELECT rounds();

SELECT is((SELECT count(*) FROM counts), 12::bigint, 'twelve loads were counted');
SELECT results_eq('SELECT * FROM plain ORDER BY a, b', 'SELECT * FROM model ORDER BY a, b',
	'a plain table holds what the model says');
SELECT results_eq('SELECT * FROM split ORDER BY a, b', 'SELECT * FROM model ORDER BY a, b',
	'so does a partitioned one');
SELECT is_empty('SELECT * FROM counts WHERE rows_read <> inserted + updated + unchanged + suppressed',
	'read = inserted + updated + unchanged + suppressed');
SELECT is_empty($$ SELECT c.*, e.* FROM counts c JOIN expected e USING (round)
	WHERE (c.inserted, c.updated, c.unchanged, c.suppressed) IS DISTINCT FROM (e.inserted, e.updated, e.unchanged, 0::bigint) $$,
	'each count is what the model says');
SELECT ok((SELECT bool_and(inserted > 0 OR round > 1) AND sum(updated) > 0 AND sum(unchanged) > 0 FROM expected),
	'the batches insert, update and leave alone');

-- twice equals once
CREATE TABLE before AS SELECT *, ctid AS row_ctid, xmin::text AS row_xmin, cmin::text AS row_cmin FROM plain;
SELECT load('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = 6', 'load_laws.plain');
SELECT results_eq('SELECT *, ctid, xmin::text, cmin::text FROM plain ORDER BY a, b', 'SELECT * FROM before ORDER BY a, b',
	'upsert twice equals once, to the tuple');
SELECT is((SELECT (inserted, updated, suppressed, unchanged = rows_read)::text FROM last_counts()), '(0,0,0,t)',
	'and all rows count as unchanged');
SELECT load('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = 6', 'load_laws.split');
SELECT is((SELECT (inserted, updated, suppressed, unchanged = rows_read)::text FROM last_counts()), '(0,0,0,t)',
	'partitioned too');

-- two halves equal the whole
CREATE TABLE halves (LIKE plain, PRIMARY KEY (a, b));
CREATE TABLE whole (LIKE plain, PRIMARY KEY (a, b));
SELECT load('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = 1 AND a % 2 = 0', 'load_laws.halves');
SELECT load('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = 1 AND a % 2 = 1', 'load_laws.halves');
SELECT load('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = 1', 'load_laws.whole');
SELECT results_eq('SELECT * FROM halves ORDER BY a, b', 'SELECT * FROM whole ORDER BY a, b', 'two halves equal the whole');
SELECT load('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = 1', 'load_laws.halves');
SELECT is((SELECT (inserted, updated, suppressed, unchanged = rows_read)::text FROM last_counts()), '(0,0,0,t)',
	'after which the whole changes nothing');

-- append twice doubles
CREATE TABLE bag (LIKE plain);
SELECT load('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = 1', 'load_laws.bag', 'append');
SELECT results_eq('SELECT * FROM bag ORDER BY a, b', 'SELECT * FROM whole ORDER BY a, b', 'append once is the batch');
SELECT load('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = 1', 'load_laws.bag', 'append');
SELECT results_eq('SELECT *, 2::bigint FROM whole ORDER BY a, b', 'SELECT a.*, count(*) FROM bag a GROUP BY b, a, n, t, d ORDER BY a, b',
	'append twice doubles');
SELECT is((SELECT (inserted = rows_read, updated, unchanged, suppressed)::text FROM last_counts()), '(t,0,0,0)',
	'and counts insertions');

-- counts balance when triggers drop rows of inserts and of updates
CREATE FUNCTION drop_some() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF (NEW.a + CASE TG_OP WHEN 'INSERT' THEN 0 ELSE 1 END) % 4 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;
TRUNCATE plain, split, counts;
CREATE TRIGGER gate BEFORE INSERT OR UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION drop_some();
CREATE TRIGGER gate BEFORE INSERT OR UPDATE ON split FOR EACH ROW EXECUTE FUNCTION drop_some();
CREATE TABLE grown (round int, target text, size bigint);
CREATE FUNCTION gated_rounds() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..6 LOOP
		PERFORM load(format('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = %s', i), 'load_laws.plain', round => i);
		INSERT INTO grown SELECT i, 'load_laws.plain', count(*) FROM plain;
		PERFORM load(format('SELECT a, b, n, t, d FROM load_laws.batch WHERE round = %s', i), 'load_laws.split', round => i);
		INSERT INTO grown SELECT i, 'load_laws.split', count(*) FROM split;
	END LOOP;
END $$;
SELECT gated_rounds();
SELECT is_empty('SELECT * FROM counts WHERE rows_read <> inserted + updated + unchanged + suppressed',
	'counts balance when triggers drop rows');
SELECT ok((SELECT min(suppressed) > 0 AND sum(updated) > 0 AND sum(unchanged) > 0 FROM counts),
	'and the triggers did drop some');
SELECT is_empty($$ SELECT * FROM (SELECT target, round, size, sum(inserted) OVER (PARTITION BY target ORDER BY round) AS inserted
	FROM counts JOIN grown USING (round, target)) q WHERE size <> inserted $$,
	'a target grows by what was inserted');
SELECT results_eq('SELECT * FROM split ORDER BY a, b', 'SELECT * FROM plain ORDER BY a, b',
	'plain and partitioned come to the same');
SELECT results_eq($$ SELECT round, inserted, updated, unchanged, suppressed FROM counts WHERE target = 'load_laws.split' ORDER BY round $$,
	$$ SELECT round, inserted, updated, unchanged, suppressed FROM counts WHERE target = 'load_laws.plain' ORDER BY round $$,
	'with the same counts');

SELECT * FROM finish();
ROLLBACK;
