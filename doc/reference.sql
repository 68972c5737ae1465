-- The part of doc/reference.md that the catalogue knows; run by
-- generate-reference.sh. Order and text depend on the extension only.

\pset recordsep '\n'
\pset null ''
SET search_path = pg_catalog;
SET client_min_messages = warning;
LOAD 'dq_etl';

-- markdown of a comment or a name inside a table cell
CREATE FUNCTION pg_temp.cell(words text) RETURNS text
LANGUAGE sql RETURN replace(replace(replace(coalesce(words, ''), E'\n', ' '), '|', '\|'), '<', '\<');

-- the name under which a relation's column types are shown
CREATE FUNCTION pg_temp.columns(relation oid) RETURNS text
LANGUAGE sql STABLE RETURN (
	SELECT string_agg(format('| `%s` | `%s` | %s |', a.attname,
	                         format_type(a.atttypid, a.atttypmod),
	                         pg_temp.cell(col_description(relation, a.attnum))),
	                  E'\n' ORDER BY a.attnum)
	FROM   pg_attribute AS a
	WHERE  a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped);

-- arguments as one writes them: without the casts of the defaults
CREATE FUNCTION pg_temp.arguments(function oid) RETURNS text
LANGUAGE sql STABLE RETURN regexp_replace(pg_get_function_arguments(function),
	'( DEFAULT (?:NULL|''[^'']*''))::[a-z0-9_ ]+(?:\[\])?', '\1', 'g');

SELECT $$# Reference

Made from the catalogue by `doc/generate-reference.sh`; change the COMMENTs in `sql/`, not this page.

Everything is in schema `etl`. Functions are executable by those to whom `etl.grant_usage` or GRANT gave it, unless it says otherwise.$$;

SELECT E'\n## Functions\n';
SELECT format(E'### etl.%s\n\n```\netl.%1$s(%s)\n    → %s\n```\n\n%s%s\n',
              p.proname,
              CASE WHEN length(pg_temp.arguments(p.oid)) > 70
                   THEN E'\n    ' || regexp_replace(pg_temp.arguments(p.oid),
                                      ', (?=(OUT |VARIADIC )?[a-z_]+ [a-z"])', E',\n    ', 'g')
                   ELSE pg_temp.arguments(p.oid) END,
              pg_get_function_result(p.oid),
              replace(obj_description(p.oid, 'pg_proc'), '<', '\<'),
              CASE WHEN has_function_privilege('public', p.oid, 'EXECUTE')
                   THEN E'\n\nExecutable by everybody.' ELSE '' END)
FROM   pg_proc AS p
WHERE  p.pronamespace = 'etl'::regnamespace AND p.prokind = 'f'
ORDER BY p.proname COLLATE "C", pg_get_function_identity_arguments(p.oid) COLLATE "C";

SELECT E'## Views\n';
SELECT format(E'### etl.%s\n\n%s\n\n| column | type | |\n|---|---|---|\n%s\n',
              c.relname, obj_description(c.oid, 'pg_class'), pg_temp.columns(c.oid))
FROM   pg_class AS c
WHERE  c.relnamespace = 'etl'::regnamespace AND c.relkind = 'v'
ORDER BY c.relname COLLATE "C";

SELECT E'## Types\n';
SELECT format(E'### etl.%s\n\n%s\n\n| attribute | type | |\n|---|---|---|\n%s\n',
              c.relname, obj_description(t.oid, 'pg_type'), pg_temp.columns(c.oid))
FROM   pg_class AS c
JOIN   pg_type AS t ON t.oid = c.reltype
WHERE  c.relnamespace = 'etl'::regnamespace AND c.relkind = 'c'
ORDER BY c.relname COLLATE "C";

SELECT $$## Settings

Of the server (`server`: in postgresql.conf, read again at a reload) or of anybody (`session`: with SET). The settings through which a run tells its steps what `etl.window_start()` and the like return are not listed.

| setting | type | default | set where | |
|---|---|---|---|---|$$;
SELECT format('| `%s` | %s | `%s%s` | %s | %s |',
              name, vartype, boot_val, coalesce(' ' || unit, ''),
              CASE context WHEN 'user' THEN 'session' WHEN 'sighup' THEN 'server' ELSE context END,
              pg_temp.cell(concat_ws(' ', short_desc, extra_desc)))
FROM   pg_settings
WHERE  name LIKE 'dq\_etl.%'
ORDER BY name COLLATE "C";
