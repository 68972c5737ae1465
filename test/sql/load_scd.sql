-- History of each key: scd2 and snapshot; and scd1, which keeps none.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_scd;
SET search_path = load_scd, public;
SET TimeZone = 'UTC';
SET DateStyle = ISO;

-- one run of a pipeline that loads a query for one day; the counts
CREATE FUNCTION load(query text, target text, params jsonb, day date DEFAULT '2026-01-01', mode text DEFAULT 'scd2')
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_scd', ARRAY[etl.extract('s', query), etl.load('s', target, mode => mode, params => '{"narrowing": "allow"}' || params)],
		period => '1 day', start_at => '2026-01-01 00:00+00', timezone => 'UTC');
	run := etl.run('load_scd', day::timestamptz, day + interval '1 day', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s closed, %s unchanged, %s deleted, %s rejected, %s suppressed',
			rows_read, rows_inserted, rows_updated, rows_closed, rows_unchanged, rows_deleted, rows_rejected, rows_suppressed)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. new, changed, unchanged, late, out of order, merged, deleted, re-added; each twice
CREATE TABLE item (id int, name text, note text, valid_from int, valid_to int, current boolean, PRIMARY KEY (id, valid_from));
CREATE TABLE feed (id int, seq int, name text, note text, gone boolean DEFAULT false);
CREATE FUNCTION feed(note text, VARIADIC items text[]) RETURNS TABLE (what text, counts text) LANGUAGE plpgsql AS $$
DECLARE
	query text := 'SELECT id, seq, name, note, gone FROM load_scd.feed';
	params jsonb := '{"sequence_by": "seq", "delete_when": "gone", "control_columns": ["gone"], "track": "name", "is_current": "current"}';
BEGIN
	TRUNCATE load_scd.feed;
	INSERT INTO load_scd.feed SELECT p[1]::int, p[2]::int, nullif(p[3], '-'), nullif(p[4], ''), p[3] = '!'
	FROM unnest(items) i, string_to_array(i, ' ') p;
	RETURN QUERY SELECT note, load(query, 'item', params);
	RETURN QUERY SELECT 'again', load(query, 'item', params);
END $$;
SELECT * FROM feed('new', '1 10 a', '2 10 b', '3 10 -');
SELECT * FROM feed('changed; NULL to value and back; unchanged', '1 20 A', '2 20 b', '3 20 c', '3 30 -');
SELECT * FROM item ORDER BY id, valid_from;
SELECT * FROM feed('late: splits', '1 15 x');
SELECT * FROM feed('older than all', '1 5 first');
SELECT * FROM feed('the successor begins earlier', '1 13 x');
SELECT * FROM feed('equal to the predecessor', '1 14 x');
SELECT * FROM feed('the same point corrected, so that three become one', '1 10 x', '1 5 x');
SELECT * FROM item WHERE id = 1 ORDER BY valid_from;
SELECT * FROM feed('deleted', '1 40 !', '2 5 !', '9 1 !');
SELECT * FROM feed('added again, deleted again later', '1 50 back', '1 60 !');
SELECT * FROM feed('late between', '1 45 between');
SELECT * FROM feed('delete inside of what is past', '1 17 !');
SELECT * FROM feed('and where a version begins', '1 20 !');
SELECT * FROM feed('other columns, in place', '2 30 b new');
SELECT * FROM feed('many of one key in one batch', '4 30 b', '4 10 a', '4 20 a', '4 40 !', '4 50 a', '4 45 !');
SELECT * FROM item ORDER BY id, valid_from;
SELECT load('SELECT 1 AS id, 1 AS seq, ''x'' AS name WHERE false', 'item', '{"sequence_by": "seq"}');
-- the same point twice: named, or one of them
SELECT load('SELECT 7 AS id, 1 AS seq, v AS name FROM unnest(ARRAY[''p'', ''q'']) v', 'item', '{"sequence_by": "seq"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 7 AS id, 1 AS seq, v AS name FROM unnest(ARRAY[''p'', ''q'']) v', 'item', '{"sequence_by": "seq", "dedupe": "latest"}');
SELECT load('SELECT NULL::int AS id, 1 AS seq', 'item', '{"sequence_by": "seq"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id, NULL::int AS seq', 'item', '{"sequence_by": "seq"}');
\echo :LAST_ERROR_SQLSTATE

