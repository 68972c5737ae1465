-- Two pipelines: the same rows, 1 % of which fail, the same check.
CREATE TABLE incoming AS
SELECT id, customer, created, code, email, CASE WHEN id % 100 = 0 THEN -1 ELSE quantity END AS quantity FROM big WHERE id IS NOT NULL AND quantity >= 0;
VACUUM (FREEZE, ANALYZE) incoming;
SELECT etl.define('bench_count', steps => ARRAY[
	etl.extract('rows', 'SELECT * FROM incoming'),
	etl.expect('rows', ARRAY['CONSTRAINT c CHECK (quantity >= 0)'], on_fail => 'warn')]);
SELECT etl.define('bench_quarantine', steps => ARRAY[
	etl.extract('rows', 'SELECT * FROM incoming'),
	etl.expect('rows', ARRAY['CONSTRAINT c CHECK (quantity >= 0)'], on_fail => 'quarantine',
			   quarantine => '{"max_rows": 100000000, "keep": "1 hour"}')]);
