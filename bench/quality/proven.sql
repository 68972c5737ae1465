-- A table whose constraints and indexes answer checks.
CREATE TABLE few AS
SELECT i AS id, i * 7 % 1000003 AS customer, (i % 1000)::integer AS quantity, timestamp '2021-01-01' + i * interval '1 second' AS created,
	   (ARRAY['new', 'open', 'paid'])[i % 3 + 1] AS status, 'note' AS note
  FROM generate_series(1, :rows::bigint) AS i;
ALTER TABLE few ADD PRIMARY KEY (id), ALTER quantity SET NOT NULL, ALTER customer SET NOT NULL,
	ADD CHECK (quantity >= 0 AND quantity < 1000), ADD CHECK (status IN ('new', 'open', 'paid'));
CREATE INDEX ON few (created);
CREATE INDEX ON few (customer);
VACUUM (FREEZE, ANALYZE) few;
INSERT INTO statements VALUES ('proven', $$SELECT evaluation, failed_rows FROM etl.check('few', ARRAY[
	'PRIMARY KEY (id)',
	'quantity IS NOT NULL',
	'customer IS NOT NULL',
	'quantity >= 0',
	'quantity BETWEEN 0 AND 1000',
	etl.rule('accepted_values', '{status}', allowed => '{new,open,paid,shipped}'),
	etl.rule('between', '{created}', min_value => '2020-01-01', max_value => '2100-01-01'),
	etl.rule('not_null', '{created}'),
	etl.rule('at_least', '{customer}', params => '{"value": 0}')], sample_rows => 0);$$);
