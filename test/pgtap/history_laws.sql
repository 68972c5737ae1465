-- Laws of scd2: random events, split into random batches that arrive in random
-- order, give the versions that plain SQL makes of all events at once.
BEGIN;
SELECT plan(9);
SET LOCAL client_min_messages = warning;
CREATE SCHEMA history_laws;
SET LOCAL search_path = history_laws, public;
SELECT setseed(0.1618);

CREATE TABLE event (k int, seq int, v int, w int, gone boolean, batch int);
CREATE TABLE history (k int, v int, w int, valid_from int, valid_to int, current boolean NOT NULL, PRIMARY KEY (k, valid_from));
CREATE TABLE counts (round int, rows_read bigint, rejected bigint, unchanged bigint, written bigint, rows bigint);

-- all events at once: neighbours of a key that say the same are one version
CREATE VIEW model AS
SELECT k, v, valid_from, valid_to, valid_to IS NULL AS current FROM (
	SELECT k, v, gone, seq AS valid_from, lead(seq) OVER (PARTITION BY k ORDER BY seq) AS valid_to
	FROM (SELECT e.*, lag(v) OVER o AS last_v, lag(gone) OVER o AS last_gone FROM event e WINDOW o AS (PARTITION BY k ORDER BY seq)) e
	WHERE last_gone IS NULL OR last_gone <> gone OR (NOT gone AND last_v IS DISTINCT FROM v)) e
WHERE NOT gone;

