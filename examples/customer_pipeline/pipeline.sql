-- The pipeline, defined by the role that owns it (psql -U etl_owner).
--
-- Everything is computed as of the window's end, never as of now: a window
-- that is run again gives what it gave, whenever that is.
--
--   segment         active: seen in the last 7 days; moderate: in the last
--                   30; inactive: longer ago
--   lifetime_value  months since registration (of 30 days) times 25, 10 or 2
--                   by segment
--   risk_score      days since the last activity / 90, at most 1

\set ON_ERROR_STOP on

SELECT * FROM etl.define('customer_pipeline',
  description => 'customers with segment, lifetime value and risk',
  period => '1 day', start_at => '2024-03-01 00:00+00', timezone => 'UTC', catchup => true,
  schedule => '@daily', retries => 3, retry_delay => '5 min', tags => '{etl,customer-data}',
  steps => ARRAY[

    etl.extract('customers', $$
      SELECT customer_id, name, email, registration_date, last_activity, age
      FROM   crm.customers
      WHERE  last_activity < etl.window_end() $$),

    etl.expect('customers', ARRAY[
      'PRIMARY KEY (customer_id)',
      $$CONSTRAINT email_looks_right CHECK (email ~ '^[^@]+@[^@]+\.[^@]+$')$$,
      etl.rule('between', '{age}', name => 'plausible_age',
               min_value => 18, max_value => 120, max_failed_fraction => 0.01)]),

    etl.transform('dated', $$
      SELECT *,
             extract(epoch FROM etl.window_end() - last_activity) / 86400 AS idle_days,
             (etl.window_end()::date - registration_date) / 30.0          AS months
      FROM   customers $$),

    etl.transform('segmented', $$
      SELECT *,
             CASE WHEN idle_days <= 7  THEN 'active'
                  WHEN idle_days <= 30 THEN 'moderate'
                  ELSE 'inactive' END AS segment
      FROM   dated $$),

    etl.transform('scored', $$
      SELECT customer_id,
             etl.logical_date() AS processed_date,
             name, email, segment,
             (months * CASE segment WHEN 'active' THEN 25
                                    WHEN 'moderate' THEN 10
                                    ELSE 2 END)::numeric(12,2) AS lifetime_value,
             least(idle_days / 90, 1)::numeric(4,3)     AS risk_score
      FROM   segmented $$),

    -- all three segments occur, or something is wrong with the source
    etl.transform('segments', $$
      SELECT segment, count(*) AS customers FROM scored GROUP BY segment $$),
    etl.expect('segments', ARRAY[
      etl.rule('row_count', name => 'all_segments_occur', min_value => 3, max_value => 3)]),

    etl.load('scored', target => 'dwh.customer_analytics',
             key => '{customer_id,processed_date}')]);
