\ir test-a-pipeline.sql
CREATE TABLE shop.parcels (parcel_id int, order_id int, state text, code text, weight numeric(6,2), sent_on date);
INSERT INTO shop.parcels
SELECT i, 1 + i % 300, (ARRAY['sent', 'lost', 'arrived'])[1 + (i % 50 > 0)::int + (i % 10 > 3)::int - (i % 50 = 0)::int * (i % 10 > 3)::int],
       'DE-' || lpad(i::text, 5, '0'), CASE WHEN i % 40 > 0 THEN 0.5 + (i * i) % 900 / 100.0 END, date '2024-01-01' + i / 20
FROM generate_series(1, 2000) AS i;
ALTER TABLE shop.parcels OWNER TO etl_owner;
