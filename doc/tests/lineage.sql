CREATE EXTENSION IF NOT EXISTS dq_etl;
SELECT etl.grant_usage('etl_owner', 'define');
CREATE SCHEMA shop AUTHORIZATION etl_owner;
SET ROLE etl_owner;
CREATE TABLE shop.orders (order_id int PRIMARY KEY, email text, amount numeric(10,2), ordered_at timestamptz);
INSERT INTO shop.orders VALUES (1, 'ada@example.com', 10, '2024-01-01 10:00+00');
CREATE TABLE shop.revenue (day date, email text NOT NULL, amount numeric(8,2), orders int NOT NULL, PRIMARY KEY (day, email));
CREATE TABLE shop.best (email text PRIMARY KEY, amount numeric);
