-- 2024-03-02. Customers come back, twenty are new, and the import of the new
-- ones went wrong: one customer came twice, twelve addresses lost their "@".

UPDATE public.customers
SET    last_activity = timestamptz '2024-03-02 09:00+00' + make_interval(mins => customer_id)
WHERE  customer_id % 12 = 0;

INSERT INTO public.customers
SELECT i,
       'New Customer ' || i,
       format(CASE WHEN i > 388 THEN 'customer%s.example.com' ELSE 'customer%s@example.com' END, i),
       date '2024-03-02',
       timestamptz '2024-03-02 08:00+00' + make_interval(mins => i),
       20 + i % 50
FROM generate_series(381, 400) AS i;

INSERT INTO public.customers
SELECT * FROM public.customers WHERE customer_id = 385;
