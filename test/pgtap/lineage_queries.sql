-- Lineage of queries: the 22 of TPC-H, shapes of TPC-DS, and one of each
-- feature of SQL. What is expected was read off the queries by hand: a line for
-- each column of the result (of a relation that is written: with its name), then
-- "*" for what decides about rows; a column that comes from no column has none.
BEGIN;
SELECT plan(162);
CREATE SCHEMA lineage_queries;
SET search_path = lineage_queries, public;

-- TPC-H
CREATE TABLE region (r_regionkey int, r_name text, r_comment text);
CREATE TABLE nation (n_nationkey int, n_name text, n_regionkey int, n_comment text);
CREATE TABLE part (p_partkey int, p_name text, p_mfgr text, p_brand text, p_type text, p_size int, p_container text, p_retailprice numeric, p_comment text);
CREATE TABLE supplier (s_suppkey int, s_name text, s_address text, s_nationkey int, s_phone text, s_acctbal numeric, s_comment text);
CREATE TABLE partsupp (ps_partkey int, ps_suppkey int, ps_availqty int, ps_supplycost numeric, ps_comment text);
CREATE TABLE customer (c_custkey int, c_name text, c_address text, c_nationkey int, c_phone text, c_acctbal numeric, c_mktsegment text, c_comment text);
CREATE TABLE orders (o_orderkey int, o_custkey int, o_orderstatus text, o_totalprice numeric, o_orderdate date, o_orderpriority text, o_clerk text, o_shippriority int, o_comment text);
CREATE TABLE lineitem (l_orderkey int, l_partkey int, l_suppkey int, l_linenumber int, l_quantity numeric, l_extendedprice numeric, l_discount numeric, l_tax numeric, l_returnflag text, l_linestatus text, l_shipdate date, l_commitdate date, l_receiptdate date, l_shipinstruct text, l_shipmode text, l_comment text);
-- of TPC-DS what the queries below read
CREATE TABLE date_dim (d_date_sk int, d_date date, d_year int, d_moy int, d_qoy int, d_month_seq int, d_week_seq int, d_day_name text);
CREATE TABLE item (i_item_sk int, i_item_id text, i_item_desc text, i_brand text, i_brand_id int, i_class text, i_category text, i_current_price numeric, i_manufact_id int, i_manager_id int);
CREATE TABLE store (s_store_sk int, s_store_name text, s_company_name text, s_state text, s_county text);
CREATE TABLE ds_customer (c_customer_sk int, c_customer_id text, c_first_name text, c_last_name text, c_current_addr_sk int, c_current_cdemo_sk int);
CREATE TABLE customer_address (ca_address_sk int, ca_state text, ca_zip text, ca_city text, ca_county text);
CREATE TABLE store_sales (ss_sold_date_sk int, ss_item_sk int, ss_customer_sk int, ss_store_sk int, ss_ticket_number int, ss_quantity int, ss_sales_price numeric, ss_ext_sales_price numeric, ss_ext_discount_amt numeric, ss_net_profit numeric, ss_wholesale_cost numeric);
CREATE TABLE store_returns (sr_returned_date_sk int, sr_item_sk int, sr_customer_sk int, sr_store_sk int, sr_ticket_number int, sr_return_amt numeric, sr_return_quantity int, sr_net_loss numeric);
CREATE TABLE web_sales (ws_sold_date_sk int, ws_item_sk int, ws_bill_customer_sk int, ws_order_number int, ws_warehouse_sk int, ws_quantity int, ws_ext_sales_price numeric, ws_net_paid numeric, ws_ship_date_sk int, ws_ext_ship_cost numeric, ws_net_profit numeric);
CREATE TABLE web_returns (wr_order_number int, wr_item_sk int, wr_return_amt numeric);
CREATE TABLE catalog_sales (cs_sold_date_sk int, cs_item_sk int, cs_bill_customer_sk int, cs_quantity int, cs_ext_sales_price numeric, cs_list_price numeric, cs_net_profit numeric);
-- of everything else
CREATE TYPE pair AS (first int, second text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE a (id int, x int, y text, z date, arr int[], p pair, doc jsonb);
CREATE TABLE b (id int, k int, v numeric, w text);
CREATE TABLE c (id int, k int, "Odd name" text);
CREATE TABLE tree (node int, parent int, label text);
CREATE TABLE events (who int, at timestamptz, what text, amount numeric);
CREATE TABLE part_of (k int, v int) PARTITION BY RANGE (k);
CREATE TABLE part_of_1 PARTITION OF part_of FOR VALUES FROM (0) TO (10);
CREATE TABLE base (id int, gone int, kept text);
ALTER TABLE base DROP COLUMN gone;
CREATE VIEW va AS SELECT id, x + 1 AS x1, y FROM a WHERE z > '2024-01-01';
CREATE VIEW vva AS SELECT v.id, v.x1 * 2 AS x2, max(b.v) AS best FROM va v JOIN b USING (id) GROUP BY v.id, v.x1;
CREATE MATERIALIZED VIEW ma AS SELECT k, sum(v) AS total FROM b GROUP BY k WITH NO DATA;
CREATE FUNCTION scalar_sql(i int, t text) RETURNS text RETURN t || i;
CREATE FUNCTION lookup(i int) RETURNS numeric LANGUAGE sql BEGIN ATOMIC SELECT max(v) FROM b WHERE b.id = i; END;
CREATE FUNCTION string_sql(n int) RETURNS TABLE (p int, q numeric) LANGUAGE sql AS 'SELECT k, v FROM b WHERE id = n';
CREATE FUNCTION with_default(i int, j int DEFAULT 1) RETURNS int RETURN i + j;
CREATE FUNCTION opaque(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN i; END $$;
CREATE FUNCTION again(i int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION again(i int) RETURNS int LANGUAGE sql AS 'SELECT CASE WHEN i > 0 THEN again(i - 1) ELSE i END';

-- kinds of one source in one place are joined by +
CREATE FUNCTION edges(query text) RETURNS text LANGUAGE sql AS $f$
	SELECT string_agg(line, E'\n' ORDER BY target::text COLLATE "C" NULLS FIRST, column_name IS NULL, column_name COLLATE "C")
	FROM  (SELECT target, column_name,
				  coalesce(target::text || '.', '') || coalesce(column_name, '*') || ' <- '
				  || string_agg(format('%s.%s %s', source, source_column, kinds), ', ' ORDER BY source::text COLLATE "C", source_column COLLATE "C") AS line
		   FROM  (SELECT target, column_name, source, source_column,
						 string_agg(DISTINCT kind, '+' ORDER BY kind) || coalesce(' through ' || through::text, '') AS kinds
				  FROM etl.query_lineage(query) GROUP BY target, column_name, source, source_column, through) s
		   GROUP BY target, column_name) lines
$f$;

SELECT is(edges($q$SELECT id, x, y FROM a$q$),
$e$id <- a.id identity
x <- a.x identity
y <- a.y identity$e$,
'columns by name');

SELECT is(edges($q$SELECT * FROM b$q$),
$e$id <- b.id identity
k <- b.k identity
v <- b.v identity
w <- b.w identity$e$,
'star');

SELECT is(edges($q$SELECT * FROM base$q$),
$e$id <- base.id identity
kept <- base.kept identity$e$,
'star of a table without a dropped column');

SELECT is(edges($q$SELECT b.*, a.y FROM a JOIN b ON a.id = b.id$q$),
$e$id <- b.id identity
k <- b.k identity
v <- b.v identity
w <- b.w identity
y <- a.y identity
* <- a.id join, b.id join$e$,
'star of one side');

SELECT is(edges($q$SELECT id AS other, x AS id FROM a$q$),
$e$id <- a.x identity
other <- a.id identity$e$,
'renamed');

SELECT is(edges($q$SELECT 1 AS one, now() AS t, NULL AS n FROM a$q$),
NULL,
'constants only');

SELECT is(edges($q$SELECT 1 AS one$q$),
NULL,
'no table');

SELECT is(edges($q$SELECT x + id AS s, -x AS neg, x::numeric / 2 AS half FROM a$q$),
$e$half <- a.x transformation
neg <- a.x transformation
s <- a.id transformation, a.x transformation$e$,
'arithmetic');

SELECT is(edges($q$SELECT y::varchar AS same, x::bigint AS wider, y COLLATE "C" AS collated, x::positive AS checked FROM a$q$),
$e$checked <- a.x identity
collated <- a.y identity
same <- a.y identity
wider <- a.x transformation$e$,
'cast that changes nothing and cast that does');

SELECT is(edges($q$SELECT upper(y) AS u, concat(y, x, z) AS c, coalesce(y, w) AS first FROM a JOIN b USING (id)$q$),
$e$c <- a.x transformation, a.y transformation, a.z transformation
first <- a.y transformation, b.w transformation
u <- a.y transformation
* <- a.id join, b.id join$e$,
'functions');

SELECT is(edges($q$SELECT nullif(x, id) AS n, greatest(x, id, 3) AS g FROM a$q$),
$e$g <- a.id transformation, a.x transformation
n <- a.id conditional, a.x transformation$e$,
'nullif and greatest');

SELECT is(edges($q$SELECT CASE WHEN x > 1 THEN y WHEN z IS NULL THEN 'none' ELSE w END AS c FROM a, b$q$),
$e$c <- a.x conditional, a.y transformation, a.z conditional, b.w transformation$e$,
'searched case');

SELECT is(edges($q$SELECT CASE x WHEN 1 THEN id WHEN 2 THEN -id END AS c FROM a$q$),
$e$c <- a.id transformation, a.x conditional$e$,
'simple case');

SELECT is(edges($q$SELECT sum(CASE WHEN y = 'a' THEN x ELSE 0 END) AS s FROM a$q$),
$e$s <- a.x aggregation, a.y conditional$e$,
'nested case in an aggregate');

SELECT is(edges($q$SELECT x > id AS greater, y IS NULL AS missing, z IN ('2024-01-01', '2024-01-02') AS listed FROM a$q$),
$e$greater <- a.id transformation, a.x transformation
listed <- a.z transformation
missing <- a.y transformation$e$,
'boolean value');

SELECT is(edges($q$SELECT ARRAY[x, id] AS arr, ROW(x, y) AS r, arr[x] AS one FROM a$q$),
$e$arr <- a.id transformation, a.x transformation
one <- a.arr transformation, a.x transformation
r <- a.x transformation, a.y transformation$e$,
'array, row and subscript');

SELECT is(edges($q$SELECT doc ->> 'key' AS v, jsonb_build_object('k', y) AS o FROM a$q$),
$e$o <- a.y transformation
v <- a.doc transformation$e$,
'json');

SELECT is(edges($q$SELECT (p).first AS f FROM a$q$),
$e$f <- a.p transformation$e$,
'field of a composite column');

SELECT is(edges($q$SELECT (s.r).y AS y1, (s.r).x + 1 AS x1 FROM (SELECT a AS r FROM a) s$q$),
$e$x1 <- a.x transformation
y1 <- a.y identity$e$,
'field of a row that a subquery passes on');

SELECT is(edges($q$SELECT to_jsonb(c) AS j FROM c$q$),
$e$j <- c.Odd name transformation, c.id transformation, c.k transformation$e$,
'whole row');

SELECT is(edges($q$SELECT id FROM a WHERE x > 1 AND y LIKE 'q%'$q$),
$e$id <- a.id identity
* <- a.x filter, a.y filter$e$,
'where');

SELECT is(edges($q$SELECT a.id, b.v FROM a, b WHERE a.id = b.id AND b.k > 3$q$),
$e$id <- a.id identity
v <- b.v identity
* <- a.id join, b.id join, b.k filter$e$,
'where that joins');

SELECT is(edges($q$SELECT a.id FROM a, b WHERE a.id = b.id OR a.x = 1$q$),
$e$id <- a.id identity
* <- a.id join, a.x join, b.id join$e$,
'or between relations joins');

SELECT is(edges($q$SELECT a.id, b.v FROM a LEFT JOIN b ON a.id = b.id AND b.k = 1$q$),
$e$id <- a.id identity
v <- b.v identity
* <- a.id join, b.id join, b.k join$e$,
'join on');

SELECT is(edges($q$SELECT id, x, v FROM a JOIN b USING (id)$q$),
$e$id <- a.id identity
v <- b.v identity
x <- a.x identity
* <- a.id join, b.id join$e$,
'join using');

SELECT is(edges($q$SELECT id FROM a LEFT JOIN b USING (id)$q$),
$e$id <- a.id identity
* <- a.id join, b.id join$e$,
'left join using');

SELECT is(edges($q$SELECT id FROM a FULL JOIN b USING (id)$q$),
$e$id <- a.id transformation, b.id transformation
* <- a.id join, b.id join$e$,
'full join using merges');

SELECT is(edges($q$SELECT * FROM b NATURAL JOIN c$q$),
$e$Odd name <- c.Odd name identity
id <- b.id identity
k <- b.k identity
v <- b.v identity
w <- b.w identity
* <- b.id join, b.k join, c.id join, c.k join$e$,
'natural join');

SELECT is(edges($q$SELECT id, y, v, "Odd name" FROM a JOIN b USING (id) JOIN c USING (id, k)$q$),
$e$Odd name <- c.Odd name identity
id <- a.id identity
v <- b.v identity
y <- a.y identity
* <- a.id join, b.id join, b.k join, c.id join, c.k join$e$,
'three joins with using');

SELECT is(edges($q$SELECT j.id, j.v FROM (a JOIN b USING (id)) AS j$q$),
$e$id <- a.id identity
v <- b.v identity
* <- a.id join, b.id join$e$,
'join alias');

SELECT is(edges($q$SELECT a.x, c.k FROM a CROSS JOIN c$q$),
$e$k <- c.k identity
x <- a.x identity$e$,
'cross join');

SELECT is(edges($q$SELECT l.id, r.x FROM a l JOIN a r ON l.x = r.id$q$),
$e$id <- a.id identity
x <- a.x identity
* <- a.id join, a.x join$e$,
'self join');

SELECT is(edges($q$SELECT x, count(*) AS n, max(y) AS m FROM a GROUP BY x$q$),
$e$m <- a.y aggregation
x <- a.x identity
* <- a.x group_by$e$,
'group by');

SELECT is(edges($q$SELECT x % 2 AS odd, sum(id) AS s FROM a GROUP BY x % 2$q$),
$e$odd <- a.x transformation
s <- a.id aggregation
* <- a.x group_by$e$,
'group by expression');

SELECT is(edges($q$SELECT y, min(z) FROM a GROUP BY 1 HAVING avg(x) > 1$q$),
$e$min <- a.z aggregation
y <- a.y identity
* <- a.x filter, a.y group_by$e$,
'group by position and having');

SELECT is(edges($q$SELECT x, y, sum(id) AS s, grouping(x) AS g FROM a GROUP BY GROUPING SETS ((x), (y), ())$q$),
$e$s <- a.id aggregation
x <- a.x identity
y <- a.y identity
* <- a.x group_by, a.y group_by$e$,
'grouping sets');

SELECT is(edges($q$SELECT x, y, count(id) AS n FROM a GROUP BY ROLLUP (x, y)$q$),
$e$n <- a.id aggregation
x <- a.x identity
y <- a.y identity
* <- a.x group_by, a.y group_by$e$,
'rollup');

SELECT is(edges($q$SELECT string_agg(y, ',' ORDER BY z) AS s, count(*) FILTER (WHERE x > 1) AS n FROM a$q$),
$e$n <- a.x conditional
s <- a.y aggregation, a.z sort$e$,
'aggregate with filter and order');

SELECT is(edges($q$SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY v) AS med, k FROM b GROUP BY k$q$),
$e$k <- b.k identity
med <- b.v aggregation
* <- b.k group_by$e$,
'ordered-set aggregate');

SELECT is(edges($q$SELECT count(DISTINCT y) AS n FROM a$q$),
$e$n <- a.y aggregation$e$,
'aggregate of distinct values');

SELECT is(edges($q$SELECT sum(v) / count(k) AS r FROM b$q$),
$e$r <- b.k aggregation, b.v aggregation$e$,
'expression of aggregates');

SELECT is(edges($q$SELECT id FROM a ORDER BY x, y$q$),
$e$id <- a.id identity
* <- a.x sort, a.y sort$e$,
'order by');

SELECT is(edges($q$SELECT id FROM a ORDER BY x LIMIT 10 OFFSET 2$q$),
$e$id <- a.id identity
* <- a.x sort$e$,
'order by and limit');

SELECT is(edges($q$SELECT id FROM a LIMIT (SELECT max(k) FROM b)$q$),
$e$id <- a.id identity
* <- b.k filter$e$,
'limit from a table');

SELECT is(edges($q$SELECT DISTINCT x, y FROM a$q$),
$e$x <- a.x identity
y <- a.y identity
* <- a.x group_by, a.y group_by$e$,
'distinct');

SELECT is(edges($q$SELECT DISTINCT ON (x) id FROM a ORDER BY x, z DESC$q$),
$e$id <- a.id identity
* <- a.x group_by+sort, a.z sort$e$,
'distinct on');

SELECT is(edges($q$SELECT id, row_number() OVER (PARTITION BY y ORDER BY z) AS n FROM a$q$),
$e$id <- a.id identity
n <- a.y window, a.z window$e$,
'window');

SELECT is(edges($q$SELECT sum(x) OVER (PARTITION BY y) AS s, lag(x) OVER (ORDER BY z) AS before FROM a$q$),
$e$before <- a.x transformation, a.z window
s <- a.x aggregation, a.y window$e$,
'window aggregate');

SELECT is(edges($q$SELECT rank() OVER w AS r, avg(v) OVER w AS m FROM b WINDOW w AS (PARTITION BY k ORDER BY id)$q$),
$e$m <- b.id window, b.k window, b.v aggregation
r <- b.id window, b.k window$e$,
'named window');

SELECT is(edges($q$SELECT sum(v) FILTER (WHERE w = 'a') OVER (ORDER BY id ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) AS s FROM b$q$),
$e$s <- b.id window, b.v aggregation, b.w conditional$e$,
'window frame and filter');

SELECT is(edges($q$SELECT y, rank() OVER (ORDER BY sum(x) DESC) AS r FROM a GROUP BY y$q$),
$e$r <- a.x window
y <- a.y identity
* <- a.y group_by$e$,
'window over an aggregate');

SELECT is(edges($q$SELECT id, v FROM (SELECT id, v, row_number() OVER (PARTITION BY k ORDER BY v DESC) AS n FROM b) s WHERE n = 1$q$),
$e$id <- b.id identity
v <- b.v identity
* <- b.k window, b.v window$e$,
'top per group');

SELECT is(edges($q$SELECT s.total FROM (SELECT x, sum(id) AS total FROM a WHERE z IS NULL GROUP BY x) s WHERE s.x > 1$q$),
$e$total <- a.id aggregation
* <- a.x filter+group_by, a.z filter$e$,
'subquery in from');

SELECT is(edges($q$SELECT q.k2 + 1 AS k3 FROM (SELECT s.k1 * 2 AS k2 FROM (SELECT k AS k1 FROM b WHERE v > 0) s) q$q$),
$e$k3 <- b.k transformation
* <- b.v filter$e$,
'nested subqueries');

SELECT is(edges($q$SELECT id, (SELECT max(v) FROM b WHERE b.id = a.id) AS best FROM a$q$),
$e$best <- a.id join, b.id join, b.v aggregation
id <- a.id identity$e$,
'scalar subquery');

SELECT is(edges($q$SELECT (SELECT w FROM b WHERE k = 1) AS w FROM c$q$),
$e$w <- b.k filter, b.w identity$e$,
'scalar subquery of a column');

SELECT is(edges($q$SELECT id, ARRAY(SELECT v FROM b WHERE b.id = a.id ORDER BY k) AS vs FROM a$q$),
$e$id <- a.id identity
vs <- a.id join, b.id join, b.k sort, b.v transformation$e$,
'array subquery');

SELECT is(edges($q$SELECT y FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.id = a.id AND b.k = 2)$q$),
$e$y <- a.y identity
* <- a.id join, b.id join, b.k filter$e$,
'exists');

SELECT is(edges($q$SELECT y FROM a WHERE x NOT IN (SELECT k FROM b WHERE w IS NOT NULL)$q$),
$e$y <- a.y identity
* <- a.x filter, b.k filter, b.w filter$e$,
'not in');

SELECT is(edges($q$SELECT y FROM a WHERE x > ANY (SELECT k FROM b)$q$),
$e$y <- a.y identity
* <- a.x filter, b.k filter$e$,
'any');

SELECT is(edges($q$SELECT y FROM a WHERE (id, x) = (SELECT id, k FROM c)$q$),
$e$y <- a.y identity
* <- a.id filter, a.x filter, c.id filter, c.k filter$e$,
'row comparison');

SELECT is(edges($q$SELECT id, EXISTS (SELECT FROM b WHERE b.id = a.id) AS has FROM a$q$),
$e$has <- a.id join, b.id join
id <- a.id identity$e$,
'exists as a value');

SELECT is(edges($q$SELECT x IN (SELECT k FROM b) AS known FROM a$q$),
$e$known <- a.x transformation, b.k transformation$e$,
'in as a value');

SELECT is(edges($q$SELECT id FROM a WHERE EXISTS (SELECT FROM b WHERE b.id = a.id AND EXISTS (SELECT FROM c WHERE c.id = a.x AND c.k = b.k))$q$),
$e$id <- a.id identity
* <- a.id join, a.x join, b.id join, b.k join, c.id join, c.k join$e$,
'correlated over two levels');

SELECT is(edges($q$SELECT x FROM a GROUP BY x HAVING count(*) > (SELECT avg(k) FROM b)$q$),
$e$x <- a.x identity
* <- a.x group_by, b.k filter$e$,
'subquery in having');

SELECT is(edges($q$SELECT CASE WHEN EXISTS (SELECT FROM b WHERE b.id = a.id) THEN x END AS c FROM a$q$),
$e$c <- a.id join, a.x transformation, b.id join$e$,
'subquery in case');

SELECT is(edges($q$SELECT a.id, s.m FROM a, LATERAL (SELECT max(v) AS m FROM b WHERE b.id = a.id) s$q$),
$e$id <- a.id identity
m <- b.v aggregation
* <- a.id join, b.id join$e$,
'lateral subquery');

SELECT is(edges($q$SELECT a.id, t.v FROM a LEFT JOIN LATERAL (SELECT v FROM b WHERE b.k = a.x ORDER BY id LIMIT 1) t ON true$q$),
$e$id <- a.id identity
v <- b.v identity
* <- a.x join, b.id sort, b.k join$e$,
'lateral with limit');

SELECT is(edges($q$SELECT a.id, u FROM a, unnest(a.arr) AS u$q$),
$e$id <- a.id identity
u <- a.arr transformation
* <- a.arr join$e$,
'lateral function');

SELECT is(edges($q$SELECT u.e, u.n FROM a, unnest(a.arr) WITH ORDINALITY AS u(e, n)$q$),
$e$e <- a.arr transformation
* <- a.arr join$e$,
'function with ordinality');

SELECT is(edges($q$SELECT r.* FROM a, ROWS FROM (unnest(a.arr), generate_series(1, a.x)) AS r(e, g)$q$),
$e$e <- a.arr transformation
g <- a.x transformation
* <- a.arr join, a.x join$e$,
'rows from');

SELECT is(edges($q$SELECT g FROM generate_series(1, 3) g$q$),
NULL,
'series of constants');

SELECT is(edges($q$SELECT r.k, r.v FROM a, jsonb_to_record(a.doc) AS r(k int, v text)$q$),
$e$k <- a.doc transformation
v <- a.doc transformation
* <- a.doc join$e$,
'record function');

SELECT is(edges($q$SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(n, t)$q$),
NULL,
'values');

SELECT is(edges($q$SELECT t.n FROM a, LATERAL (VALUES (a.x), (a.id)) t(n)$q$),
$e$n <- a.id identity, a.x identity$e$,
'values from outside');

SELECT is(edges($q$SELECT id, x FROM a UNION ALL SELECT k, id FROM b$q$),
$e$id <- a.id identity, b.k identity
x <- a.x identity, b.id identity$e$,
'union all');

SELECT is(edges($q$SELECT y FROM a UNION SELECT w FROM b$q$),
$e$y <- a.y identity, b.w identity
* <- a.y group_by, b.w group_by$e$,
'union');

SELECT is(edges($q$SELECT id FROM a INTERSECT SELECT id FROM b$q$),
$e$id <- a.id identity
* <- a.id filter, b.id filter$e$,
'intersect');

SELECT is(edges($q$SELECT id FROM a EXCEPT SELECT id FROM b$q$),
$e$id <- a.id identity
* <- a.id filter, b.id filter$e$,
'except');

SELECT is(edges($q$SELECT id FROM a UNION ALL (SELECT id FROM b EXCEPT ALL SELECT id FROM c)$q$),
$e$id <- a.id identity, b.id identity
* <- b.id filter, c.id filter$e$,
'three arms');

SELECT is(edges($q$SELECT s.n FROM (SELECT x AS n FROM a WHERE y = 'q' UNION ALL SELECT k FROM b WHERE w = 'r') s WHERE s.n > 0$q$),
$e$n <- a.x identity, b.k identity
* <- a.x filter, a.y filter, b.k filter, b.w filter$e$,
'union in a subquery with a filter');

SELECT is(edges($q$SELECT x AS n FROM a UNION ALL SELECT sum(k) FROM b$q$),
$e$n <- a.x identity, b.k aggregation$e$,
'union of kinds');

SELECT is(edges($q$SELECT id FROM a UNION ALL SELECT k FROM b ORDER BY 1$q$),
$e$id <- a.id identity, b.k identity
* <- a.id sort, b.k sort$e$,
'order by a union');

SELECT is(edges($q$WITH s AS (SELECT id, x * 2 AS d FROM a WHERE y = 'q') SELECT d FROM s$q$),
$e$d <- a.x transformation
* <- a.y filter$e$,
'cte');

SELECT is(edges($q$WITH s AS (SELECT id, x FROM a), t AS (SELECT id, sum(x) AS n FROM s GROUP BY id) SELECT n FROM t WHERE id > 1$q$),
$e$n <- a.x aggregation
* <- a.id filter+group_by$e$,
'cte that reads another');

SELECT is(edges($q$WITH s AS (SELECT id, x FROM a) SELECT l.x, r.id FROM s l JOIN s r ON l.id = r.x$q$),
$e$id <- a.id identity
x <- a.x identity
* <- a.id join, a.x join$e$,
'cte read twice');

SELECT is(edges($q$WITH unused AS (SELECT k FROM b WHERE w = 'q') SELECT id FROM a$q$),
$e$id <- a.id identity$e$,
'cte that is not read');

SELECT is(edges($q$WITH s(one, two) AS (SELECT x, y FROM a) SELECT two, one FROM s$q$),
$e$one <- a.x identity
two <- a.y identity$e$,
'cte with names of its columns');

SELECT is(edges($q$WITH a AS (SELECT id AS x, x AS id FROM a) SELECT id FROM a$q$),
$e$id <- a.x identity$e$,
'cte that hides a table');

SELECT is(edges($q$SELECT s.m FROM (WITH t AS (SELECT max(v) AS m FROM b) SELECT m FROM t) s$q$),
$e$m <- b.v aggregation$e$,
'cte inside a subquery');

SELECT is(edges($q$WITH s AS (SELECT k, v FROM b) SELECT id, (SELECT sum(v) FROM s WHERE s.k = a.x) AS t FROM a$q$),
$e$id <- a.id identity
t <- a.x join, b.k join, b.v aggregation$e$,
'cte of an outer query');

SELECT is(edges($q$WITH RECURSIVE t(node, parent, depth) AS (SELECT node, parent, 0 FROM tree WHERE parent IS NULL UNION ALL SELECT c.node, c.parent, t.depth + 1 FROM tree c JOIN t ON c.parent = t.node) SELECT * FROM t$q$),
$e$node <- tree.node identity
parent <- tree.parent identity
* <- tree.node join, tree.parent filter+join$e$,
'recursive');

SELECT is(edges($q$WITH RECURSIVE t AS (SELECT node, label AS path FROM tree UNION ALL SELECT c.node, t.path || '/' || c.label FROM tree c, t WHERE c.parent = t.node) SELECT node, path FROM t$q$),
$e$node <- tree.node identity
path <- tree.label identity+transformation
* <- tree.node join, tree.parent join$e$,
'recursive with a path');

SELECT is(edges($q$WITH RECURSIVE t(p, q) AS (SELECT id, x FROM a UNION ALL SELECT t.q, t.p FROM t WHERE t.p < 10) SELECT p FROM t$q$),
$e$p <- a.id identity, a.x identity
* <- a.id filter, a.x filter$e$,
'recursive that moves columns');

SELECT is(edges($q$WITH RECURSIVE t(node, parent) AS (SELECT node, parent FROM tree UNION ALL SELECT c.node, c.parent FROM tree c JOIN t ON c.parent = t.node) SEARCH DEPTH FIRST BY node SET pos CYCLE node, parent SET looped USING way SELECT label, pos, looped, way FROM t JOIN tree USING (node)$q$),
$e$label <- tree.label identity
looped <- tree.node transformation, tree.parent transformation
pos <- tree.node transformation
way <- tree.node transformation, tree.parent transformation
* <- tree.node join, tree.parent join$e$,
'recursive with search and cycle');

SELECT is(edges($q$SELECT who, min(at) AS since, count(*) AS n FROM (SELECT who, at, row_number() OVER (PARTITION BY who ORDER BY at) - extract(day FROM at) AS island FROM events) s GROUP BY who, island$q$),
$e$since <- events.at aggregation
who <- events.who identity
* <- events.at group_by+window, events.who group_by+window$e$,
'gaps and islands');

SELECT is(edges($q$SELECT who, sum(amount) FILTER (WHERE what = 'in') AS came, sum(amount) FILTER (WHERE what = 'out') AS went FROM events GROUP BY who$q$),
$e$came <- events.amount aggregation, events.what conditional
went <- events.amount aggregation, events.what conditional
who <- events.who identity
* <- events.who group_by$e$,
'pivot');

SELECT is(edges($q$SELECT who, sum(fresh) OVER (PARTITION BY who ORDER BY at) AS session FROM (SELECT who, at, CASE WHEN at - lag(at) OVER (PARTITION BY who ORDER BY at) > interval '1 hour' THEN 1 ELSE 0 END AS fresh FROM events) s$q$),
$e$session <- events.at conditional+window, events.who window
who <- events.who identity$e$,
'sessions');

SELECT is(edges($q$SELECT k, sum(v) AS s FROM part_of GROUP BY k$q$),
$e$k <- part_of.k identity
s <- part_of.v aggregation
* <- part_of.k group_by$e$,
'partitioned table');

SELECT is(edges($q$SELECT id, x1 FROM va$q$),
$e$id <- a.id identity through va, va.id identity
x1 <- a.x transformation through va, va.x1 identity
* <- a.z filter through va$e$,
'view');

SELECT is(edges($q$SELECT x2, best FROM vva WHERE id > 1$q$),
$e$best <- b.v aggregation through vva, vva.best identity
x2 <- a.x transformation through vva, va.x1 transformation through vva, vva.x2 identity
* <- a.id filter+group_by+join through vva, a.x group_by through vva, a.z filter through vva, b.id join through vva, va.id filter+group_by+join through vva, va.x1 group_by through vva, vva.id filter$e$,
'view of a view');

SELECT is(edges($q$SELECT total FROM ma WHERE k = 1$q$),
$e$total <- b.v aggregation through ma, ma.total identity
* <- b.k filter+group_by through ma, ma.k filter$e$,
'materialized view');

SELECT is(edges($q$SELECT scalar_sql(x, y) AS s FROM a$q$),
$e$s <- a.x transformation, a.y transformation$e$,
'sql function as a value');

SELECT is(edges($q$SELECT id, lookup(x) AS best FROM a$q$),
$e$best <- a.x filter, b.id filter, b.v aggregation
id <- a.id identity$e$,
'sql function that reads a table');

SELECT is(edges($q$SELECT a.id, f.q FROM a, string_sql(a.x) f$q$),
$e$id <- a.id identity
q <- b.v identity
* <- a.x filter, b.id filter$e$,
'sql function in from');

SELECT is(edges($q$SELECT with_default(x) AS d, with_default(j => id, i => x) AS n FROM a$q$),
$e$d <- a.x transformation
n <- a.id transformation, a.x transformation$e$,
'default and named arguments');

SELECT is(edges($q$SELECT opaque(x) AS o FROM a$q$),
$e$o <- a.x transformation$e$,
'opaque function');

SELECT is(edges($q$SELECT again(x) AS r FROM a$q$),
$e$r <- a.x conditional+transformation$e$,
'function that calls itself');

SELECT is(edges($q$INSERT INTO b (id, v) SELECT id, x FROM a WHERE y = 'q'$q$),
$e$b.id <- a.id identity
b.v <- a.x transformation
b.* <- a.y filter$e$,
'insert select');

SELECT is(edges($q$INSERT INTO b VALUES (1, 2, 3, 'x'), (2, 3, 4, 'y')$q$),
NULL,
'insert values');

SELECT is(edges($q$INSERT INTO b (id, k, v) SELECT id, x, 0 FROM a ON CONFLICT DO NOTHING$q$),
$e$b.id <- a.id identity
b.k <- a.x identity$e$,
'insert on conflict');

SELECT is(edges($q$UPDATE b SET v = v * 2, w = 'q' WHERE k = 1$q$),
$e$b.v <- b.v transformation
b.* <- b.k filter$e$,
'update');

SELECT is(edges($q$UPDATE b SET v = a.x, w = a.y FROM a WHERE a.id = b.id$q$),
$e$b.v <- a.x transformation
b.w <- a.y identity
b.* <- a.id join, b.id join$e$,
'update from');

SELECT is(edges($q$UPDATE b SET (k, w) = (SELECT x, y FROM a WHERE a.id = b.id)$q$),
$e$b.k <- a.id join, a.x identity, b.id join
b.w <- a.id join, a.y identity, b.id join$e$,
'update of several columns');

SELECT is(edges($q$DELETE FROM b USING a WHERE a.id = b.id AND a.x > 1$q$),
$e$b.* <- a.id join, a.x filter, b.id join$e$,
'delete using');

SELECT is(edges($q$MERGE INTO b USING (SELECT id, sum(x) AS s FROM a GROUP BY id) q ON q.id = b.id WHEN MATCHED AND q.s > 1 THEN UPDATE SET v = q.s WHEN NOT MATCHED THEN INSERT (id, k) VALUES (q.id, 1)$q$),
$e$b.id <- a.id identity
b.v <- a.x aggregation
b.* <- a.id group_by+join, a.x filter, b.id join$e$,
'merge');

SELECT is(edges($q$WITH gone AS (DELETE FROM b WHERE k = 1 RETURNING id, v) INSERT INTO c (id, k) SELECT id, 1 FROM gone$q$),
$e$b.* <- b.k filter
c.id <- b.id identity
c.* <- b.k filter$e$,
'modifying cte');

SELECT is(edges($q$UPDATE b SET v = 1 WHERE k > 2 RETURNING id, v + 1 AS more$q$),
$e$id <- b.id identity
more <- b.v transformation
* <- b.k filter
b.* <- b.k filter$e$,
'returning');

SELECT is(edges($q$SELECT "Odd name" AS "Wörter, mehr" FROM c$q$),
$e$Wörter, mehr <- c.Odd name identity$e$,
'odd names');

SELECT is(edges($q$SELECT id, count(v) AS n FROM a JOIN b USING (id) GROUP BY id ORDER BY count(v)$q$),
$e$id <- a.id identity
n <- b.v aggregation
* <- a.id group_by+join, b.id join, b.v sort$e$,
'grouping of a join column');

SELECT is(edges($q$SELECT t.n FROM a, XMLTABLE('/r' PASSING (a.y::xml) COLUMNS n int PATH 'n') t$q$),
$e$n <- a.y transformation
* <- a.y join$e$,
'xmltable');

SELECT is(edges($q$SELECT id FROM a TABLESAMPLE SYSTEM (10) WHERE x = 1$q$),
$e$id <- a.id identity
* <- a.x filter$e$,
'tablesample');

SELECT is(edges($q$SELECT b.w, s.n FROM b LEFT JOIN (SELECT id, count(DISTINCT y) AS n FROM a GROUP BY id) s ON s.id = b.id WHERE s.n IS NOT NULL$q$),
$e$n <- a.y aggregation
w <- b.w identity
* <- a.id group_by+join, a.y filter, b.id join$e$,
'distinct aggregate in a subquery');

SELECT is(edges($q$SELECT l_returnflag, l_linestatus, sum(l_quantity) AS sum_qty, sum(l_extendedprice) AS sum_base_price, sum(l_extendedprice * (1 - l_discount)) AS sum_disc_price, sum(l_extendedprice * (1 - l_discount) * (1 + l_tax)) AS sum_charge, avg(l_quantity) AS avg_qty, avg(l_extendedprice) AS avg_price, avg(l_discount) AS avg_disc, count(*) AS count_order FROM lineitem WHERE l_shipdate <= date '1998-12-01' - interval '90 day' GROUP BY l_returnflag, l_linestatus ORDER BY l_returnflag, l_linestatus$q$),
$e$avg_disc <- lineitem.l_discount aggregation
avg_price <- lineitem.l_extendedprice aggregation
avg_qty <- lineitem.l_quantity aggregation
l_linestatus <- lineitem.l_linestatus identity
l_returnflag <- lineitem.l_returnflag identity
sum_base_price <- lineitem.l_extendedprice aggregation
sum_charge <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation, lineitem.l_tax aggregation
sum_disc_price <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation
sum_qty <- lineitem.l_quantity aggregation
* <- lineitem.l_linestatus group_by+sort, lineitem.l_returnflag group_by+sort, lineitem.l_shipdate filter$e$,
'TPC-H 1');

SELECT is(edges($q$SELECT s_acctbal, s_name, n_name, p_partkey, p_mfgr, s_address, s_phone, s_comment FROM part, supplier, partsupp, nation, region WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND p_size = 15 AND p_type LIKE '%BRASS' AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'EUROPE' AND ps_supplycost = (SELECT min(ps_supplycost) FROM partsupp, supplier, nation, region WHERE p_partkey = ps_partkey AND s_suppkey = ps_suppkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'EUROPE') ORDER BY s_acctbal DESC, n_name, s_name, p_partkey LIMIT 100$q$),
$e$n_name <- nation.n_name identity
p_mfgr <- part.p_mfgr identity
p_partkey <- part.p_partkey identity
s_acctbal <- supplier.s_acctbal identity
s_address <- supplier.s_address identity
s_comment <- supplier.s_comment identity
s_name <- supplier.s_name identity
s_phone <- supplier.s_phone identity
* <- nation.n_name sort, nation.n_nationkey join, nation.n_regionkey join, part.p_partkey join+sort, part.p_size filter, part.p_type filter, partsupp.ps_partkey join, partsupp.ps_suppkey join, partsupp.ps_supplycost filter, region.r_name filter, region.r_regionkey join, supplier.s_acctbal sort, supplier.s_name sort, supplier.s_nationkey join, supplier.s_suppkey join$e$,
'TPC-H 2');

SELECT is(edges($q$SELECT l_orderkey, sum(l_extendedprice * (1 - l_discount)) AS revenue, o_orderdate, o_shippriority FROM customer, orders, lineitem WHERE c_mktsegment = 'BUILDING' AND c_custkey = o_custkey AND l_orderkey = o_orderkey AND o_orderdate < date '1995-03-15' AND l_shipdate > date '1995-03-15' GROUP BY l_orderkey, o_orderdate, o_shippriority ORDER BY revenue DESC, o_orderdate LIMIT 10$q$),
$e$l_orderkey <- lineitem.l_orderkey identity
o_orderdate <- orders.o_orderdate identity
o_shippriority <- orders.o_shippriority identity
revenue <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation
* <- customer.c_custkey join, customer.c_mktsegment filter, lineitem.l_discount sort, lineitem.l_extendedprice sort, lineitem.l_orderkey group_by+join, lineitem.l_shipdate filter, orders.o_custkey join, orders.o_orderdate filter+group_by+sort, orders.o_orderkey join, orders.o_shippriority group_by$e$,
'TPC-H 3');

SELECT is(edges($q$SELECT o_orderpriority, count(*) AS order_count FROM orders WHERE o_orderdate >= date '1993-07-01' AND o_orderdate < date '1993-10-01' AND EXISTS (SELECT * FROM lineitem WHERE l_orderkey = o_orderkey AND l_commitdate < l_receiptdate) GROUP BY o_orderpriority ORDER BY o_orderpriority$q$),
$e$o_orderpriority <- orders.o_orderpriority identity
* <- lineitem.l_commitdate filter, lineitem.l_orderkey join, lineitem.l_receiptdate filter, orders.o_orderdate filter, orders.o_orderkey join, orders.o_orderpriority group_by+sort$e$,
'TPC-H 4');

SELECT is(edges($q$SELECT n_name, sum(l_extendedprice * (1 - l_discount)) AS revenue FROM customer, orders, lineitem, supplier, nation, region WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND l_suppkey = s_suppkey AND c_nationkey = s_nationkey AND s_nationkey = n_nationkey AND n_regionkey = r_regionkey AND r_name = 'ASIA' AND o_orderdate >= date '1994-01-01' GROUP BY n_name ORDER BY revenue DESC$q$),
$e$n_name <- nation.n_name identity
revenue <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation
* <- customer.c_custkey join, customer.c_nationkey join, lineitem.l_discount sort, lineitem.l_extendedprice sort, lineitem.l_orderkey join, lineitem.l_suppkey join, nation.n_name group_by, nation.n_nationkey join, nation.n_regionkey join, orders.o_custkey join, orders.o_orderdate filter, orders.o_orderkey join, region.r_name filter, region.r_regionkey join, supplier.s_nationkey join, supplier.s_suppkey join$e$,
'TPC-H 5');

SELECT is(edges($q$SELECT sum(l_extendedprice * l_discount) AS revenue FROM lineitem WHERE l_shipdate >= date '1994-01-01' AND l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24$q$),
$e$revenue <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation
* <- lineitem.l_discount filter, lineitem.l_quantity filter, lineitem.l_shipdate filter$e$,
'TPC-H 6');

SELECT is(edges($q$SELECT supp_nation, cust_nation, l_year, sum(volume) AS revenue FROM (SELECT n1.n_name AS supp_nation, n2.n_name AS cust_nation, extract(year FROM l_shipdate) AS l_year, l_extendedprice * (1 - l_discount) AS volume FROM supplier, lineitem, orders, customer, nation n1, nation n2 WHERE s_suppkey = l_suppkey AND o_orderkey = l_orderkey AND c_custkey = o_custkey AND s_nationkey = n1.n_nationkey AND c_nationkey = n2.n_nationkey AND ((n1.n_name = 'FRANCE' AND n2.n_name = 'GERMANY') OR (n1.n_name = 'GERMANY' AND n2.n_name = 'FRANCE')) AND l_shipdate BETWEEN date '1995-01-01' AND date '1996-12-31') AS shipping GROUP BY supp_nation, cust_nation, l_year ORDER BY supp_nation, cust_nation, l_year$q$),
$e$cust_nation <- nation.n_name identity
l_year <- lineitem.l_shipdate transformation
revenue <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation
supp_nation <- nation.n_name identity
* <- customer.c_custkey join, customer.c_nationkey join, lineitem.l_orderkey join, lineitem.l_shipdate filter+group_by+sort, lineitem.l_suppkey join, nation.n_name group_by+join+sort, nation.n_nationkey join, orders.o_custkey join, orders.o_orderkey join, supplier.s_nationkey join, supplier.s_suppkey join$e$,
'TPC-H 7');

SELECT is(edges($q$SELECT o_year, sum(CASE WHEN nation = 'BRAZIL' THEN volume ELSE 0 END) / sum(volume) AS mkt_share FROM (SELECT extract(year FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) AS volume, n2.n_name AS nation FROM part, supplier, lineitem, orders, customer, nation n1, nation n2, region WHERE p_partkey = l_partkey AND s_suppkey = l_suppkey AND l_orderkey = o_orderkey AND o_custkey = c_custkey AND c_nationkey = n1.n_nationkey AND n1.n_regionkey = r_regionkey AND r_name = 'AMERICA' AND s_nationkey = n2.n_nationkey AND o_orderdate BETWEEN date '1995-01-01' AND date '1996-12-31' AND p_type = 'ECONOMY ANODIZED STEEL') AS all_nations GROUP BY o_year ORDER BY o_year$q$),
$e$mkt_share <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation, nation.n_name conditional
o_year <- orders.o_orderdate transformation
* <- customer.c_custkey join, customer.c_nationkey join, lineitem.l_orderkey join, lineitem.l_partkey join, lineitem.l_suppkey join, nation.n_nationkey join, nation.n_regionkey join, orders.o_custkey join, orders.o_orderdate filter+group_by+sort, orders.o_orderkey join, part.p_partkey join, part.p_type filter, region.r_name filter, region.r_regionkey join, supplier.s_nationkey join, supplier.s_suppkey join$e$,
'TPC-H 8');

SELECT is(edges($q$SELECT nation, o_year, sum(amount) AS sum_profit FROM (SELECT n_name AS nation, extract(year FROM o_orderdate) AS o_year, l_extendedprice * (1 - l_discount) - ps_supplycost * l_quantity AS amount FROM part, supplier, lineitem, partsupp, orders, nation WHERE s_suppkey = l_suppkey AND ps_suppkey = l_suppkey AND ps_partkey = l_partkey AND p_partkey = l_partkey AND o_orderkey = l_orderkey AND s_nationkey = n_nationkey AND p_name LIKE '%green%') AS profit GROUP BY nation, o_year ORDER BY nation, o_year DESC$q$),
$e$nation <- nation.n_name identity
o_year <- orders.o_orderdate transformation
sum_profit <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation, lineitem.l_quantity aggregation, partsupp.ps_supplycost aggregation
* <- lineitem.l_orderkey join, lineitem.l_partkey join, lineitem.l_suppkey join, nation.n_name group_by+sort, nation.n_nationkey join, orders.o_orderdate group_by+sort, orders.o_orderkey join, part.p_name filter, part.p_partkey join, partsupp.ps_partkey join, partsupp.ps_suppkey join, supplier.s_nationkey join, supplier.s_suppkey join$e$,
'TPC-H 9');

SELECT is(edges($q$SELECT c_custkey, c_name, sum(l_extendedprice * (1 - l_discount)) AS revenue, c_acctbal, n_name, c_address, c_phone, c_comment FROM customer, orders, lineitem, nation WHERE c_custkey = o_custkey AND l_orderkey = o_orderkey AND o_orderdate >= date '1993-10-01' AND l_returnflag = 'R' AND c_nationkey = n_nationkey GROUP BY c_custkey, c_name, c_acctbal, c_phone, n_name, c_address, c_comment ORDER BY revenue DESC LIMIT 20$q$),
$e$c_acctbal <- customer.c_acctbal identity
c_address <- customer.c_address identity
c_comment <- customer.c_comment identity
c_custkey <- customer.c_custkey identity
c_name <- customer.c_name identity
c_phone <- customer.c_phone identity
n_name <- nation.n_name identity
revenue <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation
* <- customer.c_acctbal group_by, customer.c_address group_by, customer.c_comment group_by, customer.c_custkey group_by+join, customer.c_name group_by, customer.c_nationkey join, customer.c_phone group_by, lineitem.l_discount sort, lineitem.l_extendedprice sort, lineitem.l_orderkey join, lineitem.l_returnflag filter, nation.n_name group_by, nation.n_nationkey join, orders.o_custkey join, orders.o_orderdate filter, orders.o_orderkey join$e$,
'TPC-H 10');

SELECT is(edges($q$SELECT ps_partkey, sum(ps_supplycost * ps_availqty) AS value FROM partsupp, supplier, nation WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = 'GERMANY' GROUP BY ps_partkey HAVING sum(ps_supplycost * ps_availqty) > (SELECT sum(ps_supplycost * ps_availqty) * 0.0001 FROM partsupp, supplier, nation WHERE ps_suppkey = s_suppkey AND s_nationkey = n_nationkey AND n_name = 'GERMANY') ORDER BY value DESC$q$),
$e$ps_partkey <- partsupp.ps_partkey identity
value <- partsupp.ps_availqty aggregation, partsupp.ps_supplycost aggregation
* <- nation.n_name filter, nation.n_nationkey join, partsupp.ps_availqty filter+sort, partsupp.ps_partkey group_by, partsupp.ps_suppkey join, partsupp.ps_supplycost filter+sort, supplier.s_nationkey join, supplier.s_suppkey join$e$,
'TPC-H 11');

SELECT is(edges($q$SELECT l_shipmode, sum(CASE WHEN o_orderpriority = '1-URGENT' OR o_orderpriority = '2-HIGH' THEN 1 ELSE 0 END) AS high_line_count, sum(CASE WHEN o_orderpriority <> '1-URGENT' AND o_orderpriority <> '2-HIGH' THEN 1 ELSE 0 END) AS low_line_count FROM orders, lineitem WHERE o_orderkey = l_orderkey AND l_shipmode IN ('MAIL', 'SHIP') AND l_commitdate < l_receiptdate AND l_shipdate < l_commitdate AND l_receiptdate >= date '1994-01-01' GROUP BY l_shipmode ORDER BY l_shipmode$q$),
$e$high_line_count <- orders.o_orderpriority conditional
l_shipmode <- lineitem.l_shipmode identity
low_line_count <- orders.o_orderpriority conditional
* <- lineitem.l_commitdate filter, lineitem.l_orderkey join, lineitem.l_receiptdate filter, lineitem.l_shipdate filter, lineitem.l_shipmode filter+group_by+sort, orders.o_orderkey join$e$,
'TPC-H 12');

SELECT is(edges($q$SELECT c_count, count(*) AS custdist FROM (SELECT c_custkey, count(o_orderkey) FROM customer LEFT OUTER JOIN orders ON c_custkey = o_custkey AND o_comment NOT LIKE '%special%requests%' GROUP BY c_custkey) AS c_orders (c_custkey, c_count) GROUP BY c_count ORDER BY custdist DESC, c_count DESC$q$),
$e$c_count <- orders.o_orderkey aggregation
* <- customer.c_custkey group_by+join, orders.o_comment join, orders.o_custkey join, orders.o_orderkey group_by+sort$e$,
'TPC-H 13');

SELECT is(edges($q$SELECT 100.00 * sum(CASE WHEN p_type LIKE 'PROMO%' THEN l_extendedprice * (1 - l_discount) ELSE 0 END) / sum(l_extendedprice * (1 - l_discount)) AS promo_revenue FROM lineitem, part WHERE l_partkey = p_partkey AND l_shipdate >= date '1995-09-01'$q$),
$e$promo_revenue <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation, part.p_type conditional
* <- lineitem.l_partkey join, lineitem.l_shipdate filter, part.p_partkey join$e$,
'TPC-H 14');

SELECT is(edges($q$WITH revenue (supplier_no, total_revenue) AS (SELECT l_suppkey, sum(l_extendedprice * (1 - l_discount)) FROM lineitem WHERE l_shipdate >= date '1996-01-01' GROUP BY l_suppkey) SELECT s_suppkey, s_name, s_address, s_phone, total_revenue FROM supplier, revenue WHERE s_suppkey = supplier_no AND total_revenue = (SELECT max(total_revenue) FROM revenue) ORDER BY s_suppkey$q$),
$e$s_address <- supplier.s_address identity
s_name <- supplier.s_name identity
s_phone <- supplier.s_phone identity
s_suppkey <- supplier.s_suppkey identity
total_revenue <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation
* <- lineitem.l_discount filter, lineitem.l_extendedprice filter, lineitem.l_shipdate filter, lineitem.l_suppkey group_by+join, supplier.s_suppkey join+sort$e$,
'TPC-H 15');

SELECT is(edges($q$SELECT p_brand, p_type, p_size, count(DISTINCT ps_suppkey) AS supplier_cnt FROM partsupp, part WHERE p_partkey = ps_partkey AND p_brand <> 'Brand#45' AND p_type NOT LIKE 'MEDIUM POLISHED%' AND p_size IN (49, 14, 23) AND ps_suppkey NOT IN (SELECT s_suppkey FROM supplier WHERE s_comment LIKE '%Customer%Complaints%') GROUP BY p_brand, p_type, p_size ORDER BY supplier_cnt DESC, p_brand, p_type, p_size$q$),
$e$p_brand <- part.p_brand identity
p_size <- part.p_size identity
p_type <- part.p_type identity
supplier_cnt <- partsupp.ps_suppkey aggregation
* <- part.p_brand filter+group_by+sort, part.p_partkey join, part.p_size filter+group_by+sort, part.p_type filter+group_by+sort, partsupp.ps_partkey join, partsupp.ps_suppkey filter+sort, supplier.s_comment filter, supplier.s_suppkey filter$e$,
'TPC-H 16');

SELECT is(edges($q$SELECT sum(l_extendedprice) / 7.0 AS avg_yearly FROM lineitem, part WHERE p_partkey = l_partkey AND p_brand = 'Brand#23' AND p_container = 'MED BOX' AND l_quantity < (SELECT 0.2 * avg(l_quantity) FROM lineitem WHERE l_partkey = p_partkey)$q$),
$e$avg_yearly <- lineitem.l_extendedprice aggregation
* <- lineitem.l_partkey join, lineitem.l_quantity filter, part.p_brand filter, part.p_container filter, part.p_partkey join$e$,
'TPC-H 17');

SELECT is(edges($q$SELECT c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice, sum(l_quantity) AS q FROM customer, orders, lineitem WHERE o_orderkey IN (SELECT l_orderkey FROM lineitem GROUP BY l_orderkey HAVING sum(l_quantity) > 300) AND c_custkey = o_custkey AND o_orderkey = l_orderkey GROUP BY c_name, c_custkey, o_orderkey, o_orderdate, o_totalprice ORDER BY o_totalprice DESC, o_orderdate LIMIT 100$q$),
$e$c_custkey <- customer.c_custkey identity
c_name <- customer.c_name identity
o_orderdate <- orders.o_orderdate identity
o_orderkey <- orders.o_orderkey identity
o_totalprice <- orders.o_totalprice identity
q <- lineitem.l_quantity aggregation
* <- customer.c_custkey group_by+join, customer.c_name group_by, lineitem.l_orderkey filter+group_by+join, lineitem.l_quantity filter, orders.o_custkey join, orders.o_orderdate group_by+sort, orders.o_orderkey filter+group_by+join, orders.o_totalprice group_by+sort$e$,
'TPC-H 18');

SELECT is(edges($q$SELECT sum(l_extendedprice * (1 - l_discount)) AS revenue FROM lineitem, part WHERE (p_partkey = l_partkey AND p_brand = 'Brand#12' AND p_container IN ('SM CASE', 'SM BOX') AND l_quantity >= 1 AND l_quantity <= 11 AND p_size BETWEEN 1 AND 5 AND l_shipmode IN ('AIR', 'AIR REG') AND l_shipinstruct = 'DELIVER IN PERSON') OR (p_partkey = l_partkey AND p_brand = 'Brand#23' AND p_container IN ('MED BAG') AND l_quantity >= 10 AND p_size BETWEEN 1 AND 10 AND l_shipmode IN ('AIR') AND l_shipinstruct = 'DELIVER IN PERSON')$q$),
$e$revenue <- lineitem.l_discount aggregation, lineitem.l_extendedprice aggregation
* <- lineitem.l_partkey join, lineitem.l_quantity join, lineitem.l_shipinstruct join, lineitem.l_shipmode join, part.p_brand join, part.p_container join, part.p_partkey join, part.p_size join$e$,
'TPC-H 19');

SELECT is(edges($q$SELECT s_name, s_address FROM supplier, nation WHERE s_suppkey IN (SELECT ps_suppkey FROM partsupp WHERE ps_partkey IN (SELECT p_partkey FROM part WHERE p_name LIKE 'forest%') AND ps_availqty > (SELECT 0.5 * sum(l_quantity) FROM lineitem WHERE l_partkey = ps_partkey AND l_suppkey = ps_suppkey AND l_shipdate >= date '1994-01-01')) AND s_nationkey = n_nationkey AND n_name = 'CANADA' ORDER BY s_name$q$),
$e$s_address <- supplier.s_address identity
s_name <- supplier.s_name identity
* <- lineitem.l_partkey join, lineitem.l_quantity filter, lineitem.l_shipdate filter, lineitem.l_suppkey join, nation.n_name filter, nation.n_nationkey join, part.p_name filter, part.p_partkey filter, partsupp.ps_availqty filter, partsupp.ps_partkey filter+join, partsupp.ps_suppkey filter+join, supplier.s_name sort, supplier.s_nationkey join, supplier.s_suppkey filter$e$,
'TPC-H 20');

SELECT is(edges($q$SELECT s_name, count(*) AS numwait FROM supplier, lineitem l1, orders, nation WHERE s_suppkey = l1.l_suppkey AND o_orderkey = l1.l_orderkey AND o_orderstatus = 'F' AND l1.l_receiptdate > l1.l_commitdate AND EXISTS (SELECT * FROM lineitem l2 WHERE l2.l_orderkey = l1.l_orderkey AND l2.l_suppkey <> l1.l_suppkey) AND NOT EXISTS (SELECT * FROM lineitem l3 WHERE l3.l_orderkey = l1.l_orderkey AND l3.l_suppkey <> l1.l_suppkey AND l3.l_receiptdate > l3.l_commitdate) AND s_nationkey = n_nationkey AND n_name = 'SAUDI ARABIA' GROUP BY s_name ORDER BY numwait DESC, s_name LIMIT 100$q$),
$e$s_name <- supplier.s_name identity
* <- lineitem.l_commitdate filter, lineitem.l_orderkey join, lineitem.l_receiptdate filter, lineitem.l_suppkey join, nation.n_name filter, nation.n_nationkey join, orders.o_orderkey join, orders.o_orderstatus filter, supplier.s_name group_by+sort, supplier.s_nationkey join, supplier.s_suppkey join$e$,
'TPC-H 21');

SELECT is(edges($q$SELECT cntrycode, count(*) AS numcust, sum(c_acctbal) AS totacctbal FROM (SELECT substring(c_phone FROM 1 FOR 2) AS cntrycode, c_acctbal FROM customer WHERE substring(c_phone FROM 1 FOR 2) IN ('13', '31') AND c_acctbal > (SELECT avg(c_acctbal) FROM customer WHERE c_acctbal > 0.00 AND substring(c_phone FROM 1 FOR 2) IN ('13', '31')) AND NOT EXISTS (SELECT * FROM orders WHERE o_custkey = c_custkey)) AS custsale GROUP BY cntrycode ORDER BY cntrycode$q$),
$e$cntrycode <- customer.c_phone transformation
totacctbal <- customer.c_acctbal aggregation
* <- customer.c_acctbal filter, customer.c_custkey join, customer.c_phone filter+group_by+sort, orders.o_custkey join$e$,
'TPC-H 22');

SELECT is(edges($q$WITH customer_total_return AS (SELECT sr_customer_sk AS ctr_customer_sk, sr_store_sk AS ctr_store_sk, sum(sr_return_amt) AS ctr_total_return FROM store_returns, date_dim WHERE sr_returned_date_sk = d_date_sk AND d_year = 2000 GROUP BY sr_customer_sk, sr_store_sk) SELECT c_customer_id FROM customer_total_return ctr1, store, ds_customer WHERE ctr1.ctr_total_return > (SELECT avg(ctr_total_return) * 1.2 FROM customer_total_return ctr2 WHERE ctr1.ctr_store_sk = ctr2.ctr_store_sk) AND s_store_sk = ctr1.ctr_store_sk AND s_state = 'TN' AND ctr1.ctr_customer_sk = c_customer_sk ORDER BY c_customer_id LIMIT 100$q$),
$e$c_customer_id <- ds_customer.c_customer_id identity
* <- date_dim.d_date_sk join, date_dim.d_year filter, ds_customer.c_customer_id sort, ds_customer.c_customer_sk join, store.s_state filter, store.s_store_sk join, store_returns.sr_customer_sk group_by+join, store_returns.sr_return_amt filter, store_returns.sr_returned_date_sk join, store_returns.sr_store_sk group_by+join$e$,
'TPC-DS 1: a CTE compared with its own average');

SELECT is(edges($q$WITH wscs AS (SELECT sold_date_sk, sales_price FROM (SELECT ws_sold_date_sk sold_date_sk, ws_ext_sales_price sales_price FROM web_sales UNION ALL SELECT cs_sold_date_sk, cs_ext_sales_price FROM catalog_sales) x), wswscs AS (SELECT d_week_seq, sum(CASE WHEN d_day_name = 'Sunday' THEN sales_price END) AS sun_sales FROM wscs, date_dim WHERE d_date_sk = sold_date_sk GROUP BY d_week_seq) SELECT y.d_week_seq AS week, round(y.sun_sales / z.sun_sales, 2) AS ratio FROM wswscs y, wswscs z WHERE y.d_week_seq = z.d_week_seq - 53 ORDER BY 1$q$),
$e$ratio <- catalog_sales.cs_ext_sales_price aggregation, date_dim.d_day_name conditional, web_sales.ws_ext_sales_price aggregation
week <- date_dim.d_week_seq identity
* <- catalog_sales.cs_sold_date_sk join, date_dim.d_date_sk join, date_dim.d_week_seq group_by+join+sort, web_sales.ws_sold_date_sk join$e$,
'TPC-DS 2: weeks of two years side by side');

SELECT is(edges($q$WITH year_total AS (SELECT c_customer_id AS customer_id, d_year AS dyear, sum(ss_ext_sales_price - ss_ext_discount_amt) AS year_total, 's' AS sale_type FROM ds_customer, store_sales, date_dim WHERE c_customer_sk = ss_customer_sk AND ss_sold_date_sk = d_date_sk GROUP BY c_customer_id, d_year UNION ALL SELECT c_customer_id, d_year, sum(ws_ext_sales_price), 'w' FROM ds_customer, web_sales, date_dim WHERE c_customer_sk = ws_bill_customer_sk AND ws_sold_date_sk = d_date_sk GROUP BY c_customer_id, d_year) SELECT t_s.customer_id FROM year_total t_s, year_total t_w WHERE t_s.customer_id = t_w.customer_id AND t_s.sale_type = 's' AND t_w.sale_type = 'w' AND CASE WHEN t_s.year_total > 0 THEN t_w.year_total / t_s.year_total END > 1$q$),
$e$customer_id <- ds_customer.c_customer_id identity
* <- date_dim.d_date_sk join, date_dim.d_year group_by, ds_customer.c_customer_id group_by+join, ds_customer.c_customer_sk join, store_sales.ss_customer_sk join, store_sales.ss_ext_discount_amt conditional+join, store_sales.ss_ext_sales_price conditional+join, store_sales.ss_sold_date_sk join, web_sales.ws_bill_customer_sk join, web_sales.ws_ext_sales_price conditional+join, web_sales.ws_sold_date_sk join$e$,
'TPC-DS 4: a year against the year before, by channel');

SELECT is(edges($q$SELECT ca_state AS state, count(*) AS cnt FROM customer_address, ds_customer, store_sales, date_dim, item WHERE ca_address_sk = c_current_addr_sk AND c_customer_sk = ss_customer_sk AND ss_sold_date_sk = d_date_sk AND ss_item_sk = i_item_sk AND d_month_seq = (SELECT DISTINCT d_month_seq FROM date_dim WHERE d_year = 2001 AND d_moy = 1) AND i_current_price > 1.2 * (SELECT avg(j.i_current_price) FROM item j WHERE j.i_category = item.i_category) GROUP BY ca_state HAVING count(*) >= 10 ORDER BY cnt$q$),
$e$state <- customer_address.ca_state identity
* <- customer_address.ca_address_sk join, customer_address.ca_state group_by, date_dim.d_date_sk join, date_dim.d_month_seq filter+group_by, date_dim.d_moy filter, date_dim.d_year filter, ds_customer.c_current_addr_sk join, ds_customer.c_customer_sk join, item.i_category join, item.i_current_price filter, item.i_item_sk join, store_sales.ss_customer_sk join, store_sales.ss_item_sk join, store_sales.ss_sold_date_sk join$e$,
'TPC-DS 6: a correlated average');

SELECT is(edges($q$SELECT CASE WHEN (SELECT count(*) FROM store_sales WHERE ss_quantity BETWEEN 1 AND 20) > 100 THEN (SELECT avg(ss_ext_discount_amt) FROM store_sales WHERE ss_quantity BETWEEN 1 AND 20) ELSE (SELECT avg(ss_net_profit) FROM store_sales WHERE ss_quantity BETWEEN 1 AND 20) END AS bucket1 FROM store WHERE s_store_sk = 1$q$),
$e$bucket1 <- store_sales.ss_ext_discount_amt aggregation, store_sales.ss_net_profit aggregation, store_sales.ss_quantity filter
* <- store.s_store_sk filter$e$,
'TPC-DS 9: scalar subqueries in CASE');

SELECT is(edges($q$SELECT c_customer_id FROM ds_customer c, customer_address ca WHERE c.c_current_addr_sk = ca.ca_address_sk AND ca_county IN ('Rush', 'Toole') AND EXISTS (SELECT * FROM store_sales, date_dim WHERE c.c_customer_sk = ss_customer_sk AND ss_sold_date_sk = d_date_sk AND d_year = 2002) AND (EXISTS (SELECT * FROM web_sales WHERE c.c_customer_sk = ws_bill_customer_sk) OR EXISTS (SELECT * FROM catalog_sales WHERE c.c_customer_sk = cs_bill_customer_sk))$q$),
$e$c_customer_id <- ds_customer.c_customer_id identity
* <- catalog_sales.cs_bill_customer_sk join, customer_address.ca_address_sk join, customer_address.ca_county filter, date_dim.d_date_sk join, date_dim.d_year filter, ds_customer.c_current_addr_sk join, ds_customer.c_customer_sk join, store_sales.ss_customer_sk join, store_sales.ss_sold_date_sk join, web_sales.ws_bill_customer_sk join$e$,
'TPC-DS 10: exists or exists');

SELECT is(edges($q$SELECT i_item_id, i_class, sum(ws_ext_sales_price) AS itemrevenue, sum(ws_ext_sales_price) * 100 / sum(sum(ws_ext_sales_price)) OVER (PARTITION BY i_class) AS revenueratio FROM web_sales, item, date_dim WHERE ws_item_sk = i_item_sk AND i_category IN ('Sports') AND ws_sold_date_sk = d_date_sk GROUP BY i_item_id, i_class ORDER BY i_class, revenueratio$q$),
$e$i_class <- item.i_class identity
i_item_id <- item.i_item_id identity
itemrevenue <- web_sales.ws_ext_sales_price aggregation
revenueratio <- item.i_class window, web_sales.ws_ext_sales_price aggregation
* <- date_dim.d_date_sk join, item.i_category filter, item.i_class group_by+sort+window, item.i_item_id group_by, item.i_item_sk join, web_sales.ws_ext_sales_price sort, web_sales.ws_item_sk join, web_sales.ws_sold_date_sk join$e$,
'TPC-DS 12: share of a class');

SELECT is(edges($q$WITH cross_items AS (SELECT i_item_sk ss_item_sk FROM item, (SELECT iss.i_brand_id brand_id FROM store_sales, item iss WHERE ss_item_sk = iss.i_item_sk INTERSECT SELECT ics.i_brand_id FROM catalog_sales, item ics WHERE cs_item_sk = ics.i_item_sk) x WHERE i_brand_id = brand_id), avg_sales AS (SELECT avg(quantity * list_price) average_sales FROM (SELECT cs_quantity quantity, cs_list_price list_price FROM catalog_sales) y) SELECT i_brand_id, sum(ss_quantity * ss_sales_price) AS sales FROM store_sales, item WHERE ss_item_sk IN (SELECT ss_item_sk FROM cross_items) AND ss_item_sk = i_item_sk GROUP BY i_brand_id HAVING sum(ss_quantity * ss_sales_price) > (SELECT average_sales FROM avg_sales)$q$),
$e$i_brand_id <- item.i_brand_id identity
sales <- store_sales.ss_quantity aggregation, store_sales.ss_sales_price aggregation
* <- catalog_sales.cs_item_sk join, catalog_sales.cs_list_price filter, catalog_sales.cs_quantity filter, item.i_brand_id filter+group_by+join, item.i_item_sk filter+join, store_sales.ss_item_sk filter+join, store_sales.ss_quantity filter, store_sales.ss_sales_price filter$e$,
'TPC-DS 14: items sold in all channels');

SELECT is(edges($q$SELECT count(DISTINCT ws_order_number) AS order_count, sum(ws_ext_ship_cost) AS total_shipping FROM web_sales ws1, date_dim WHERE ws1.ws_ship_date_sk = d_date_sk AND EXISTS (SELECT * FROM web_sales ws2 WHERE ws1.ws_order_number = ws2.ws_order_number AND ws1.ws_warehouse_sk <> ws2.ws_warehouse_sk) AND NOT EXISTS (SELECT * FROM web_returns WHERE ws1.ws_order_number = wr_order_number)$q$),
$e$order_count <- web_sales.ws_order_number aggregation
total_shipping <- web_sales.ws_ext_ship_cost aggregation
* <- date_dim.d_date_sk join, web_returns.wr_order_number join, web_sales.ws_order_number join, web_sales.ws_ship_date_sk join, web_sales.ws_warehouse_sk join$e$,
'TPC-DS 16: shipped from several warehouses and not returned');

SELECT is(edges($q$SELECT i_item_id, s_state, grouping(s_state) AS g_state, avg(ss_quantity) AS agg1 FROM store_sales, date_dim, store, item WHERE ss_sold_date_sk = d_date_sk AND ss_item_sk = i_item_sk AND ss_store_sk = s_store_sk AND d_year = 2002 GROUP BY ROLLUP (i_item_id, s_state) ORDER BY i_item_id, s_state$q$),
$e$agg1 <- store_sales.ss_quantity aggregation
i_item_id <- item.i_item_id identity
s_state <- store.s_state identity
* <- date_dim.d_date_sk join, date_dim.d_year filter, item.i_item_id group_by+sort, item.i_item_sk join, store.s_state group_by+sort, store.s_store_sk join, store_sales.ss_item_sk join, store_sales.ss_sold_date_sk join, store_sales.ss_store_sk join$e$,
'TPC-DS 27: rollup with grouping');

SELECT is(edges($q$SELECT sum(ss_net_profit) / sum(ss_ext_sales_price) AS gross_margin, i_category, grouping(i_category) + grouping(i_class) AS lochierarchy, rank() OVER (PARTITION BY grouping(i_category) + grouping(i_class), CASE WHEN grouping(i_class) = 0 THEN i_category END ORDER BY sum(ss_net_profit) / sum(ss_ext_sales_price)) AS rank_within_parent FROM store_sales, item WHERE i_item_sk = ss_item_sk GROUP BY ROLLUP (i_category, i_class)$q$),
$e$gross_margin <- store_sales.ss_ext_sales_price aggregation, store_sales.ss_net_profit aggregation
i_category <- item.i_category identity
rank_within_parent <- item.i_category window, store_sales.ss_ext_sales_price window, store_sales.ss_net_profit window
* <- item.i_category group_by, item.i_class group_by, item.i_item_sk join, store_sales.ss_item_sk join$e$,
'TPC-DS 36: rank within a rollup');

SELECT is(edges($q$WITH v1 AS (SELECT i_category, s_store_name, d_year, d_moy, sum(ss_sales_price) sum_sales, avg(sum(ss_sales_price)) OVER (PARTITION BY i_category, s_store_name, d_year) avg_monthly_sales, rank() OVER (PARTITION BY i_category, s_store_name ORDER BY d_year, d_moy) rn FROM item, store_sales, date_dim, store WHERE ss_item_sk = i_item_sk AND ss_sold_date_sk = d_date_sk AND ss_store_sk = s_store_sk GROUP BY i_category, s_store_name, d_year, d_moy) SELECT v1.i_category, v1.sum_sales, v1_lag.sum_sales AS psum FROM v1, v1 v1_lag WHERE v1.i_category = v1_lag.i_category AND v1.rn = v1_lag.rn + 1 AND v1.avg_monthly_sales > 0$q$),
$e$i_category <- item.i_category identity
psum <- store_sales.ss_sales_price aggregation
sum_sales <- store_sales.ss_sales_price aggregation
* <- date_dim.d_date_sk join, date_dim.d_moy group_by+window, date_dim.d_year group_by+window, item.i_category group_by+join+window, item.i_item_sk join, store.s_store_name group_by+window, store.s_store_sk join, store_sales.ss_item_sk join, store_sales.ss_sales_price filter, store_sales.ss_sold_date_sk join, store_sales.ss_store_sk join$e$,
'TPC-DS 47: neighbours of a month');

SELECT is(edges($q$WITH web_v1 AS (SELECT ws_item_sk item_sk, d_date, sum(sum(ws_ext_sales_price)) OVER (PARTITION BY ws_item_sk ORDER BY d_date ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) cume_sales FROM web_sales, date_dim WHERE ws_sold_date_sk = d_date_sk GROUP BY ws_item_sk, d_date), store_v1 AS (SELECT ss_item_sk item_sk, d_date, sum(sum(ss_sales_price)) OVER (PARTITION BY ss_item_sk ORDER BY d_date) cume_sales FROM store_sales, date_dim WHERE ss_sold_date_sk = d_date_sk GROUP BY ss_item_sk, d_date) SELECT item_sk, max(web_sales) OVER (PARTITION BY item_sk ORDER BY d_date) AS web_cumulative FROM (SELECT CASE WHEN web.item_sk IS NOT NULL THEN web.item_sk ELSE store.item_sk END item_sk, CASE WHEN web.d_date IS NOT NULL THEN web.d_date ELSE store.d_date END d_date, web.cume_sales web_sales FROM web_v1 web FULL OUTER JOIN store_v1 store ON (web.item_sk = store.item_sk AND web.d_date = store.d_date)) x$q$),
$e$item_sk <- store_sales.ss_item_sk transformation, web_sales.ws_item_sk conditional+transformation
web_cumulative <- date_dim.d_date conditional+window, store_sales.ss_item_sk window, web_sales.ws_ext_sales_price aggregation, web_sales.ws_item_sk conditional+window
* <- date_dim.d_date group_by+join, date_dim.d_date_sk join, store_sales.ss_item_sk group_by+join, store_sales.ss_sold_date_sk join, web_sales.ws_item_sk group_by+join, web_sales.ws_sold_date_sk join$e$,
'TPC-DS 51: cumulative sums of two channels');

SELECT is(edges($q$WITH cs_ui AS (SELECT cs_item_sk, sum(cs_ext_sales_price) AS sale FROM catalog_sales GROUP BY cs_item_sk HAVING sum(cs_ext_sales_price) > 2 * sum(cs_net_profit)), cross_sales AS (SELECT i_item_desc product_name, s_store_name store_name, d1.d_year AS syear, count(*) cnt, sum(ss_wholesale_cost) s1 FROM store_sales, store_returns, cs_ui, date_dim d1, store, item WHERE ss_store_sk = s_store_sk AND ss_sold_date_sk = d1.d_date_sk AND ss_item_sk = i_item_sk AND ss_item_sk = sr_item_sk AND ss_ticket_number = sr_ticket_number AND ss_item_sk = cs_ui.cs_item_sk GROUP BY i_item_desc, s_store_name, d1.d_year) SELECT cs1.product_name, cs1.cnt, cs2.s1 AS s12 FROM cross_sales cs1, cross_sales cs2 WHERE cs1.product_name = cs2.product_name AND cs1.syear = 1999 AND cs2.syear = 2000$q$),
$e$product_name <- item.i_item_desc identity
s12 <- store_sales.ss_wholesale_cost aggregation
* <- catalog_sales.cs_ext_sales_price filter, catalog_sales.cs_item_sk group_by+join, catalog_sales.cs_net_profit filter, date_dim.d_date_sk join, date_dim.d_year filter+group_by, item.i_item_desc group_by+join, item.i_item_sk join, store.s_store_name group_by, store.s_store_sk join, store_returns.sr_item_sk join, store_returns.sr_ticket_number join, store_sales.ss_item_sk join, store_sales.ss_sold_date_sk join, store_sales.ss_store_sk join, store_sales.ss_ticket_number join$e$,
'TPC-DS 64: sales without returns, two joins of one CTE');

SELECT is(edges($q$SELECT * FROM (SELECT i_category, s_store_name, sumsales, rank() OVER (PARTITION BY i_category ORDER BY sumsales DESC) rk FROM (SELECT i_category, s_store_name, sum(coalesce(ss_sales_price * ss_quantity, 0)) sumsales FROM store_sales, store, item WHERE ss_item_sk = i_item_sk AND ss_store_sk = s_store_sk GROUP BY ROLLUP (i_category, s_store_name)) dw1) dw2 WHERE rk <= 100$q$),
$e$i_category <- item.i_category identity
rk <- item.i_category window, store_sales.ss_quantity window, store_sales.ss_sales_price window
s_store_name <- store.s_store_name identity
sumsales <- store_sales.ss_quantity aggregation, store_sales.ss_sales_price aggregation
* <- item.i_category group_by+window, item.i_item_sk join, store.s_store_name group_by, store.s_store_sk join, store_sales.ss_item_sk join, store_sales.ss_quantity window, store_sales.ss_sales_price window, store_sales.ss_store_sk join$e$,
'TPC-DS 67: top of a rollup');

SELECT is(edges($q$WITH all_sales AS (SELECT d_year, i_brand_id, sum(sales_cnt) AS sales_cnt FROM (SELECT d_year, i_brand_id, ss_quantity - coalesce(sr_return_quantity, 0) AS sales_cnt FROM store_sales JOIN item ON i_item_sk = ss_item_sk JOIN date_dim ON d_date_sk = ss_sold_date_sk LEFT JOIN store_returns ON (ss_ticket_number = sr_ticket_number AND ss_item_sk = sr_item_sk) UNION SELECT d_year, i_brand_id, cs_quantity FROM catalog_sales JOIN item ON i_item_sk = cs_item_sk JOIN date_dim ON d_date_sk = cs_sold_date_sk) sales_detail GROUP BY d_year, i_brand_id) SELECT prev_yr.d_year AS prev_year, curr_yr.sales_cnt - prev_yr.sales_cnt AS diff FROM all_sales curr_yr, all_sales prev_yr WHERE curr_yr.i_brand_id = prev_yr.i_brand_id AND curr_yr.d_year = 2002 AND prev_yr.d_year = 2001$q$),
$e$diff <- catalog_sales.cs_quantity aggregation, store_returns.sr_return_quantity aggregation, store_sales.ss_quantity aggregation
prev_year <- date_dim.d_year identity
* <- catalog_sales.cs_item_sk join, catalog_sales.cs_quantity group_by, catalog_sales.cs_sold_date_sk join, date_dim.d_date_sk join, date_dim.d_year filter+group_by, item.i_brand_id group_by+join, item.i_item_sk join, store_returns.sr_item_sk join, store_returns.sr_return_quantity group_by, store_returns.sr_ticket_number join, store_sales.ss_item_sk join, store_sales.ss_quantity group_by, store_sales.ss_sold_date_sk join, store_sales.ss_ticket_number join$e$,
'TPC-DS 75: sales minus returns, this year and the last');

SELECT is(edges($q$WITH ctr AS (SELECT sr_customer_sk AS ctr_customer_sk, ca_state AS ctr_state, sum(sr_return_amt) AS ctr_total_return FROM store_returns, ds_customer, customer_address WHERE sr_customer_sk = c_customer_sk AND ca_address_sk = c_current_addr_sk GROUP BY sr_customer_sk, ca_state) SELECT c_customer_id, ctr_total_return FROM ctr ctr1, ds_customer WHERE ctr1.ctr_total_return > (SELECT avg(ctr_total_return) * 1.2 FROM ctr ctr2 WHERE ctr1.ctr_state = ctr2.ctr_state) AND ctr1.ctr_customer_sk = c_customer_sk$q$),
$e$c_customer_id <- ds_customer.c_customer_id identity
ctr_total_return <- store_returns.sr_return_amt aggregation
* <- customer_address.ca_address_sk join, customer_address.ca_state group_by+join, ds_customer.c_current_addr_sk join, ds_customer.c_customer_sk join, store_returns.sr_customer_sk group_by+join, store_returns.sr_return_amt filter$e$,
'TPC-DS 81: above the average of a state');

SELECT * FROM finish();
ROLLBACK;
