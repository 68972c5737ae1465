-- Saved profiles: kept, merged, compared, and seen by whom.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA profiles_test;
SET search_path = profiles_test;
SET TimeZone = 'UTC';
SET extra_float_digits = 0;

CREATE TABLE sales (id integer, day date, city text, amount numeric, score float8, paid boolean, at timestamptz, padded char(4)) PARTITION BY RANGE (id);
CREATE TABLE sales_1 PARTITION OF sales FOR VALUES FROM (0) TO (4000);
CREATE TABLE sales_2 (at timestamptz, id integer, gone text, day date, city text, amount numeric, score float8, paid boolean, padded char(4));
ALTER TABLE sales_2 DROP COLUMN gone;
ALTER TABLE sales ATTACH PARTITION sales_2 FOR VALUES FROM (4000) TO (9000);
CREATE TABLE sales_3 PARTITION OF sales FOR VALUES FROM (9000) TO (100000);
INSERT INTO sales
SELECT i, DATE '2024-01-01' + i % 100, (ARRAY['Berlin', 'Paris', 'Rome', 'ünder'])[1 + i % 4], CASE WHEN i % 11 = 0 THEN 'NaN' ELSE i / 7.0 END,
	   CASE WHEN i % 13 = 0 THEN NULL ELSE sin(i) END, i % 3 = 0, TIMESTAMPTZ '2024-01-01 00:00Z' + i * interval '1 minute', 'x' || i % 5
FROM   generate_series(1, 12000) AS i;

-- ids are relative to what other tests have left
CREATE TABLE saved (what text PRIMARY KEY, id bigint);
INSERT INTO saved SELECT v.what, etl.save_profile(v.source, 'test ' || v.what)
FROM (VALUES ('whole', 'sales'::regclass), ('p1', 'sales_1'), ('p2', 'sales_2'), ('p3', 'sales_3')) AS v(what, source);
CREATE FUNCTION id(what text) RETURNS bigint LANGUAGE sql STABLE BEGIN ATOMIC SELECT s.id FROM saved AS s WHERE s.what = id.what; END;
INSERT INTO saved SELECT 'merged', etl.merge_profiles(ARRAY[id('p1'), id('p2'), id('p3')], 'sales', 'merged');
SELECT s.what, p.relation, p.label, p.columns, p.row_filter, p.partial, p.total_rows FROM etl.profiles AS p JOIN saved AS s ON s.id = p.profile_id ORDER BY s.id;

-- what is saved is what etl.profile says
CREATE FUNCTION show(profile_id bigint) RETURNS TABLE (col text, field text, value jsonb)
LANGUAGE sql BEGIN ATOMIC
	SELECT p.column_name, j.key, j.value FROM etl.show_profile(show.profile_id) AS p, jsonb_each(to_jsonb(p)) AS j WHERE j.value <> 'null';
END;
CREATE FUNCTION show(source regclass) RETURNS TABLE (col text, field text, value jsonb)
LANGUAGE sql BEGIN ATOMIC
	SELECT p.column_name, j.key, j.value FROM etl.profile(show.source, sample_rows => 2000) AS p, jsonb_each(to_jsonb(p)) AS j WHERE j.value <> 'null';
END;
(SELECT * FROM show(id('p1')) EXCEPT SELECT * FROM show('sales_1'::regclass)) UNION ALL (SELECT * FROM show('sales_1'::regclass) EXCEPT SELECT * FROM show(id('p1')));

-- parts merged are the whole: all that does not come from the sample, exactly; moments to the last digits
CREATE FUNCTION exact_fields(profile_id bigint) RETURNS TABLE (col text, field text, value text)
LANGUAGE sql BEGIN ATOMIC
	SELECT s.col, s.field, CASE WHEN s.field IN ('stddev', 'skewness', 'kurtosis', 'mean', 'mean_length')
								THEN round(s.value::text::numeric, 6)::text ELSE s.value::text END
	FROM show(exact_fields.profile_id) AS s
	WHERE s.field NOT LIKE 'p__' AND s.field NOT IN ('histogram', 'bin_rows', 'most_common', 'top_values', 'patterns', 'sampled_values', 'sample_error', 'row_order');