CREATE FUNCTION load(batch int, round int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
	before bigint := (SELECT count(*) FROM history);
BEGIN
	PERFORM etl.define('history_laws', ARRAY[
		etl.extract('s', format('SELECT k, seq, v, w, gone FROM history_laws.event WHERE batch = %s ORDER BY random()', batch)),
		etl.load('s', 'history_laws.history', mode => 'scd2',
			params => '{"sequence_by": "seq", "track": "v", "delete_when": "gone", "control_columns": "gone", "is_current": "current"}')]);
	run := etl.run('history_laws', inline => true);
	INSERT INTO counts SELECT round, rows_read, rows_rejected, rows_unchanged, rows_inserted + rows_updated + rows_closed + rows_deleted,
		(SELECT count(*) FROM history) - before - rows_inserted + rows_deleted
	FROM etl.run_steps WHERE run_id = run AND kind = 'load';
END $$;

-- Versions tell all that was said as long as neighbours differ, and a key that
-- is gone is told of together with what it was before.
CREATE FUNCTION differing(keys int, events int, batches int) RETURNS void LANGUAGE sql AS $$
	TRUNCATE history_laws.event;
	INSERT INTO history_laws.event
	SELECT k, i * 10, CASE WHEN NOT gone THEN i END, 0, gone, floor(random() * batches)::int
	FROM generate_series(1, keys) k, generate_series(1, events) i, LATERAL (SELECT random() < 0.25 + k * 0 + i * 0 AS gone) g
	WHERE random() < 0.8;
	UPDATE history_laws.event e SET batch = (SELECT p.batch FROM history_laws.event p WHERE p.k = e.k AND p.seq < e.seq AND NOT p.gone ORDER BY p.seq DESC LIMIT 1)
	WHERE gone;
	DELETE FROM history_laws.event WHERE batch IS NULL;
	DELETE FROM history_laws.event e WHERE gone AND (SELECT p.gone FROM history_laws.event p WHERE p.k = e.k AND p.seq < e.seq ORDER BY p.seq DESC LIMIT 1);
$$;
-- In the order of time, anything may be said, also the same again.
CREATE FUNCTION chronological(keys int, events int, batches int) RETURNS void LANGUAGE sql AS $$
	TRUNCATE history_laws.event;
	INSERT INTO history_laws.event
	SELECT k, i * 10, CASE WHEN NOT gone AND random() < 0.9 THEN floor(random() * 2)::int END, floor(random() * 3)::int, gone, i * batches / (events + 1)
	FROM generate_series(1, keys) k, generate_series(1, events) i, LATERAL (SELECT random() < 0.25 + k * 0 + i * 0 AS gone) g
	WHERE random() < 0.7;
$$;

CREATE TABLE problems (law text, round int, detail text);
CREATE FUNCTION compare(law text, round int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO history_laws.problems SELECT law, round, 'missing: ' || m::text FROM (TABLE history_laws.model EXCEPT SELECT k, v, valid_from, valid_to, current FROM history_laws.history) m;
	INSERT INTO history_laws.problems SELECT law, round, 'too many: ' || m::text FROM (SELECT k, v, valid_from, valid_to, current FROM history_laws.history EXCEPT TABLE history_laws.model) m;
	INSERT INTO history_laws.problems SELECT 'valid', round, h::text FROM (
		SELECT *, lead(valid_from) OVER (PARTITION BY k ORDER BY valid_from) AS next FROM history_laws.history) h
	WHERE valid_to <= valid_from OR coalesce(valid_to > next, next IS NOT NULL) OR current <> (valid_to IS NULL);
$$;
CREATE FUNCTION contents() RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(h::text, E'\n' ORDER BY k, valid_from), '') FROM history_laws.history h
$$;
CREATE FUNCTION rounds(n int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	batch int;
	once text;
BEGIN
	FOR round IN 1..n LOOP
		TRUNCATE history;
		PERFORM differing(1 + round % 7, 2 + round % 13, 1 + round % 5);
		FOR batch IN SELECT b FROM generate_series(0, 4) b ORDER BY random() LOOP
			PERFORM load(batch, round);
		END LOOP;
		PERFORM compare('differing', round);
		-- any batch again, in any order, says nothing new
		once := contents();
		PERFORM load(floor(random() * 5)::int, -round);
		IF contents() <> once THEN
			INSERT INTO problems VALUES ('again', round, once || ' became ' || contents());
		END IF;
		TRUNCATE history;
		PERFORM chronological(1 + round % 7, 2 + round % 13, 1 + round % 5);
		FOR batch IN 0..4 LOOP
			PERFORM load(batch, round);
			IF random() < 0.3 THEN
				once := contents();
				PERFORM load(batch, -round);
				IF contents() <> once THEN
					INSERT INTO problems VALUES ('again in order', round, once || ' became ' || contents());
				END IF;
			END IF;
		END LOOP;
		PERFORM compare('chronological', round);
	END LOOP;
END $$;
SELECT rounds(10);

SELECT is_empty($$ SELECT * FROM problems WHERE law = 'differing' $$, 'batches in any order come to what all events at once say');
SELECT is_empty($$ SELECT * FROM problems WHERE law = 'again' $$, 'a batch again says nothing new');
SELECT is_empty($$ SELECT * FROM problems WHERE law = 'chronological' $$, 'in the order of time, also when the same is said again');
SELECT is_empty($$ SELECT * FROM problems WHERE law = 'again in order' $$, 'and the last batch twice is once');
SELECT is_empty($$ SELECT * FROM problems WHERE law = 'valid' $$, 'versions end after they begin, do not overlap, and the last is current');
SELECT is_empty($$ SELECT * FROM counts WHERE rows <> 0 $$, 'inserted and deleted are what the table gained');
SELECT is_empty($$ SELECT * FROM counts WHERE round < 0 AND (written <> 0 OR unchanged <> rows_read) $$, 'a batch again is unchanged and writes nothing');
SELECT is_empty($$ SELECT * FROM counts WHERE rows_read < rejected + unchanged OR unchanged < 0 $$, 'no more rows are unchanged than were read');
SELECT ok((SELECT count(*) FILTER (WHERE written > 0) > 40 AND sum(unchanged) > 40 FROM counts), 'there was something to do');

SELECT * FROM finish();
ROLLBACK;
