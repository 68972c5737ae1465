-- Keys counted by the scan say what SQL says, whatever the data look like: all
-- different, all equal, each twice, one value in most rows; under each rule
-- about NULL; with equal values that look different; in memory or in temporary
-- files; by one process or several. Estimates are as near as they say.
BEGIN;
SET client_min_messages = warning;
CREATE SCHEMA check_keys;
SET search_path = check_keys, public;
SELECT plan(16);

CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- 1. data. More than 50000 rows look like duplicates, so that looking at each
-- of them again would not do. h is a hash of the row's number.
CREATE TABLE keys AS
SELECT i AS id, h,
	'a key that all rows share, and that is long' AS equal,
	'a key of its own, and long, number ' || i AS own,
	'a key of two rows, and long, number ' || i / 2 AS twice,
	CASE WHEN h % 10 > 0 THEN 'a key of nine rows out of ten, and long' ELSE 'a key of its own, and long, number ' || i END AS skewed,
	CASE WHEN h % 7 > 0 THEN 'a key or NULL, and long, number ' || h % 20000 END AS part,
	CASE WHEN h % 5 > 0 THEN (h % 300) / 10.0 END AS amount,
	-- equal, and written in several ways
	(12345678901234567890.5 + h % 4000 || repeat('0', h % 5))::numeric AS digits,
	(CASE WHEN h % 2 = 0 THEN 'a name that is long, ' ELSE 'A NAME that is Long, ' END || h % 9000) COLLATE any_case AS name,
	CASE h % 4 WHEN 0 THEN interval '1 day' WHEN 1 THEN interval '24 hours' ELSE h % 900 * interval '1 minute' END AS span,
	jsonb_build_object('some', 'key of objects', 'n', h % 5000, 'm', (1.0 || repeat('0', h % 3))::numeric) AS doc,
	CASE h % 3 WHEN 0 THEN '-0'::float8 WHEN 1 THEN 0 ELSE 'NaN' END AS zero,
	'x' || h % 700 AS short,
	h % 40000 AS number,
	false AS never
  FROM (SELECT i, abs(hashint4(i)) AS h FROM generate_series(1, 60000) AS i) AS g;
-- too long to be kept, compressed and stored elsewhere
CREATE TABLE longs (id integer, value text, doc jsonb);
ALTER TABLE longs ALTER doc SET STORAGE external;
INSERT INTO longs SELECT i, repeat('long ', 500) || i % 50, CASE WHEN i % 40 = 0 THEN jsonb_build_object('v', repeat('z', 3000), 'n', i % 3) END FROM generate_series(1, 52000) AS i;
-- so large that the first rows are looked at before the scan
CREATE TABLE wide (id integer, code text, pair integer, name text COLLATE any_case, long text, filler text);
ALTER TABLE wide ALTER filler SET STORAGE plain;
INSERT INTO wide SELECT i, CASE i % 3 WHEN 0 THEN 'short ' || i % 400 ELSE 'a key that is long enough, number ' || i % 5000 END, i % 7,
	CASE WHEN i % 2 = 0 THEN 'some name, ' ELSE 'Some Name, ' END || i % 300, CASE WHEN i % 100 = 0 THEN repeat('long ', 500) || i % 20 ELSE 'no' END, repeat('f', 1900)
  FROM generate_series(1, 17000) AS i;
SELECT cmp_ok(pg_relation_size('wide') / current_setting('block_size')::integer, '>', 4096::bigint, 'a table is so large that keys are sampled');

-- 2. answers, by every way
CREATE TABLE rule AS
SELECT source, jsonb_strip_nulls(jsonb_build_object('type', t, 'columns', string_to_array(c, ','), 'nulls', n, 'max_value', m))::text AS rule
  FROM (VALUES ('keys', 'equal'), ('keys', 'own'), ('keys', 'twice'), ('keys', 'skewed'), ('keys', 'part'), ('keys', 'part,amount'),
			('keys', 'amount,part,zero'), ('keys', 'digits'), ('keys', 'name'), ('keys', 'span'), ('keys', 'doc'), ('keys', 'short,name'),
			('keys', 'number'), ('keys', 'twice,number,never'), ('keys', 'own,id'), ('keys', 'zero'),
			('longs', 'value'), ('longs', 'doc'), ('longs', 'doc,id'),
			('wide', 'code'), ('wide', 'code,pair'), ('wide', 'name'), ('wide', 'pair,name'), ('wide', 'long'), ('wide', 'id,code')) AS k (source, c),
	   (VALUES ('unique', NULL), ('duplicate_rows_at_most', 10)) AS t (t, m), unnest('{distinct,equal,ignore_all_null,ignore_any_null}'::text[]) AS n
 -- several rules about NULL only where there is one
 WHERE n = 'distinct' OR t = 'unique' AND c ~ 'part|amount|doc';
INSERT INTO rule VALUES
	('keys', '{"type": "primary_key", "columns": ["part", "amount"]}'),
	('keys', '{"type": "unique", "columns": ["skewed"], "row_filter": "h % 3 = 0"}'),
	('wide', '{"type": "unique", "columns": ["name"], "row_filter": "id % 3 = 0 AND pair > 2"}');
