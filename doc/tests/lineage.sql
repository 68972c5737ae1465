-- Orders of a shop, and two tables that are made of them.
CREATE ROLE etl_owner LOGIN;
SELECT etl.grant_usage('etl_owner', 'define') \g /dev/null
CREATE SCHEMA shop AUTHORIZATION etl_owner;
\connect - etl_owner
CREATE TABLE shop.orders (order_id int PRIMARY KEY, email text, amount numeric(10,2), ordered_at timestamptz);
INSERT INTO shop.orders VALUES (1, 'ada@example.com', 10, '2024-01-01 10:00+00');
CREATE TABLE shop.revenue (day date, email text NOT NULL, amount numeric, orders int NOT NULL, PRIMARY KEY (day, email));
CREATE TABLE shop.best (email text PRIMARY KEY, amount numeric);