-- 2. three batches in each order give what all events at once give: values
-- that differ, and a delete in one batch with what it deletes, leave a trace
CREATE TABLE event (batch int, id int, seq int, v text, gone boolean);
INSERT INTO event SELECT (i / 2 * 7 + k * (i / 2)) % 3 + 1, k, i * 10, CASE WHEN NOT gone THEN 'v' || i END, gone
FROM generate_series(2, 13) i, generate_series(1, 9) k, LATERAL (SELECT i % 2 = 1 AND (i + k) % 5 < 2 AS gone) g;
CREATE VIEW oracle AS
SELECT id, v, seq AS valid_from, ending AS valid_to
FROM (SELECT e.*, lead(seq) OVER (PARTITION BY id ORDER BY seq) AS ending FROM event e) e WHERE NOT gone;
CREATE TABLE hist (id int, v text, valid_from int, valid_to int, UNIQUE (id, valid_from));
CREATE FUNCTION permute(a int, b int, c int) RETURNS TABLE (wrong bigint, invalid bigint, rewritten text) LANGUAGE plpgsql AS $$
DECLARE
	batch int;
	query text := 'SELECT id, seq, v, gone FROM load_scd.event WHERE batch = ';
	params jsonb := '{"key": "id", "sequence_by": "seq", "delete_when": "gone"}';
BEGIN
	TRUNCATE load_scd.hist;
	FOREACH batch IN ARRAY ARRAY[a, b, c] LOOP
		PERFORM load(query || batch, 'hist', params);
	END LOOP;
	RETURN QUERY SELECT
		(SELECT count(*) FROM (TABLE hist EXCEPT TABLE oracle) x) + (SELECT count(*) FROM (TABLE oracle EXCEPT TABLE hist) x),
		(SELECT count(*) FROM (SELECT valid_from >= valid_to OR valid_to > lead(valid_from) OVER w OR valid_to IS NULL AND lead(valid_from) OVER w IS NOT NULL AS bad
			FROM hist WINDOW w AS (PARTITION BY id ORDER BY valid_from)) x WHERE bad),
		load(query || a, 'hist', params);
END $$;
SELECT count(*) FROM oracle;
SELECT b.*, p.* FROM (VALUES (1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)) b (x, y, z), permute(x, y, z) p;

-- 3. by windows: no sequence, so the end of the window; rerun; missing ones end
CREATE TABLE daily (id int, v json, valid_from date, valid_to date DEFAULT 'infinity' NOT NULL, UNIQUE (id, valid_from));
CREATE TABLE source (id int, v json);
INSERT INTO source SELECT i, to_json(i) FROM generate_series(1, 4) i;
CREATE FUNCTION daily(day date) RETURNS text LANGUAGE sql AS $$
	SELECT load('SELECT * FROM load_scd.source', 'daily', '{"key": "id", "open_end": "infinity", "delete_missing": "all"}', day) $$;
SELECT daily('2026-01-01');
SELECT daily('2026-01-01');
DELETE FROM source WHERE id = 1;
UPDATE source SET v = '[]' WHERE id = 2;
SELECT daily('2026-01-02');
SELECT daily('2026-01-02');
-- the rerun of a window with other rows corrects it
UPDATE source SET v = '{}' WHERE id = 2;
SELECT daily('2026-01-02');
INSERT INTO source VALUES (1, '1');
SELECT daily('2026-01-05');
-- a window that was left out comes late
DELETE FROM source WHERE id = 4;
SELECT daily('2026-01-03');
SELECT * FROM daily ORDER BY id, valid_from;
-- too many missing
DELETE FROM source WHERE id > 1;
SELECT daily('2026-01-06');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id WHERE false', 'daily', '{"key": "id", "open_end": "infinity", "delete_missing": "all", "max_delete_fraction": 1}', '2026-01-06');
SELECT * FROM daily ORDER BY id, valid_from;

-- versions that differ only in what the batch lacks stay apart
SELECT load('SELECT 2 AS id', 'daily', '{"key": "id", "open_end": "infinity"}', '2026-01-08');
SELECT load('SELECT 2 AS id, date ''2026-01-03'' + i AS at, i = 6 AS gone FROM generate_series(-1, 6) i', 'daily',
	'{"key": "id", "open_end": "infinity", "sequence_by": "at", "delete_when": "gone", "control_columns": "gone"}', '2026-01-08');
SELECT * FROM daily WHERE id = 2 ORDER BY valid_from;