CREATE TABLE answer (way text, source text, n bigint, evaluation text, said text);
CREATE FUNCTION keep(way text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO answer
	SELECT keep.way, s.source, c.ordinality, c.evaluation,
		   concat_ws(' ', c.check_name, c.status, c.tested_rows, c.null_rows, c.excluded_rows, c.failed_rows, c.observed, c.error_message)
	  FROM (SELECT source, array_agg(rule ORDER BY rule) AS rules FROM rule GROUP BY source) AS s,
		   etl.check(('check_keys.' || s.source)::regclass, s.rules, sample_rows => 0) WITH ORDINALITY AS c;
$$;
-- blocks that a statement writes to temporary files
CREATE FUNCTION spilled(statement text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, FORMAT json) ' || statement INTO plan;
	RETURN plan #>> '{0,Plan,Temp Written Blocks}';
END $$;

SET max_parallel_workers_per_gather = 0;
SET dq_etl.scan_workers = 0;
SET dq_etl.force_evaluation = sql;
SET work_mem = '64MB';
SELECT keep('sql');
SET dq_etl.force_evaluation = scan;
SELECT keep('scan');
SET work_mem = '64kB';
SELECT keep('small');
SET dq_etl.scan_workers = 2;
SET min_parallel_table_scan_size = 0;
SELECT keep('parallel and small');
SET work_mem = '64MB';
SELECT keep('parallel');
SET dq_etl.scan_workers = 0;

CREATE FUNCTION differences(one text, two text) RETURNS TABLE (said text, other text) LANGUAGE sql AS $$
	SELECT a.said, b.said FROM (SELECT * FROM answer WHERE way = one) AS a FULL JOIN (SELECT * FROM answer WHERE way = two) AS b USING (source, n)
	 WHERE a.said IS DISTINCT FROM b.said;
$$;
SELECT cmp_ok((SELECT count(*) FROM answer WHERE way = 'sql'), '>', 70::bigint, 'there are many checks');
SELECT is_empty($$SELECT said FROM answer WHERE way <> 'sql' AND evaluation IS DISTINCT FROM 'scan'$$, 'all of them are answered by scans');
SELECT is_empty($$SELECT * FROM differences('sql', 'scan')$$, 'one scan = SQL');
SELECT is_empty($$SELECT * FROM differences('sql', 'small')$$, 'with temporary files = SQL');
SELECT is_empty($$SELECT * FROM differences('sql', 'parallel')$$, 'by several processes = SQL');
SELECT is_empty($$SELECT * FROM differences('sql', 'parallel and small')$$, 'by several processes with temporary files = SQL');
SELECT is_empty($$SELECT e.check_name, e.evaluation FROM (SELECT source, array_agg(rule) AS rules FROM rule GROUP BY source) AS s,
	etl.explain_check(('check_keys.' || s.source)::regclass, s.rules) AS e WHERE e.evaluation <> 'scan'$$, 'etl.explain_check says so, too');

-- 3. temporary files: when memory is small and there are many keys, and only then
SET work_mem = '64kB';
SELECT cmp_ok(spilled($$SELECT * FROM etl.check('check_keys.keys', ARRAY['UNIQUE (own)'], sample_rows => 0)$$), '>', 50::bigint, 'many keys need files');
SELECT cmp_ok(spilled($$SELECT * FROM etl.check('check_keys.keys', ARRAY['UNIQUE (twice, part)'], sample_rows => 0)$$), '>', 50::bigint, 'many keys of two columns, too');
SELECT is(spilled($$SELECT * FROM etl.check('check_keys.keys', ARRAY['{"type": "distinct_count", "column": "own", "approximate": true}'], sample_rows => 0)$$), 0::bigint,
	'an estimate needs none');
SET work_mem = '64MB';
SELECT is(spilled($$SELECT * FROM etl.check('check_keys.keys', ARRAY['UNIQUE (own)', 'UNIQUE (twice, part)'], sample_rows => 0)$$), 0::bigint, 'none where memory is large');

-- 4. estimates: within three standard errors, and exact where there are few;
-- NULL counts as the same rules say
CREATE FUNCTION counts(approximate boolean) RETURNS TABLE (n bigint, value numeric, error numeric) LANGUAGE sql AS $$
	SELECT c.ordinality, (c.observed ->> 'value')::numeric, (c.observed ->> 'standard_error')::numeric
	  FROM etl.check('check_keys.keys', (SELECT array_agg(jsonb_build_object('type', 'distinct_count_between', 'columns', string_to_array(k, ','), 'nulls', r,
				'approximate', counts.approximate)::text ORDER BY k, r)
			FROM unnest('{equal,own,twice,skewed,part,"part,amount",digits,name,span,doc,short,number,id,zero,amount,never}'::text[]) AS k, unnest('{distinct,equal}'::text[]) AS r),
		sample_rows => 0) WITH ORDINALITY AS c;
$$;
CREATE TABLE exact AS SELECT * FROM counts(false);
CREATE TABLE estimate AS SELECT * FROM counts(true);
SET dq_etl.scan_workers = 2;
CREATE TABLE estimate_parallel AS SELECT * FROM counts(true);
SELECT is_empty($$SELECT * FROM exact JOIN estimate AS e USING (n) WHERE abs(exact.value - e.value) > 3 * e.error * exact.value OR e.error NOT IN (0, 0.008125)$$, 'estimates are near');
SELECT cmp_ok((SELECT count(*) FROM estimate WHERE error > 0), '>', 15::bigint, 'most are estimates');
SELECT is_empty($$SELECT * FROM estimate JOIN estimate_parallel AS p USING (n) WHERE (estimate.value, estimate.error) <> (p.value, p.error)$$, 'several processes estimate the same');
SELECT is_empty($$SELECT * FROM exact JOIN estimate AS e USING (n) WHERE exact.value <= 1024 AND (exact.value <> e.value OR e.error <> 0)$$, 'few values are counted');

SELECT * FROM finish();
ROLLBACK;
