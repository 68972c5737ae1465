-- Laws of the modes of load: random batches, compared with a model in plain
-- SQL; the same window twice is once; counts say what happened.
BEGIN;
SELECT plan(21);
SET LOCAL client_min_messages = warning;
CREATE SCHEMA load_mode_laws;
SET LOCAL search_path = load_mode_laws, public;
SELECT setseed(0.2718);

CREATE TABLE counts (mode text, round int, again boolean, rows_read bigint, inserted bigint, updated bigint, unchanged bigint,
	deleted bigint, rejected bigint, suppressed bigint, named bigint);
-- one run that loads the batch of a round for its day; its counts are kept
CREATE FUNCTION load(target text, mode text, params jsonb, round int, query text, again boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	day timestamptz := timestamptz '2026-01-01 00:00+00' + (round - 1) * interval '1 day';
	run bigint;
BEGIN
	PERFORM etl.define('load_mode_laws_' || target, ARRAY[etl.extract('s', query), etl.load('s', 'load_mode_laws.' || target, mode => mode, params => params)],
		period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');
	run := etl.run('load_mode_laws_' || target, day, day + interval '1 day', inline => true);
	INSERT INTO counts
	SELECT target, round, again, rows_read, rows_inserted, rows_updated, rows_unchanged, rows_deleted, rows_rejected, rows_suppressed, 0
	FROM etl.run_steps WHERE run_id = run AND kind = 'load';
END $$;

-- few keys, some of them several times, with an operation and a sequence
CREATE TABLE batch AS
SELECT r AS round, (random() * 20)::int AS k, (random() * 3)::int AS v, (random() * 5)::int + r * 3 AS seq, random() < 0.2 AS gone,
	timestamptz '2026-01-01 00:00+00' + (r - 1 + random() * 0.99) * interval '1 day' AS at, row_number() OVER () AS n
FROM generate_series(1, 6) r, generate_series(1, 25) i;
CREATE FUNCTION batch_of(round int, columns text DEFAULT 'k, v, seq') RETURNS text LANGUAGE sql AS $$
	SELECT format('SELECT %s FROM load_mode_laws.batch WHERE round = %s ORDER BY random()', columns, round)
$$;
-- the row that stays of each key
CREATE VIEW latest AS
SELECT DISTINCT ON (round, k) round, k, v, seq, gone FROM batch
ORDER BY round, k, seq DESC, ROW(k, v, seq) USING OPERATOR(pg_catalog.*>);

CREATE TABLE upserted (k int PRIMARY KEY, v int, seq int);
CREATE TABLE upserted_model (LIKE upserted);
CREATE TABLE merged (k int PRIMARY KEY, v int, seq int);
CREATE TABLE merged_model (LIKE merged);
CREATE TABLE marked (k int PRIMARY KEY, v int, seq int, gone boolean);
CREATE TABLE marked_model (LIKE marked);
CREATE TABLE mirrored (k int PRIMARY KEY, v int, seq int);
CREATE TABLE ignored (k int PRIMARY KEY, v int, seq int);
CREATE TABLE ignored_model (LIKE ignored);
CREATE TABLE appended (k int, v int, seq int);
CREATE TABLE keyed (k int, v int, seq int);
CREATE TABLE keyed_model (LIKE keyed);
CREATE TABLE windowed (k int, v int, at timestamptz);
CREATE TABLE parted (k int, v int, at timestamptz) PARTITION BY RANGE (at);
SELECT format('CREATE TABLE parted_%s PARTITION OF parted FOR VALUES FROM (%L) TO (%L)', r, timestamptz '2026-01-01 00:00+00' + (r - 1) * interval '1 day',
	timestamptz '2026-01-01 00:00+00' + r * interval '1 day') FROM generate_series(1, 6) r \gexec
CREATE TABLE replaced (k int, v int, seq int);

CREATE FUNCTION play(round int, again boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM load('upserted', 'upsert', '{"sequence_by": "seq", "dedupe": "latest"}', round, batch_of(round), again);
	PERFORM load('merged', 'merge', '{"sequence_by": "seq", "dedupe": "latest", "delete_when": "gone"}', round, batch_of(round, 'k, v, seq, gone'), again);
	PERFORM load('marked', 'merge', '{"sequence_by": "seq", "dedupe": "latest", "delete_when": "op", "delete_mark": "gone"}', round, batch_of(round, 'k, v, seq, gone AS op'), again);
	PERFORM load('mirrored', 'merge', '{"sequence_by": "seq", "dedupe": "latest", "delete_missing": "all", "max_delete_fraction": 1}', round, batch_of(round), again);
	PERFORM load('ignored', 'insert_ignore', '{"sequence_by": "seq", "dedupe": "latest"}', round, batch_of(round), again);
	PERFORM load('appended', 'append', '{"sequence_by": "seq", "dedupe": "latest", "dedupe_key": "k"}', round, batch_of(round), again);
	PERFORM load('keyed', 'replace_keys', '{"key": "k"}', round, batch_of(round), again);
	PERFORM load('windowed', 'replace_window', '{"window_column": "at"}', round, batch_of(round, 'k, v, at'), again);
	PERFORM load('parted', 'replace_partition', '{"window_column": "at"}', round, batch_of(round, 'k, v, at'), again);
	PERFORM load('replaced', 'replace_all', '{}', round, batch_of(round), again);
END $$;
-- the same in plain SQL
CREATE FUNCTION model(round int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO upserted_model SELECT l.k, l.v, l.seq FROM latest l WHERE l.round = model.round AND NOT EXISTS (SELECT 1 FROM upserted_model m WHERE m.k = l.k AND m.seq >= l.seq);
	DELETE FROM upserted_model m WHERE EXISTS (SELECT 1 FROM upserted_model o WHERE o.k = m.k AND o.seq > m.seq);
	DELETE FROM merged_model m USING latest l WHERE l.round = model.round AND l.k = m.k AND l.seq > m.seq AND l.gone;
	INSERT INTO merged_model SELECT l.k, l.v, l.seq FROM latest l WHERE l.round = model.round AND NOT gone AND NOT EXISTS (SELECT 1 FROM merged_model m WHERE m.k = l.k AND m.seq >= l.seq);
	DELETE FROM merged_model m WHERE EXISTS (SELECT 1 FROM merged_model o WHERE o.k = m.k AND o.seq > m.seq);
	UPDATE marked_model m SET gone = true, seq = l.seq FROM latest l WHERE l.round = model.round AND l.k = m.k AND l.seq > m.seq AND l.gone AND NOT m.gone;
	INSERT INTO marked_model SELECT l.k, l.v, l.seq, false FROM latest l WHERE l.round = model.round AND NOT gone AND NOT EXISTS (SELECT 1 FROM marked_model m WHERE m.k = l.k AND m.seq >= l.seq);
	DELETE FROM marked_model m WHERE EXISTS (SELECT 1 FROM marked_model o WHERE o.k = m.k AND o.seq > m.seq);
	INSERT INTO ignored_model SELECT l.k, l.v, l.seq FROM latest l WHERE l.round = model.round AND NOT EXISTS (SELECT 1 FROM ignored_model m WHERE m.k = l.k);
	DELETE FROM keyed_model m WHERE k IN (SELECT b.k FROM batch b WHERE b.round = model.round);
	INSERT INTO keyed_model SELECT k, v, seq FROM batch b WHERE b.round = model.round;
END $$;

CREATE TABLE differences (round int, target text);
CREATE FUNCTION contents(target text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	EXECUTE format('SELECT coalesce(string_agg(one::text, E''\n'' ORDER BY one::text COLLATE "C"), '''') FROM %I one', target) INTO result;
	RETURN result;
END $$;
CREATE FUNCTION rounds() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	targets text[] := ARRAY['upserted', 'merged', 'marked', 'mirrored', 'ignored', 'appended', 'keyed', 'windowed', 'parted', 'replaced'];
	once text[];
BEGIN
	FOR r IN 1..6 LOOP
		PERFORM play(r, false);
		once := ARRAY(SELECT contents(t) FROM unnest(targets) t);
		PERFORM play(r, true);
		INSERT INTO differences SELECT r, t.target FROM unnest(targets, once) AS t (target, seen) WHERE contents(t.target) <> t.seen;
		PERFORM model(r);
	END LOOP;
END $$;
SELECT rounds();

SELECT is_empty('SELECT * FROM differences', 'the same window twice is once, whatever the mode');
SELECT is(contents('upserted'), contents('upserted_model'), 'upsert by sequence is what the model says');
SELECT is(contents('merged'), contents('merged_model'), 'merge with deletes is what the model says');
SELECT is(contents('marked'), contents('marked_model'), 'merge with marks is what the model says');
SELECT results_eq('SELECT k FROM mirrored ORDER BY k', 'SELECT DISTINCT k FROM batch WHERE round = 6 ORDER BY k', 'delete_missing leaves the keys of the batch');
SELECT is(contents('ignored'), contents('ignored_model'), 'insert_ignore is what the model says');
SELECT is(contents('appended'), contents('ignored_model'), 'append with dedupe_key is the same without an index');
SELECT is(contents('keyed'), contents('keyed_model'), 'replace_keys is what the model says');
SELECT results_eq('SELECT k, v, at FROM windowed ORDER BY at, k, v', 'SELECT k, v, at FROM batch ORDER BY at, k, v', 'replace_window comes to all batches');
SELECT is(contents('parted'), contents('windowed'), 'so does replace_partition');
SELECT results_eq('SELECT k, v, seq FROM replaced ORDER BY seq, k, v', 'SELECT k, v, seq FROM batch WHERE round = 6 ORDER BY seq, k, v', 'replace_all leaves the last batch');
SELECT is((SELECT count(*) FROM counts), 120::bigint, 'all loads were counted');
SELECT is_empty($$ SELECT * FROM counts WHERE mode IN ('upserted', 'mirrored', 'ignored', 'appended')
	AND rows_read <> inserted + updated + unchanged + rejected + suppressed $$, 'counts of rows read balance');
SELECT is_empty($$ SELECT * FROM counts WHERE mode IN ('merged', 'marked')
	AND rows_read <> inserted + updated + unchanged + rejected + suppressed + deleted $$, 'with those that delete');
SELECT is_empty($$ SELECT * FROM counts WHERE mode IN ('keyed', 'windowed', 'parted', 'replaced')
	AND (rows_read <> inserted OR updated + unchanged + rejected + suppressed <> 0) $$, 'what replaces inserts all that it read');
SELECT is_empty($$ SELECT * FROM counts WHERE again AND mode IN ('upserted', 'merged', 'marked', 'mirrored', 'ignored', 'appended')
	AND (inserted, updated, deleted) <> (0, 0, 0) $$, 'the second time, nothing is written by modes that compare');
SELECT is_empty($$ SELECT * FROM counts WHERE again AND mode IN ('keyed', 'windowed', 'parted', 'replaced') AND inserted <> deleted $$,
	'and the others delete what they insert');
SELECT ok((SELECT bool_and(updates > 0 AND rejects > 0) FROM (SELECT mode, sum(updated) AS updates, sum(rejected) AS rejects FROM counts
	WHERE mode IN ('upserted', 'merged', 'marked') GROUP BY mode) q), 'there were updates and late rows');
SELECT ok((SELECT bool_and(deletes > 0) FROM (SELECT mode, sum(deleted) AS deletes FROM counts
	WHERE NOT again AND mode IN ('merged', 'marked', 'mirrored', 'keyed', 'replaced') GROUP BY mode) q), 'and deletes');
-- an earlier window again, after the later ones: only its own rows change
SELECT load('windowed', 'replace_window', '{"window_column": "at"}', 2, batch_of(2, 'k, v + 1 AS v, at'));
SELECT results_eq('SELECT k, v, at FROM windowed ORDER BY at, k, v', 'SELECT k, CASE round WHEN 2 THEN v + 1 ELSE v END, at FROM batch ORDER BY at, k, 2',
	'an earlier window again changes only that window');
SELECT load('upserted', 'upsert', '{"sequence_by": "seq", "dedupe": "latest"}', 1, batch_of(1));
SELECT is(contents('upserted'), contents('upserted_model'), 'an earlier batch again changes nothing under a sequence');

SELECT * FROM finish();
ROLLBACK;
