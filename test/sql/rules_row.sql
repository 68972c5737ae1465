-- Rules between the columns of a row, and between a row and its neighbours.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
RESET client_min_messages;
CREATE SCHEMA rules_row;
SET search_path = rules_row;
\set SHOW_CONTEXT never
\pset null ~

CREATE FUNCTION ids(sample jsonb) RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(e->>'id', ' ' ORDER BY (e->>'id')::int) FROM jsonb_array_elements(sample) AS e $$;

-- functional_dependency: zip decides town
CREATE TABLE towns (id integer, zip text, town text, state text, rows_of_group_1 integer);
INSERT INTO towns VALUES
	(1, '10115', 'Berlin', 'BE'), (2, '10115', 'Berlin', 'BE'),
	(3, '20095', 'Hamburg', 'HH'), (4, '20095', 'Hamborg', 'HH'), (5, '20095', NULL, 'HH'),
	(6, NULL, 'Bonn', 'NW'), (7, NULL, 'Köln', 'NW'), (8, '99084', NULL, 'TH');
SELECT check_name, status, tested_rows, null_rows, failed_rows, ids(sample)
FROM etl.check('towns', ARRAY[
	etl.rule('functional_dependency', '{town}', name => 'distinct', params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{town}', name => 'equal', params => '{"determinant": ["zip"], "nulls": "equal"}'),
	etl.rule('functional_dependency', '{town}', name => 'all null', params => '{"determinant": ["zip"], "nulls": "ignore_all_null"}'),
	etl.rule('functional_dependency', '{town,state}', name => 'two', params => '{"determinant": ["zip", "state"]}'),
	etl.rule('functional_dependency', '{town}', name => 'filter', row_filter => 'town <> ''Hamborg''', params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{town}', name => 'groups', params => '{"determinant": ["zip"], "group_by": ["state"]}'),
	etl.rule('functional_dependency', '{town}', name => 'tolerant', max_failed_rows => 2, params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{town}', name => 'empty', row_filter => 'false', params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{twn}', name => 'error', params => '{"determinant": ["zip"]}')],
	sample_rows => 10);
SELECT etl.rule('functional_dependency', '{town}');

-- the printed SQL agrees
CREATE FUNCTION agree(source regclass, checks text[])
RETURNS TABLE (name text, verdict text, agrees boolean)
LANGUAGE plpgsql AS $$
DECLARE
	r record;
	e record;
	n bigint;
BEGIN
	FOR r IN SELECT * FROM etl.check(source, checks) WITH ORDINALITY AS c
		JOIN etl.explain_check(source, checks) USING (check_name) ORDER BY ordinality
	LOOP
		EXECUTE r.equivalent_sql INTO e;
		n := 0;
		IF r.failed_rows_sql IS NOT NULL THEN
			EXECUTE format('SELECT count(*) FROM (%s) AS f', r.failed_rows_sql) INTO n;
		END IF;
		name := r.check_name;
		verdict := format('%s %s/%s', r.status, r.failed_rows, r.tested_rows);
		agrees := (e.tested_rows, e.failed_rows, n) = (r.tested_rows, r.failed_rows, r.failed_rows);
		RETURN NEXT;
	END LOOP;
END $$;
SELECT * FROM agree('towns', ARRAY[
	etl.rule('functional_dependency', '{town}', params => '{"determinant": ["zip"]}'),
	etl.rule('functional_dependency', '{town}', row_filter => 'id > 3', params => '{"determinant": ["state"], "nulls": "equal"}')]);

SET client_min_messages = warning;
DROP SCHEMA rules_row CASCADE;