END;
SELECT count(*) > 100 AS compared FROM exact_fields(id('whole'));
(SELECT * FROM exact_fields(id('whole')) EXCEPT SELECT * FROM exact_fields(id('merged')))
UNION ALL (SELECT * FROM exact_fields(id('merged')) EXCEPT SELECT * FROM exact_fields(id('whole')));
-- whichever way they are merged
INSERT INTO saved SELECT 'pair', etl.merge_profiles(ARRAY[id('p3'), id('p1')]);
INSERT INTO saved SELECT 'other way', etl.merge_profiles(ARRAY[id('pair'), id('p2')]);
SELECT count(*) AS differences FROM ((SELECT * FROM exact_fields(id('whole')) EXCEPT SELECT * FROM exact_fields(id('other way')))) AS s;
SELECT column_name, sampled_values <= 2000 AS bounded, sampled_values > 1500 AS kept, abs(p50::numeric - 6000) < 4 * sample_error * 12000 AS median
FROM   etl.show_profile(id('merged')) WHERE column_name = 'id';
SELECT count(*) AS differences FROM etl.profile_diff(id('whole'), id('merged')) WHERE difference <> 'row_order' AND magnitude > 0.15;
-- a profile of two filters is one of either
INSERT INTO saved VALUES ('low', etl.save_profile('sales_1', row_filter => 'id < 100')), ('high', etl.save_profile('sales_1', row_filter => 'id >= 100'));
INSERT INTO saved VALUES ('both', etl.merge_profiles(ARRAY[id('low'), id('high')]));
SELECT row_filter, total_rows FROM etl.profiles WHERE profile_id = id('both');
SELECT count(*) AS differences FROM (SELECT * FROM exact_fields(id('both')) EXCEPT SELECT * FROM exact_fields(id('p1'))) AS s;

-- nothing merges into anything
CREATE TABLE nothing (LIKE sales);
INSERT INTO saved VALUES ('nothing', etl.save_profile('nothing'));
INSERT INTO saved VALUES ('plus nothing', etl.merge_profiles(ARRAY[id('nothing'), id('p1')])), ('nothing plus', etl.merge_profiles(ARRAY[id('p1'), id('nothing')]));
SELECT count(*) AS differences FROM (SELECT * FROM exact_fields(id('plus nothing')) EXCEPT SELECT * FROM exact_fields(id('p1'))) AS s;
SELECT count(*) AS differences FROM (SELECT * FROM exact_fields(id('nothing plus')) EXCEPT SELECT * FROM exact_fields(id('p1'))) AS s;

-- differences
SELECT * FROM etl.profile_diff(id('p1'));
SELECT * FROM etl.profile_diff(id('p1'), id('p1'));
CREATE TABLE changing AS SELECT i, i % 50 AS v, 'C' || i % 3 AS code, DATE '2024-01-01' + i % 10 AS d, i % 2 = 0 AS b, NULL::text AS gone FROM generate_series(1, 1000) AS i;
INSERT INTO saved VALUES ('before', etl.save_profile('changing'));
UPDATE changing SET v = v + 100 WHERE i % 4 = 0;
UPDATE changing SET v = NULL WHERE i % 10 = 1;
UPDATE changing SET code = 'new ' || code WHERE i % 5 = 0;
UPDATE changing SET code = ' ' WHERE code = 'C2' AND i > 900;
UPDATE changing SET b = true WHERE i % 3 = 0;
DELETE FROM changing WHERE i > 950;
ALTER TABLE changing DROP COLUMN gone, ADD COLUMN added integer, ALTER i TYPE bigint;
INSERT INTO saved VALUES ('after', etl.save_profile('changing'));
SELECT * FROM etl.profile_diff(id('before'), id('after'));
SELECT count(*) AS differences FROM (SELECT * FROM etl.profile_diff(id('before')) EXCEPT SELECT * FROM etl.profile_diff(id('before'), id('after'))) AS s;
SELECT difference FROM etl.profile_diff(id('before'), id('after'), min_magnitude => 0.6);
-- chosen columns stay chosen
INSERT INTO saved VALUES ('chosen', etl.save_profile('changing', columns => '{v,code}'));
SELECT count(*) AS differences FROM etl.profile_diff(id('chosen'));
-- two samples of the same are hardly a difference
CREATE TABLE large AS SELECT i, hashint4(i) % 1000 AS h, 'x' || hashint4(i) % 20 AS t FROM generate_series(1, 30000) AS i;
CREATE TABLE large_2 AS SELECT * FROM large ORDER BY hashint4(i);
INSERT INTO saved VALUES ('large', etl.save_profile('large', sample_rows => 500));
SELECT * FROM etl.profile_diff(id('large'), source => 'large_2', min_magnitude => 0.15) WHERE difference <> 'row_order';

-- errors
\set VERBOSITY sqlstate
SELECT etl.save_profile(NULL);
SELECT etl.save_profile('sales', sample_rows => 0);
SELECT * FROM etl.show_profile(NULL);
SELECT * FROM etl.show_profile(0);
SELECT etl.drop_profile(0);
SELECT etl.drop_profile(NULL);
SELECT etl.merge_profiles(NULL);
SELECT etl.merge_profiles('{}');
SELECT etl.merge_profiles('{NULL}');
SELECT etl.merge_profiles('{0}');
SELECT etl.merge_profiles(ARRAY[id('p1'), id('before')]);
SELECT * FROM etl.profile_diff(NULL);
SELECT * FROM etl.profile_diff(0);
SELECT * FROM etl.profile_diff(id('p1'), 0);
SELECT * FROM etl.profile_diff(id('p1'), id('p1'), 'sales');
SELECT * FROM etl.profile_diff(id('p1'), min_magnitude => NULL);
BEGIN READ ONLY;
SELECT etl.save_profile('sales');
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM etl.show_profile(id('p1'));
SELECT count(*) FROM etl.profile_diff(id('p1'));
ROLLBACK;
\set VERBOSITY default
\set VERBOSITY terse
SELECT etl.merge_profiles(ARRAY[id('before'), id('after')]);
\set VERBOSITY default

