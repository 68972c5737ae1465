-- A source, its history with 6/5 of the rows in versions, and a batch of a
-- third of that, of whose rows "changed" per mille are new. Variables: rows
-- (of the history), changed.
CREATE TABLE source AS
SELECT i::bigint AS id, 'customer ' || i AS name, 'user' || i || '@example.com' AS email, (ARRAY['gold', 'silver', 'bronze'])[i % 3 + 1] AS segment,
	(i % 10000)::numeric(10,2) AS amount, i % 2 = 0 AS active, timestamptz '2026-01-01 00:00+00' + i % 86400 * interval '1 s' AS updated_at
FROM generate_series(1, :rows * 5 / 6) i;
CREATE TABLE base AS
SELECT id, name, email, segment, amount + 1 AS amount, active, updated_at - interval '10 days' AS updated_at, updated_at - interval '10 days' AS valid_from, updated_at AS valid_to
FROM source WHERE id % 5 = 0
UNION ALL SELECT *, updated_at, NULL FROM source;
CREATE TABLE batch AS
SELECT id, CASE WHEN id % 1000 < :changed THEN 'new ' || name ELSE name END AS name, email, segment, amount, active,
	CASE WHEN id % 1000 < :changed THEN timestamptz '2026-01-05 00:00+00' + id % 86400 * interval '1 s' ELSE updated_at END AS updated_at
FROM source WHERE id % 5 < 2;
VACUUM ANALYZE batch;
DROP TABLE source;