-- 4. names, partitions, the sequence kept in the target, audit columns
CREATE TABLE "Odd ""T" ("k y" text COLLATE "C", "v""l" numeric(6,2), "at" timestamptz, "bis" timestamp, "vo n" timestamp, loaded timestamptz, run bigint, extra int DEFAULT 7,
	UNIQUE ("k y", "vo n")) PARTITION BY RANGE ("vo n");
CREATE TABLE "Odd 1" PARTITION OF "Odd ""T" FOR VALUES FROM (MINVALUE) TO ('2026-01-05');
CREATE TABLE "Odd 2" PARTITION OF "Odd ""T" FOR VALUES FROM ('2026-01-05') TO (MAXVALUE);
CREATE FUNCTION odd(query text) RETURNS text LANGUAGE sql AS $$
	SELECT load(query, 'load_scd."Odd ""T"',
		'{"key": ["k y"], "sequence_by": ["at"], "valid_from": "vo n", "valid_to": "bis", "loaded_at": "loaded", "run_id": "run"}') $$;
SELECT odd($$ SELECT 'a' AS "k y", 1.005 AS "v""l", timestamptz '2026-01-07' AS "at" $$);
SELECT odd($$ SELECT 'a' AS "k y", 1.01 AS "v""l", timestamptz '2026-01-02' AS "at" $$);
SELECT odd($$ SELECT 'a' AS "k y", 1.01 AS "v""l", timestamptz '2026-01-09' AS "at" UNION ALL SELECT 'a', 'NaN', '2026-01-08' $$);
SELECT odd($$ SELECT 'a' AS "k y", 1.01 AS "v""l", timestamptz '2026-01-09' AS "at" UNION ALL SELECT 'a', 'NaN', '2026-01-08' $$);
SELECT tableoid::regclass, "k y", "v""l", "at", "vo n", "bis", loaded IS NOT NULL AS loaded, run > 0 AS run, extra FROM "Odd ""T" ORDER BY "vo n";
-- with the sequence in the target, an older row does not overwrite untracked columns
CREATE TABLE kept (id int, v text, note text, seq numeric, since numeric, till numeric, UNIQUE (id, since));
CREATE FUNCTION kept(seq numeric, v text, note text) RETURNS text LANGUAGE sql AS $$
	SELECT load(format('SELECT 1 AS id, %s::numeric AS seq, %L::text AS v, %L::text AS note', seq, v, note), 'kept',
		'{"key": "id", "sequence_by": "seq", "track": "v", "valid_from": "since", "valid_to": "till"}') $$;
SELECT kept(1, 'a', 'one');
SELECT kept(3.5, 'a', 'three');
SELECT kept(2, 'a', 'two');
SELECT * FROM kept;

-- rows that a trigger of the target drops are counted, and tried again
CREATE FUNCTION drop_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER dropping BEFORE INSERT ON kept FOR EACH ROW EXECUTE FUNCTION drop_row();
SELECT kept(9, 'b', 'nine');
DROP TRIGGER dropping ON kept;
-- the sequence may be valid_from itself
SELECT load('SELECT 2 AS id, ''a'' AS v, s::numeric AS since FROM generate_series(1, 3) s', 'kept',
	'{"key": "id", "sequence_by": "since", "track": "v", "valid_from": "since", "valid_to": "till"}');
SELECT id, v, note, since, till FROM kept ORDER BY id, since;

-- 5. snapshot
CREATE TABLE snap (id int PRIMARY KEY, v text, w text, updated_at timestamptz);
INSERT INTO snap SELECT i, 'v' || i, 'w', timestamptz '2026-01-01 08:00+00' FROM generate_series(1, 3) i;
CREATE TABLE snapped (id int, v text, w text, updated_at timestamptz, valid_from timestamptz, valid_to timestamptz, is_deleted boolean, PRIMARY KEY (id, valid_from));
CREATE FUNCTION snap(params jsonb, day date) RETURNS text LANGUAGE sql AS $$
	SELECT load('SELECT * FROM load_scd.snap', 'snapped', params, day, 'snapshot') $$;
