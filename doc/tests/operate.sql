\ir test-a-pipeline.sql
INSERT INTO shop.orders VALUES (41, 'bela at example.com', 10, '2024-01-01 12:30+00');
