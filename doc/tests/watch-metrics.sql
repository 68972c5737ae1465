\ir test-a-pipeline.sql
CREATE TABLE shop.visits (visited_on date, page text, seconds int);
INSERT INTO shop.visits
SELECT d, (ARRAY['home', 'search', 'cart'])[1 + i % 3], 10 + i % 50
FROM generate_series(date '2024-01-01', date '2024-01-20', interval '1 day') AS d,
     generate_series(1, CASE WHEN d = date '2024-01-20' THEN 200 ELSE 1000 + extract(day FROM d)::int * 7 % 31 END) AS i;
CREATE TABLE shop.visits_fact (visited_on date, page text, seconds int);
ALTER TABLE shop.visits OWNER TO etl_owner;
ALTER TABLE shop.visits_fact OWNER TO etl_owner;