SELECT snap('{"strategy": "timestamp", "updated_at": "updated_at", "hard_deletes": "invalidate"}', '2026-01-01');
SELECT snap('{"strategy": "timestamp", "updated_at": "updated_at", "hard_deletes": "invalidate"}', '2026-01-01');
UPDATE snap SET updated_at = '2026-01-02 09:00+00' WHERE id = 1;
DELETE FROM snap WHERE id = 2;
SELECT snap('{"strategy": "timestamp", "updated_at": "updated_at", "hard_deletes": "invalidate"}', '2026-01-02');
SELECT id, v, updated_at, valid_from, valid_to FROM snapped ORDER BY id, valid_from;
TRUNCATE snapped;
SELECT snap('{"strategy": "check", "check_columns": "v", "hard_deletes": "new_record", "delete_mark": "is_deleted"}', '2026-01-03');
UPDATE snap SET v = 'new', w = 'x';
DELETE FROM snap WHERE id = 1;
SELECT snap('{"strategy": "check", "check_columns": "v", "hard_deletes": "new_record", "delete_mark": "is_deleted"}', '2026-01-04');
SELECT snap('{"strategy": "check", "check_columns": "v", "hard_deletes": "new_record", "delete_mark": "is_deleted"}', '2026-01-05');
INSERT INTO snap VALUES (1, 'v1', 'w', '2026-01-06');
SELECT snap('{"strategy": "check", "check_columns": "v", "hard_deletes": "new_record", "delete_mark": "is_deleted"}', '2026-01-06');
SELECT snap('{"strategy": "check", "check_columns": "v", "hard_deletes": "new_record", "delete_mark": "is_deleted"}', '2026-01-06');
SELECT id, v, w, valid_from, valid_to, is_deleted FROM snapped ORDER BY id, valid_from;
SELECT snap('{"strategy": "check", "check_columns": "v"}', '2026-01-07');

-- 6. scd1: the newest state of each key
CREATE TABLE one (id int PRIMARY KEY, v text, seq int);
CREATE FUNCTION one(query text) RETURNS text LANGUAGE sql AS $$
	SELECT load(query, 'one', '{"sequence_by": "seq", "delete_when": "v = ''!''"}', mode => 'scd1') $$;
SELECT one($$ SELECT * FROM (VALUES (1, 'a', 5), (1, 'b', 6), (2, 'c', 5)) x (id, v, seq) $$);
SELECT one($$ SELECT * FROM (VALUES (1, 'old', 5), (2, '!', 7)) x (id, v, seq) $$);
SELECT * FROM one;

