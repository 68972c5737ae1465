-- What the tests of this folder look at: a shop with two small mistakes.
CREATE SCHEMA shop;
CREATE TABLE shop.customers (customer_id integer PRIMARY KEY, email text NOT NULL);
INSERT INTO shop.customers SELECT i, 'customer' || i || '@example.com' FROM generate_series(1, 50) AS i;
CREATE TABLE shop.orders (order_id integer, customer_id integer, state text, amount numeric(10,2), ordered_at timestamptz);
INSERT INTO shop.orders
SELECT i, i % 50 + 1, (ARRAY['new', 'paid', 'sent'])[i % 3 + 1], i % 90 + 1, '2024-01-01 00:00+00'::timestamptz + i * interval '1 minute'
FROM   generate_series(1, 1000) AS i;
UPDATE shop.orders SET amount = -5 WHERE order_id = 7;
UPDATE shop.orders SET state = 'lost' WHERE order_id IN (8, 9);
