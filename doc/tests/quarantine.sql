-- What doc/how-to/quarantine.md speaks of: orders, four of them wrong.
CREATE ROLE etl_owner LOGIN;
SELECT etl.grant_usage('etl_owner', 'define') \g /dev/null
CREATE SCHEMA shop AUTHORIZATION etl_owner;
\connect - etl_owner
CREATE TABLE shop.orders (order_id integer, email text, amount numeric(10,2));
INSERT INTO shop.orders SELECT i, 'customer' || i || '@example.com', i FROM generate_series(1, 996) AS i;
INSERT INTO shop.orders VALUES (997, 'nobody', 10), (998, 'ada@example.com', -1), (999, 'grace', -2), (999, 'linus@example.com', 3);
CREATE TABLE shop.orders_fact (order_id integer PRIMARY KEY, email text, amount numeric(10,2));
