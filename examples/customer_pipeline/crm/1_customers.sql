-- The source system, to be run in a database of its own.
--
-- 380 customers, all made by arithmetic: no random, no clock, so everybody
-- sees the same numbers. As in many a CRM there is no key on customer_id:
-- imports of several branches meet here.

CREATE TABLE public.customers (
	customer_id       integer,
	name              text,
	email             text,
	registration_date date,
	last_activity     timestamptz,
	age               integer
);

INSERT INTO public.customers
SELECT i,
       (ARRAY['Ada', 'Béla', 'Chloé', 'Dmitri', 'Emre', 'Frida', 'Goran', 'Hanna', 'Ivo', 'Jana'])[1 + i % 10]
       || ' ' ||
       (ARRAY['Adler', 'Brandt', 'Castro', 'D''Amico', 'Eriksen', 'Fischer', 'García'])[1 + i / 10 % 7],
       format('customer%s@example.%s', i, (ARRAY['com', 'net', 'org'])[1 + i % 3]),
       date '2020-01-01' + i * 53 % 1400,
       -- 1 to 2400 hours before the end of 2024-03-01; two customers sit
       -- exactly on the borders of 7 and of 30 days
       timestamptz '2024-03-02 00:00+00'
           - make_interval(hours => CASE i WHEN 7 THEN 7 * 24
                                           WHEN 30 THEN 30 * 24
                                           ELSE 1 + i * 37 % 2400 END),
       -- three mistyped ages, within what the pipeline tolerates
       CASE i WHEN 111 THEN 17 WHEN 222 THEN 0 WHEN 333 THEN 199
              ELSE 18 + i * 7 % 63 END
FROM generate_series(1, 380) AS i;

GRANT SELECT ON public.customers TO crm_reader;
