CREATE ROLE etl_owner LOGIN;
SELECT etl.grant_usage('etl_owner', 'define') \g /dev/null
CREATE SCHEMA sales AUTHORIZATION etl_owner;
CREATE SCHEMA dwh AUTHORIZATION etl_owner;
SET ROLE etl_owner;
CREATE TABLE sales.orders (order_id int PRIMARY KEY, amount numeric);
INSERT INTO sales.orders VALUES (1, 10);
CREATE TABLE sales.rates (currency text PRIMARY KEY, rate numeric);
INSERT INTO sales.rates VALUES ('EUR', 1);
CREATE TABLE dwh.orders (order_id int PRIMARY KEY, amount numeric);
CREATE TABLE dwh.rates (currency text PRIMARY KEY, rate numeric);
CREATE TABLE dwh.alarms (run_id bigint, state text, message text);
