-- What doc/how-to/check-a-table.md speaks of: orders of a shop, some wrong.
CREATE ROLE etl_owner LOGIN;
SELECT etl.grant_usage('etl_owner', 'define') \g /dev/null
CREATE SCHEMA shop AUTHORIZATION etl_owner;
\connect - etl_owner
CREATE TABLE shop.customers (customer_id integer PRIMARY KEY);
INSERT INTO shop.customers SELECT generate_series(1, 50);
CREATE TABLE shop.orders (order_id integer PRIMARY KEY, customer_id integer, country text, email text, amount numeric(10,2), state text, ordered_at timestamptz NOT NULL);
INSERT INTO shop.orders
SELECT i, i % 50 + 1, (ARRAY['DE', 'FR'])[i % 2 + 1], CASE WHEN i % 10 > 0 THEN 'customer' || i || '@example.com' END, i % 90 + 1, 'paid', '2024-01-01 00:00+00'::timestamptz + i * interval '1 minute'
FROM   generate_series(1, 1000) AS i;
UPDATE shop.orders SET amount = -amount WHERE order_id IN (8, 9);
UPDATE shop.orders SET email = 'nobody' WHERE order_id IN (11, 12, 13);
VACUUM ANALYZE shop.orders;