-- 7. what is refused, at definition
CREATE TABLE bare (id int, v text);
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE bare ADD valid_from text;
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE bare ADD valid_to date;
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE bare ALTER valid_from TYPE int USING NULL;
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE bare ALTER valid_to TYPE int USING NULL;
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v", "open_end": "infinity"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v", "is_current": "v"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
CREATE UNIQUE INDEX ON bare (id, valid_from);
SELECT load('SELECT 1 AS id', 'bare', '{"sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": ["v", "id"]}');
SELECT load('SELECT 1 AS id', 'bare', '{"key": ["id", "valid_from"], "sequence_by": "v"}');
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v", "track": "w"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v", "track": "valid_to"}');
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v", "delete_missing": "window"}');
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v", "on_schema_change": "sync"}');
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v", "missing_target": "create"}');
ALTER TABLE bare ALTER valid_to SET NOT NULL;
SELECT load('SELECT 1 AS id', 'bare', '{"key": "id", "sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
ALTER TABLE bare ALTER valid_to DROP NOT NULL;
-- at the run
SELECT load('SELECT 1 AS id, ''x''::text AS v, json ''1'' AS s', 'bare', '{"key": "id", "sequence_by": "s"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id, 1 AS s, 1 AS valid_to', 'bare', '{"key": "id", "sequence_by": "s"}');
\echo :LAST_ERROR_SQLSTATE
CREATE VIEW seen AS TABLE bare;
SELECT load('SELECT 1 AS id', 'seen', '{"key": "id", "sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
CREATE TRIGGER instead INSTEAD OF INSERT OR UPDATE OR DELETE ON seen FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
SELECT load('SELECT 1 AS id', 'seen', '{"key": "id", "sequence_by": "v"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'snapped', '{}', mode => 'snapshot');
SELECT load('SELECT 1 AS id', 'snapped', '{"strategy": "timestamp"}', mode => 'snapshot');
SELECT load('SELECT 1 AS id', 'snapped', '{"strategy": "check", "updated_at": "updated_at"}', mode => 'snapshot');
SELECT load('SELECT 1 AS id', 'snapped', '{"strategy": "check", "check_columns": "v", "hard_deletes": "new_record"}', mode => 'snapshot');
SELECT load('SELECT 1 AS id', 'snapped', '{"strategy": "check", "check_columns": "v", "hard_deletes": "new_record", "delete_mark": "w"}', mode => 'snapshot');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'one', '{}', mode => 'scd1');
SELECT load('SELECT 1 AS id', 'one', '{"sequence_by": "at"}', mode => 'scd1');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 1 AS id', 'one', '{"sequence_by": "seq", "delete_mark": "v"}', mode => 'scd1');
-- the end of a window dates versions: without a period there is none
SELECT * FROM etl.define('load_scd_free', ARRAY[etl.extract('s', 'SELECT 1 AS id'), etl.load('s', 'daily', '{id}', 'scd2', params => '{"open_end": "infinity"}')]);
\echo :LAST_ERROR_SQLSTATE
-- versions outside of a partial index would be overlooked
CREATE TABLE partly (id integer, v text, valid_from integer, valid_to integer);
CREATE UNIQUE INDEX ON partly (id, valid_from) WHERE id > 0;
SELECT load('SELECT 1 AS id, 1 AS s, ''a'' AS v', 'partly', '{"key": "id", "sequence_by": "s"}');
\echo :LAST_ERROR_SQLSTATE

-- 8. columns that the batch lacks are carried on to the versions that follow;
-- the first one, and one after a gap, take defaults, as do columns whose
-- default makes a value anew, and those that are unique
CREATE TABLE person (id int, name text, rating int DEFAULT 7, twice int GENERATED ALWAYS AS (rating * 2) STORED, nick text, sk int GENERATED ALWAYS AS IDENTITY,
	serial serial, code text UNIQUE, written timestamptz DEFAULT clock_timestamp(), valid_from int, valid_to int, PRIMARY KEY (id, valid_from));
CREATE FUNCTION person(VARIADIC items text[]) RETURNS text LANGUAGE sql AS $$
	SELECT load(format('SELECT p[1]::int AS id, p[2]::int AS seq, p[3] AS name, p[3] = ''!'' AS gone FROM unnest(%L::text[]) i, string_to_array(i, '' '') p', items),
		'person', '{"key": "id", "sequence_by": "seq", "delete_when": "gone", "control_columns": "gone"}') $$;
SELECT person('1 10 a', '2 10 a');
UPDATE person SET rating = 9, nick = 'x', code = id;
SELECT person('1 20 b', '1 30 c', '1 5 first', '2 20 !', '2 30 back', '2 40 again');
UPDATE person SET nick = 'y' WHERE id = 1 AND valid_from = 20;
SELECT person('1 15 late', '1 25 later');
SELECT id, valid_from, valid_to, name, rating, twice, nick, sk = serial AS numbered, code, written IS NOT NULL AS written FROM person ORDER BY id, valid_from;
SELECT count(DISTINCT sk), count(*) FROM person;

-- 9. what begins at infinity, or NaN, would never be valid; minus infinity is since ever
CREATE TABLE ever (id int, v text, valid_from timestamptz, valid_to timestamptz, UNIQUE (id, valid_from));
SELECT load('SELECT i AS id, at, ''a'' AS v FROM generate_series(1, 2) i, unnest(ARRAY[''-infinity''::timestamptz, ''2026-01-01'']) at', 'ever', '{"key": "id", "sequence_by": "at"}');
SELECT load('SELECT 1 AS id, timestamptz ''2026-01-02'' AS at, ''b'' AS v', 'ever', '{"key": "id", "sequence_by": "at"}');
SELECT * FROM ever ORDER BY id, valid_from;
SELECT load('SELECT i AS id, timestamptz ''infinity'' AS at, ''b'' AS v FROM generate_series(1, 3) i', 'ever', '{"key": "id", "sequence_by": "at"}');
\echo :LAST_ERROR_SQLSTATE
SELECT load('SELECT 3 AS id, s AS seq, ''a'' AS v FROM unnest(ARRAY[''NaN'', ''Infinity'', ''1'']::numeric[]) s', 'kept', '{"key": "id", "sequence_by": "seq", "valid_from": "since", "valid_to": "till"}');
\echo :LAST_ERROR_SQLSTATE

SELECT etl.drop_pipeline('load_scd') IS NOT NULL AS dropped;
DROP SCHEMA load_scd CASCADE;
