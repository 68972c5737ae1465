-- Pipelines that differ only in what they do with rows that fail: count them,
-- or set them aside. The rows are those of "big", 1 % of which fail: once with
-- all columns and the forty checks, once with six columns and one check.
CREATE TABLE incoming AS
SELECT id, customer, CASE WHEN id % 100 = 0 THEN -1 ELSE quantity END AS quantity, batch, created, updated, score, ratio, active, code,
	   email, status, country, price, amount, note FROM big;
VACUUM (FREEZE, ANALYZE) incoming;

SELECT etl.define('bench_' || on_fail, steps => ARRAY[
	etl.extract('rows', 'SELECT * FROM incoming'),
	etl.expect('rows', (SELECT array_agg(rule ORDER BY n) FROM checks), on_fail => on_fail, quarantine => options)])
  FROM (VALUES ('warn', NULL::jsonb), ('quarantine', '{"max_rows": 100000000, "keep": "1 hour"}')) AS v (on_fail, options);
SELECT etl.define('bench_narrow_' || on_fail, steps => ARRAY[
	etl.extract('rows', 'SELECT id, customer, created, code, email, quantity FROM incoming'),
	etl.expect('rows', ARRAY['CONSTRAINT c CHECK (quantity >= 0)'], on_fail => on_fail, quarantine => options)])
  FROM (VALUES ('warn', NULL::jsonb), ('quarantine', '{"max_rows": 100000000, "keep": "1 hour"}')) AS v (on_fail, options);

-- the rows that fail any check, and how many checks they fail, by SQL
INSERT INTO statements
SELECT 'bad', format('SELECT count(*), sum(cardinality(c)) FROM (SELECT array_remove(ARRAY[%s], NULL) AS c FROM :TABLE WHERE NOT (%s)) AS q;',
	   string_agg(format('CASE WHEN NOT (%s) THEN 1 END', condition), ', '), string_agg(format('(%s)', condition), ' AND ')) FROM checks;
