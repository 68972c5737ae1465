\ir test-a-pipeline.sql
CREATE TABLE shop.customer_feed (customer_id int, name text, country text, op text, lsn bigint);
INSERT INTO shop.customer_feed VALUES (1, 'Ada', 'GB', 'I', 1), (2, 'Grace', 'US', 'I', 2), (1, 'Ada L.', 'GB', 'U', 3), (2, NULL, NULL, 'D', 4);
CREATE TABLE shop.customers (customer_id int PRIMARY KEY, name text, country text, lsn bigint);
CREATE TABLE shop.sales (sale_id int, sold_on date, amount numeric(10,2));
INSERT INTO shop.sales SELECT i, date '2024-01-01' + i / 10, i FROM generate_series(0, 29) AS i;
CREATE TABLE shop.sales_fact (sale_id int, sold_on date, amount numeric(10,2));