-- who sees what
SET client_min_messages = error;
CREATE ROLE profiles_owner;
CREATE ROLE profiles_reader;
CREATE ROLE profiles_column;
RESET client_min_messages;
GRANT USAGE ON SCHEMA profiles_test, etl TO profiles_owner, profiles_reader, profiles_column;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA etl TO profiles_owner, profiles_reader, profiles_column;
GRANT SELECT ON ALL TABLES IN SCHEMA etl TO profiles_owner, profiles_reader, profiles_column;
GRANT SELECT ON saved TO PUBLIC;
CREATE TABLE secret AS SELECT i, 'owner ' || i AS who FROM generate_series(1, 20) AS i;
GRANT SELECT ON secret TO profiles_owner, profiles_reader;
GRANT SELECT (i) ON secret TO profiles_column;
GRANT INSERT ON saved TO profiles_owner;
CREATE VIEW own AS SELECT * FROM secret WHERE current_user = 'profiles_owner';
GRANT SELECT ON own TO profiles_owner, profiles_reader;
SET ROLE profiles_owner;
INSERT INTO saved VALUES ('secret', etl.save_profile('secret')), ('secret i', etl.save_profile('secret', columns => '{i}')), ('own', etl.save_profile('own'));
RESET ROLE;
CREATE FUNCTION visible() RETURNS TABLE (visible text[]) LANGUAGE sql BEGIN ATOMIC
	SELECT array_agg(s.what ORDER BY s.what) FROM etl.profiles AS p JOIN saved AS s ON s.id = p.profile_id WHERE s.what IN ('secret', 'secret i', 'own');
END;
SET ROLE profiles_owner;
SELECT * FROM visible();
SELECT count(*) FROM etl.show_profile(id('own'));
SET ROLE profiles_reader;
SELECT * FROM visible();
SELECT column_name, max_value FROM etl.show_profile(id('secret'));
\set VERBOSITY sqlstate
SELECT etl.show_profile(id('own'));
SELECT etl.drop_profile(id('secret'));
SELECT etl.drop_profile(id('own'));
SELECT etl.profile_diff(id('secret'), id('own'));
SELECT etl.merge_profiles(ARRAY[id('secret'), id('own')]);
SELECT count(*) FROM etl_catalog.profile;
SET ROLE profiles_column;
SELECT * FROM visible();
SELECT etl.show_profile(id('secret'));
SELECT etl.profile_diff(id('secret'));
SELECT column_name, max_value FROM etl.show_profile(id('secret i'));
RESET ROLE;
\set VERBOSITY default
-- row security, a new owner of the name, a table that is gone
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
SET ROLE profiles_reader;
SELECT * FROM visible();
RESET ROLE;
ALTER TABLE secret DISABLE ROW LEVEL SECURITY;
ALTER TABLE secret RENAME TO public_now;
SET ROLE profiles_reader;
SELECT * FROM visible();
SET ROLE profiles_owner;
SELECT * FROM visible();
SELECT etl.drop_profile(id('secret')) = id('secret') AS dropped;
SELECT * FROM visible();
RESET ROLE;
ALTER TABLE public_now ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON public_now USING (i < 5);
SET ROLE profiles_owner;
INSERT INTO saved VALUES ('few', etl.save_profile('public_now', columns => '{i}'));
RESET ROLE;
SELECT partial, total_rows FROM etl.profiles WHERE profile_id = id('few');
-- nobody writes the table, not even one who may write all data
SET client_min_messages = error;
CREATE ROLE profiles_writer BYPASSRLS;
GRANT pg_write_all_data, pg_read_all_data TO profiles_writer;
RESET client_min_messages;
SET ROLE profiles_writer;
UPDATE etl_catalog.profile SET owner_name = 'x';
RESET ROLE;

SELECT count(etl.drop_profile(id)) = count(*) AS dropped FROM saved WHERE what <> 'secret';
SET client_min_messages = warning;
DROP SCHEMA profiles_test CASCADE;
REVOKE ALL ON SCHEMA etl FROM profiles_owner, profiles_reader, profiles_column;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA etl FROM profiles_owner, profiles_reader, profiles_column;
REVOKE ALL ON ALL TABLES IN SCHEMA etl FROM profiles_owner, profiles_reader, profiles_column;
DROP ROLE profiles_owner, profiles_reader, profiles_column, profiles_writer;
