CREATE ROLE etl_owner LOGIN;
SELECT etl.grant_usage('etl_owner', 'define') \g /dev/null
CREATE SCHEMA sales AUTHORIZATION etl_owner;
CREATE SCHEMA dwh AUTHORIZATION etl_owner;
SET ROLE etl_owner;
CREATE TABLE sales.orders (order_id int PRIMARY KEY, ordered_at timestamptz NOT NULL, paid boolean NOT NULL);
INSERT INTO sales.orders VALUES (1, '2024-01-01 09:00+00', true), (2, '2024-01-02 09:00+00', false), (3, '2024-01-03 09:00+00', false);
CREATE TABLE dwh.orders (order_id int PRIMARY KEY, ordered_at timestamptz NOT NULL, paid boolean NOT NULL);
