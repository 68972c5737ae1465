-- What the how-to pages speak of: orders of a shop, and their pipeline.
CREATE ROLE etl_owner LOGIN;
SELECT etl.grant_usage('etl_owner', 'define') \g /dev/null
CREATE SCHEMA shop AUTHORIZATION etl_owner;
\connect - etl_owner
CREATE TABLE shop.orders (
	order_id   bigint,
	email      text,
	amount     numeric(10,2),
	ordered_at timestamptz
);
CREATE TABLE shop.revenue (day date, email text, amount numeric(12,2), PRIMARY KEY (day, email));
INSERT INTO shop.orders
SELECT i, 'customer' || i % 5 || '@example.com', 10, '2024-01-01 00:00+00'::timestamptz + i * interval '1 hour'
FROM   generate_series(1, 40) AS i;
\o /dev/null
SELECT * FROM etl.define('nightly_orders',
  period => '1 day', start_at => '2024-01-01 00:00+00', timezone => 'UTC', catchup => true,
  schedule => '15 1 * * *',
  steps => ARRAY[
    etl.extract('orders', $$
      SELECT * FROM shop.orders
      WHERE  ordered_at >= etl.window_start() AND ordered_at < etl.window_end() $$),
    etl.expect('orders', ARRAY[
      'PRIMARY KEY (order_id)',
      $$CONSTRAINT email_looks_right CHECK (email ~ '^[^@]+@[^@]+$')$$]),
    etl.transform('revenue', $$
      SELECT etl.logical_date() AS day, email, sum(amount)::numeric(12,2) AS amount
      FROM   orders GROUP BY email $$),
    etl.load('revenue', target => 'shop.revenue', key => '{day,email}')]);
\o
