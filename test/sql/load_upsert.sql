-- Upsert: what is written, what is left alone, and that the counts are exact.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
\set SHOW_CONTEXT never

CREATE SCHEMA load_upsert;
SET search_path = load_upsert, public;
SET TimeZone = 'UTC';

-- one run of a pipeline that loads a query; the counts of its load step
CREATE FUNCTION load(query text, target text, key text[] DEFAULT NULL, mode text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	run bigint;
BEGIN
	PERFORM etl.define('load_upsert', ARRAY[
		etl.extract('s', query), etl.load('s', target, key => key, mode => mode, params => '{"narrowing": "allow"}')]);
	run := etl.run('load_upsert', inline => true);
	RETURN (SELECT format('%s read, %s inserted, %s updated, %s unchanged, %s suppressed',
			rows_read, rows_inserted, rows_updated, rows_unchanged, rows_suppressed)
		FROM etl.run_steps WHERE run_id = run AND kind = 'load');
END $$;

-- 1. insert, leave alone, correct
CREATE TABLE customer (
	id int PRIMARY KEY, name text, balance numeric(10,2), seen timestamptz, note text DEFAULT 'none');
CREATE TABLE source (id bigint, name varchar, balance numeric, seen timestamp);
INSERT INTO source
SELECT i, 'name ' || i, i + 0.005, timestamp '2026-01-01' + i * interval '1 hour' FROM generate_series(1, 10) i;

SELECT load('SELECT * FROM source', 'customer');
CREATE TABLE before AS SELECT id, ctid AS row_ctid, xmin AS row_xmin FROM customer;
-- 1.005 became 1.01 on assignment: that is no change on the second run
SELECT load('SELECT * FROM source', 'customer');
SELECT count(*) AS rewritten
FROM customer c JOIN before b USING (id) WHERE (c.ctid, c.xmin) IS DISTINCT FROM (b.row_ctid, b.row_xmin);

-- a late correction, a new row, and a column that the query does not have
UPDATE source SET balance = 77 WHERE id = 3;
INSERT INTO source VALUES (11, 'new', 1, NULL);
UPDATE customer SET note = 'kept' WHERE id IN (3, 4);
TRUNCATE before;
INSERT INTO before SELECT id, ctid, xmin FROM customer;
SELECT load('SELECT * FROM source', 'customer');
SELECT c.id
FROM customer c LEFT JOIN before b USING (id)
WHERE (c.ctid, c.xmin) IS DISTINCT FROM (b.row_ctid, b.row_xmin) ORDER BY id;
SELECT id, balance, seen, note FROM customer WHERE id IN (2, 3, 4, 11) ORDER BY id;

-- to NULL and from NULL
SELECT load('SELECT id, CASE WHEN id = 1 THEN NULL ELSE name END AS name FROM source', 'customer');
SELECT load('SELECT id, CASE WHEN id = 1 THEN NULL ELSE name END AS name FROM source', 'customer');
SELECT load('SELECT id, name FROM source', 'customer');
-- nothing to load, nothing but the key, columns in another order
SELECT load('SELECT * FROM source WHERE false', 'customer');
SELECT load('SELECT id FROM source UNION ALL SELECT 12', 'customer');
SELECT load('SELECT balance, id FROM source', 'customer', '{id}', 'upsert');

-- 2. every kind of type: each column changes once, becomes NULL once, and is
-- seen as unchanged in between
CREATE TYPE pair AS (a int, b text);
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE DOMAIN short AS varchar(5) CHECK (VALUE <> 'bad');
CREATE DOMAIN shorts AS varchar(3)[];
CREATE DOMAIN number AS int;
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE types (
	id number PRIMARY KEY, v varchar(5), c char(5), b bit(4), vb bit varying(4), n numeric(6,2), f float8,
	j json, jb jsonb, x xml, p point, po polygon, ar int[], av varchar(3)[], an numeric(5,1)[], co pair, ac pair[],
	e mood, d short, ds shorts, r int4range, mr datemultirange, iv interval(0), ts timestamptz(0), by bytea,
	nc text COLLATE nocase, nn name, u uuid, i inet, bo boolean);
CREATE TABLE typed AS SELECT
	1::bigint AS id, 'abc  '::text AS v, 'ab'::text AS c, B'1010'::bit varying AS b, B'10'::bit(2) AS vb,
	1.005 AS n, 0.0::float4 AS f, '{"a":1}'::json AS j, '{"a":1.0}'::jsonb AS jb, '<a/>'::xml AS x,
	point '(1,2)' AS p, polygon '((0,0),(1,1),(1,0))' AS po, ARRAY[[1,2],[3,4]] AS ar, ARRAY['abc','de '] AS av,
	ARRAY[1.05,2.34] AS an, ROW(NULL,NULL)::pair AS co, ARRAY[ROW(1,'a')::pair] AS ac, mood 'sad' AS e,
	'abc'::text AS d, ARRAY['abc','x'] AS ds, int4range(1,4) AS r, datemultirange(daterange('2026-01-01','2026-01-05')) AS mr,
	interval '1.5 s' AS iv, timestamp '2026-01-01 00:00:00.6' AS ts, '\x01'::bytea AS by, 'Smith'::text AS nc,
	'nn'::text::name AS nn, uuid '00000000-0000-0000-0000-000000000001' AS u, inet '10.0.0.1' AS i, true AS bo;
SELECT load('SELECT * FROM typed', 'types');
SELECT load('SELECT * FROM typed', 'types');
SELECT v, c, n, av, an, ds, iv, ts, nc FROM types;

CREATE FUNCTION each_type(OUT col text, OUT changed text, OUT nulled text) RETURNS SETOF record
LANGUAGE plpgsql AS $$
DECLARE
	value text;
	step text;
BEGIN
	FOR col, value IN VALUES
		('v', '''abd'''), ('c', '''abd'''), ('b', 'B''1111'''), ('vb', 'B''11'''), ('n', '1.02'), ('f', '1'),
		('j', '''{"a": 1}'''), ('jb', '''{"a":2}'''), ('x', '''<b/>'''), ('p', '''(1,3)'''),
		('po', '''((0,0),(1,2),(1,0))'''), ('ar', '''{1,2,3,4}'''), ('av', '''{abd,"de "}'''), ('an', '''{1.05,2.44}'''),
		('co', '''(1,)'''), ('ac', '''{"(1,)"}'''), ('e', '''glad'''), ('d', '''abd'''), ('ds', '''{abd}'''),
		('r', '''[1,5)'''), ('mr', '''{[2026-01-01,2026-01-06)}'''), ('iv', '''3 s'''),
		('ts', '''2026-01-01 00:00:02'''), ('by', '''\x02'''), ('nc', '''SMITH'''), ('nn', '''mm'''),
		('u', '''00000000-0000-0000-0000-000000000002'''), ('i', '''10.0.0.2'''), ('bo', 'false')
	LOOP
		EXECUTE format('UPDATE typed SET %I = %s', col, value);
		changed := load('SELECT * FROM typed', 'types') || '; ' || load('SELECT * FROM typed', 'types');
		EXECUTE format('UPDATE typed SET %I = NULL', col);
		nulled := load('SELECT * FROM typed', 'types') || '; ' || load('SELECT * FROM typed', 'types');
		RETURN NEXT;
	END LOOP;
END $$;
SELECT changed, nulled, count(*), string_agg(col, ' ') AS columns FROM each_type() GROUP BY 1, 2;

-- 3. what a key is, the index decides
CREATE TABLE ci (k text COLLATE nocase PRIMARY KEY, v int);
SELECT load($$ SELECT * FROM (VALUES ('a', 1), ('B', 2)) q(k, v) $$, 'ci');
SELECT load($$ SELECT * FROM (VALUES ('A', 1), ('b', 3)) q(k, v) $$, 'ci');
SELECT * FROM ci ORDER BY v;
-- the collation of the index, not of the column; two indexes that would do
CREATE TABLE ix (k text, v int);
CREATE UNIQUE INDEX ON ix (k COLLATE nocase);
SELECT load($$ SELECT 'a' AS k, 1 AS v $$, 'ix', '{k}');
SELECT load($$ SELECT 'A' AS k, 2 AS v $$, 'ix', '{k}');
ALTER TABLE ix ADD PRIMARY KEY (k);
SELECT load($$ SELECT 'a' AS k, 3 AS v $$, 'ix');
-- new to the primary key, refused by the other
SELECT load($$ SELECT 'A' AS k, 4 AS v $$, 'ix');
SELECT * FROM ix;
-- blanks of char(n), signs of zero, scales of numeric, NaN
CREATE TABLE odd (c char(4), f float8, n numeric, v int, UNIQUE (c, f, n));
SELECT load($$ SELECT * FROM (VALUES ('a', 0::float8, 1.0, 1), ('b', 'NaN', 1, 1)) q(c, f, n, v) $$, 'odd', '{n,f,c}');
SELECT load($$ SELECT * FROM (VALUES ('a   ', '-0'::float8, 1.00, 2), ('b', 'NaN', 1, 1)) q(c, f, n, v) $$, 'odd', '{c,f,n}');
-- NULLS NOT DISTINCT
CREATE TABLE nnd (a int, b int, v int, UNIQUE NULLS NOT DISTINCT (a, b));
SELECT load('SELECT * FROM (VALUES (1, NULL, 1), (1, 2, 2), (NULL, NULL, 3)) q(a, b, v)', 'nnd', '{a,b}');
SELECT load('SELECT * FROM (VALUES (1, NULL, 1), (1, 2, 3), (NULL, NULL, 4), (NULL, 2, 5)) q(a, b, v)', 'nnd', '{b,a}');
SELECT * FROM nnd ORDER BY v;
-- INCLUDE, DESC, and a deferrable constraint beside the one that serves
CREATE TABLE beside (a int PRIMARY KEY DEFERRABLE, v int, w int DEFAULT 7);
CREATE UNIQUE INDEX beside_a ON beside (a DESC NULLS LAST) INCLUDE (w);
ALTER TABLE beside DROP CONSTRAINT beside_pkey;
SELECT load('SELECT 1 AS a, 1 AS v', 'beside', '{a}');
ALTER TABLE beside ADD PRIMARY KEY (a) DEFERRABLE, ADD CONSTRAINT beside_unique UNIQUE (a);
SELECT load('SELECT 1 AS a, 2 AS v', 'beside');
SELECT * FROM beside;

-- 4. partitioned: sub-partitions, another order of columns, a dropped column
CREATE TABLE part (v numeric(6,2), id int, day date, PRIMARY KEY (day, id)) PARTITION BY RANGE (day);
CREATE TABLE part_jan PARTITION OF part FOR VALUES FROM ('2026-01-01') TO ('2026-02-01') PARTITION BY HASH (id);
CREATE TABLE part_jan_0 PARTITION OF part_jan FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE part_jan_1 (id int NOT NULL, gone text, day date NOT NULL, v numeric(6,2));
ALTER TABLE part_jan_1 DROP gone;
ALTER TABLE part_jan ATTACH PARTITION part_jan_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE part_rest PARTITION OF part DEFAULT;
CREATE TABLE facts AS SELECT i AS id, date '2026-01-20' + i AS day, i + 0.005 AS v FROM generate_series(1, 20) i;
SELECT load('SELECT * FROM facts', 'part');
SELECT load('SELECT * FROM facts', 'part');
UPDATE facts SET v = 99 WHERE id IN (2, 3, 15);
INSERT INTO facts VALUES (21, '2026-01-01', 1), (22, '2026-03-01', 1);
SELECT load('SELECT * FROM facts', 'part');
SELECT count(*), sum(v) FROM part;

-- 5. inheritance is not partitioning: only the table itself is the target
CREATE TABLE parent (id int PRIMARY KEY, v int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child VALUES (1, 1);
SELECT load('SELECT 1 AS id, 2 AS v', 'parent');
SELECT tableoid::regclass AS relation, v FROM parent ORDER BY v;

-- 6. triggers that drop rows are counted, in plain and partitioned tables
CREATE FUNCTION drop_odd() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.id % 2 = 1 THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TABLE plain (id int PRIMARY KEY, v int);
CREATE TABLE split (id int PRIMARY KEY, v int) PARTITION BY RANGE (id);
CREATE TABLE split_1 PARTITION OF split FOR VALUES FROM (0) TO (6);
CREATE TABLE split_2 PARTITION OF split FOR VALUES FROM (6) TO (100);
CREATE TABLE numbers AS SELECT i AS id, i AS v FROM generate_series(1, 10) i;
CREATE TRIGGER gate BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION drop_odd();
CREATE TRIGGER gate BEFORE INSERT ON split FOR EACH ROW EXECUTE FUNCTION drop_odd();
SELECT t AS target, load('SELECT * FROM numbers', t) FROM unnest('{plain,split}'::text[]) t;
SELECT t AS target, load('SELECT * FROM numbers', t) FROM unnest('{plain,split}'::text[]) t;
DROP TRIGGER gate ON plain;
DROP TRIGGER gate ON split;
SELECT t AS target, load('SELECT * FROM numbers', t) FROM unnest('{plain,split}'::text[]) t;
CREATE TRIGGER gate BEFORE UPDATE ON plain FOR EACH ROW EXECUTE FUNCTION drop_odd();
CREATE TRIGGER gate BEFORE UPDATE ON split_2 FOR EACH ROW EXECUTE FUNCTION drop_odd();
UPDATE numbers SET v = v + 1;
INSERT INTO numbers VALUES (11, 1), (12, 1);
SELECT t AS target, load('SELECT * FROM numbers', t) FROM unnest('{plain,split}'::text[]) t;

-- 7. row triggers do not fire for rows that did not change; they find what
-- they name along the search_path of the pipeline
CREATE TABLE audited (id int PRIMARY KEY, v int);
CREATE TABLE audit (op text, id int);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO audit VALUES (TG_WHEN || ' ' || TG_OP, NEW.id); RETURN NEW; END $$;
CREATE TRIGGER note_before BEFORE INSERT OR UPDATE ON audited FOR EACH ROW EXECUTE FUNCTION note();
CREATE TRIGGER note_after AFTER INSERT OR UPDATE ON audited FOR EACH ROW EXECUTE FUNCTION note();
INSERT INTO audited VALUES (1, 1), (2, 2);
TRUNCATE audit;
SELECT load('SELECT * FROM (VALUES (1, 1), (2, 3), (3, 3)) q(id, v)', 'audited');
SELECT op, id FROM audit ORDER BY id, op;

-- 8. names that need quoting, everywhere
CREATE SCHEMA "load_upsert ""2""";
CREATE TABLE "load_upsert ""2"""."T.t'é😀" (
	"K k""" int PRIMARY KEY, "Übergrößenträgerübergrößenträgerübergrößenträgerübergr" text, "$1;--" int,
	"select" int, excluded int, t int, s int, d int, r int, diff int);
CREATE TABLE quoted AS SELECT
	1 AS "K k""", 'x'::varchar AS "Übergrößenträgerübergrößenträgerübergrößenträgerübergr", 1 AS "$1;--",
	1 AS "select", 1 AS excluded, 2 AS t, 3 AS s, 4 AS d, 5 AS r, 6 AS diff;
SELECT load('SELECT * FROM quoted', '"load_upsert ""2"""."T.t''é😀"', ARRAY['K k"']);
SELECT load('SELECT * FROM quoted', '"load_upsert ""2"""."T.t''é😀"');
UPDATE quoted SET "$1;--" = NULL;
SELECT load('SELECT * FROM quoted', '"load_upsert ""2"""."T.t''é😀"');

-- 9. hostile operators on the search_path decide nothing
CREATE FUNCTION always(int, int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called'; END $$;
CREATE OPERATOR = (LEFTARG = int, RIGHTARG = int, FUNCTION = always);
CREATE OPERATOR <> (LEFTARG = int, RIGHTARG = int, FUNCTION = always);
CREATE FUNCTION always(varchar, varchar) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called'; END $$;
CREATE OPERATOR = (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = always);
CREATE FUNCTION "varchar"(varchar, int, boolean) RETURNS varchar LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called'; END $$;
CREATE FUNCTION "varchar"(text, int, boolean) RETURNS varchar LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called'; END $$;
CREATE FUNCTION count() RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'called'; END $$;
CREATE TABLE safe (id int PRIMARY KEY, v varchar(3), n int);
CREATE TABLE safe_split (LIKE safe, PRIMARY KEY (id)) PARTITION BY HASH (id);
CREATE TABLE safe_split_0 PARTITION OF safe_split FOR VALUES WITH (MODULUS 1, REMAINDER 0);
SET search_path = load_upsert, pg_catalog;
SELECT load_upsert.load($$ SELECT i AS id, 'x' AS v, 1::int8 AS n FROM generate_series(1, 2) i $$, t) FROM unnest('{load_upsert.safe,load_upsert.safe_split}'::text[]) t;
SELECT load_upsert.load($$ SELECT i AS id, 'y' AS v, 1::int8 AS n FROM generate_series(2, 3) i $$, t) FROM unnest('{load_upsert.safe,load_upsert.safe_split}'::text[]) t;
SELECT load_upsert.load($$ SELECT i AS id, 'y' AS v, 1::int8 AS n FROM generate_series(2, 3) i $$, t) FROM unnest('{load_upsert.safe,load_upsert.safe_split}'::text[]) t;
SELECT load_upsert.load($$ SELECT 4 AS id UNION ALL SELECT 4 $$, 'load_upsert.safe');
RESET search_path;

SELECT etl.drop_pipeline('load_upsert') IS NULL AS dropped;
DROP SCHEMA load_upsert CASCADE;
DROP SCHEMA "load_upsert ""2""" CASCADE;
