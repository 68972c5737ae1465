-- The target, a batch for each case, and pipelines that load them. :rows rows
-- in the target, a third as many in a batch.
SET client_min_messages = warning;
CREATE EXTENSION dq_etl;
CREATE EXTENSION pg_prewarm;
CREATE TABLE t (id bigint PRIMARY KEY, customer int, status text, amount numeric(12,2), quantity int, note text, updated_at timestamptz);
INSERT INTO t SELECT i, i % 100000, (ARRAY['new', 'paid', 'shipped'])[1 + i % 3], (i % 10000)::numeric / 100, i % 50, md5(i::text),
	timestamptz '2026-01-01 00:00+00' + i * interval '1 second' FROM generate_series(1, :rows) i;
CREATE TABLE heap (LIKE t);
CREATE TABLE source_same AS SELECT * FROM t WHERE id % 3 = 0 ORDER BY id;
CREATE TABLE source_some AS SELECT id, customer, status, amount, quantity, CASE WHEN id % 300 = 0 THEN 'changed ' || note ELSE note END AS note, updated_at FROM source_same ORDER BY id;
CREATE TABLE source_all AS SELECT id, customer, status, amount, quantity, 'changed ' || note AS note, updated_at FROM source_same ORDER BY id;
CREATE TABLE source_new AS SELECT id + :rows AS id, customer, status, amount, quantity, note, updated_at FROM source_same ORDER BY id;
CREATE TABLE source_heap AS SELECT * FROM source_same ORDER BY id;
CREATE TABLE source_few AS SELECT id, customer, status, amount, quantity, 'few ' || note AS note, updated_at FROM t WHERE id % (:rows / 10000) = 0 ORDER BY id;
VACUUM ANALYZE;
