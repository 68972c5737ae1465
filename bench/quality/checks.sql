-- Forty row checks of the usual kinds, as rules and as what an expert writes
-- instead: a condition that must hold, and is no failure when it is NULL.
CREATE TABLE checks (n integer PRIMARY KEY, rule text, condition text);
INSERT INTO checks
SELECT row_number() OVER (), rule, condition FROM (
	SELECT etl.rule('not_null', ARRAY[c]), format('%I IS NOT NULL', c)
	  FROM unnest('{id,quantity,created,score,active,code,email,status,country,price}'::text[]) AS c
UNION ALL
	SELECT etl.rule('between', ARRAY[c], params => jsonb_build_object('min_value', low, 'max_value', high)),
		   format('%I BETWEEN %L AND %L', c, low, high)
	  FROM (VALUES ('quantity', '0', '1000'), ('price', '0', '10000'), ('score', '0', '1'), ('ratio', '-1', '1'),
			('created', '2020-01-01', '2030-01-01'), ('customer', '1', '1000000000'), ('batch', '0', '1000'),
			('amount', '0', '10000000')) AS v (c, low, high)
UNION ALL
	SELECT etl.rule(t, ARRAY[c], params => jsonb_build_object('value', v)), format('%I %s %L', c, op, v)
	  FROM (VALUES ('greater_than', 'id', '>', '0'), ('at_least', 'quantity', '>=', '0'), ('at_least', 'price', '>=', '0'),
			('at_most', 'score', '<=', '1'), ('not_equal_to', 'ratio', '<>', '2'), ('less_than', 'batch', '<', '5000'),
			('not_equal_to', 'customer', '<>', '0'), ('less_than', 'created', '<', '2035-01-01')) AS v (t, c, op, v)
UNION ALL
	SELECT etl.rule('compare_columns', ARRAY[a, b], params => jsonb_build_object('op', '>=')), format('%I >= %I', a, b)
	  FROM (VALUES ('updated', 'created'), ('amount', 'price')) AS v (a, b)
UNION ALL
	SELECT etl.rule('length_between', ARRAY[c], params => jsonb_build_object('min_value', low, 'max_value', high)),
		   format('length(%I) BETWEEN %s AND %s', c, low, high)
	  FROM (VALUES ('code', 32, 32), ('email', 6, 60), ('status', 2, 12), ('country', 2, 2), ('note', 1, 40), ('code', 1, 64)) AS v (c, low, high)
UNION ALL
	SELECT etl.rule(t, ARRAY[c], allowed => set),
		   format('%I %s (%s)', c, CASE t WHEN 'accepted_values' THEN 'IN' ELSE 'NOT IN' END,
				  (SELECT string_agg(quote_literal(s), ', ') FROM unnest(set) AS s))
	  FROM (VALUES ('accepted_values', 'status', '{new,open,paid,shipped,closed}'::text[]),
			('accepted_values', 'country', '{DE,FR,IT,ES,PL,NL,BE,AT,CH,SE}'), ('accepted_values', 'active', '{true,false}'),
			('not_accepted_values', 'status', '{deleted,lost}'), ('not_accepted_values', 'country', '{XX,ZZ}'),
			('not_accepted_values', 'customer', '{0,-1}')) AS v (t, c, set)) AS all_checks (rule, condition);

-- statements that the script runs, by name; :TABLE is replaced
CREATE TABLE statements (name text PRIMARY KEY, statement text);
INSERT INTO statements
SELECT 'separate', string_agg(format('SELECT %s, count(*) FROM :TABLE WHERE NOT (%s);', n, condition), E'\n' ORDER BY n) FROM checks
UNION ALL
-- count(column) is the fastest way to count NULLs
SELECT 'filter', 'SELECT c.n, c.failed FROM (SELECT ARRAY[' || string_agg(
		CASE WHEN condition LIKE '% IS NOT NULL' THEN format('count(*) - count(%s)', replace(condition, ' IS NOT NULL', ''))
			 ELSE format('count(*) FILTER (WHERE NOT (%s))', condition) END, ', ' ORDER BY n) ||
		'] AS f FROM :TABLE) AS q, unnest(q.f) WITH ORDINALITY AS c (failed, n) ORDER BY c.n;' FROM checks
UNION ALL
SELECT 'check', 'SELECT row_number() OVER (), failed_rows FROM etl.check('':TABLE'', (SELECT array_agg(rule ORDER BY n) FROM checks), sample_rows => 0);'
UNION ALL
SELECT 'count', 'SELECT count(note) FROM :TABLE;';
