-- The part about rules of doc/reference.md.
CREATE FUNCTION pg_temp.cell(value text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN replace(coalesce(value, ''), '|', '\|');

-- an option that many rules share is told once
CREATE TEMP VIEW taken AS
SELECT r.rule_type, o.place, o.item->>'name' AS name, o.item->>'kind' AS kind,
       (o.item->>'required')::boolean AS required, o.item->>'words' AS words, o.item->>'help' AS help
FROM   etl.rule_types() AS r, jsonb_array_elements(r.options) WITH ORDINALITY AS o (item, place);
CREATE TEMP TABLE shared AS
SELECT name, kind, help, max(words) AS words, count(*) AS rules FROM taken
GROUP  BY name, kind, help HAVING count(*) > 3;

SELECT E'### Options of many rules\n\n| option | is a | |\n|---|---|---|';
SELECT format('| `%s` | %s | %s |', o.name, o.kind, pg_temp.cell(o.help)) FROM (VALUES
	('name', 'text', 'name of the check, which its history follows; default: derived from what is checked'),
	('severity', 'word', 'info, warn, error (default) or critical; info and warn never stop a run'),
	('on_empty', 'word', 'pass, warn or fail: what counts when there was nothing to test; default: fail for metrics, pass otherwise'),
	('sample_limit', 'whole number', 'failing rows to keep'),
	('description', 'text', 'why this check exists'),
	('tags', 'list of texts', 'words to find it by'),
	('dimension', 'word', 'completeness, validity, uniqueness, consistency, accuracy, timeliness, volume or schema; default: that of the rule'),
	('info, warn, error, critical', 'object', 'options of this severity, over those of the rule: several levels in one check')) AS o (name, kind, help);
SELECT format('| `%s` | %s | %s |', name, kind, pg_temp.cell(help)) FROM shared ORDER BY rules DESC, name;

SELECT CASE WHEN lag(r.family) OVER w IS DISTINCT FROM r.family
            THEN format(E'\n### Rules: %s\n\n| rule | columns | dimension | | options |\n|---|---|---|---|---|\n', r.family) ELSE '' END
       || format('| `%s`%s | %s | %s | %s | %s |', r.rule_type,
                 coalesce(' (' || (SELECT string_agg('`' || a || '`', ', ' ORDER BY n) FROM unnest(r.aliases) WITH ORDINALITY AS u (a, n)) || ')', ''),
                 r.columns, r.dimension, pg_temp.cell(r.description),
                 (SELECT string_agg(CASE WHEN s.name IS NOT NULL THEN format('`%s`', t.name)
                                         ELSE format('`%s` (%s%s): %s', t.name, CASE WHEN t.required THEN 'required ' END,
                                                     coalesce(replace(t.words, '|', ', '), t.kind), pg_temp.cell(t.help)) END, '; ' ORDER BY t.place)
                  FROM   taken AS t LEFT JOIN shared AS s USING (name, kind, help)
                  WHERE  t.rule_type = r.rule_type))
FROM   etl.rule_types() WITH ORDINALITY AS r
WINDOW w AS (ORDER BY r.ordinality)
ORDER  BY r.ordinality;
