-- Patterns compiled to automata say what ~ and LIKE say, for every pattern
-- that they accept and every string.
\set VERBOSITY terse
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
CREATE SCHEMA check_dfa;
SET search_path = check_dfa, pg_catalog;

-- a number from 0 to n - 1 that looks random and is always the same
CREATE FUNCTION pick(seed text, n integer) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
	RETURN (('x' || substr(md5(seed), 1, 7))::bit(28)::integer) % n;

-- a pattern from a grammar: about half of them are outside of the subset
CREATE FUNCTION pattern(seed text, depth integer) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	atoms text[] := ARRAY['a', 'b', 'c', '.', '@', '\.', '\n', E'\n', 'é', '日', '-', '[ab]', '[^a]',
		'[^ab]', '[a-c]', '[^@]', '[é-ü]', '[^é]', '[aé日]', '\d', '\w', '\s', '\D', '\W', '\S',
		'[[:alpha:]]', '[^[:digit:]]', '[\w-]', '[^\s@]', '[\D]', '[a-z0-9._%+-]', '[]a]', '[^]a]',
		'\\', '\-', '^', '$', '\A', '\Z', '{', '}', ']', '\t', '[\n\t ]', '[^\n]', '1', '12', 'ab', 'ü',
		'[à-öa]', '[^à-ö日]', '[日-本]', '\B', '[.]', '[-a]', '[a-]', '[+--]', '[[]', '[]-a]'];
	quantifiers text[] := ARRAY['', '', '', '', '', '*', '+', '?', '*?', '+?', '??', '{2}', '{0}', '{0,2}',
		'{1,3}', '{2,}', '{0,}', '{1,2}?', '{3}', '{0,0}'];
	kind integer := pick(seed || 'k', 12);
BEGIN
	IF depth <= 0 OR kind < 4 THEN
		RETURN atoms[1 + pick(seed || 'a', array_length(atoms, 1))] ||
			CASE WHEN pick(seed || 'p', 3) = 0 THEN quantifiers[1 + pick(seed || 'q', array_length(quantifiers, 1))] ELSE '' END;
	ELSIF kind < 8 THEN
		RETURN pattern(seed || 'l', depth - 1) || pattern(seed || 'r', depth - 1);
	ELSIF kind < 9 THEN
		RETURN pattern(seed || 'l', depth - 1) || '|' || pattern(seed || 'r', depth - 1);
	ELSIF kind < 10 THEN
		RETURN '^' || pattern(seed || 'l', depth - 1) || CASE WHEN pick(seed || 'e', 2) = 0 THEN '$' ELSE '' END;
	ELSE
		RETURN CASE WHEN kind = 10 THEN '(' ELSE '(?:' END || pattern(seed || 'l', depth - 1) || ')' ||
			quantifiers[1 + pick(seed || 'q', array_length(quantifiers, 1))];
	END IF;
END $$;

-- a string over the characters that the patterns are about
CREATE FUNCTION string(seed text) RETURNS text
	LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	alphabet text[] := ARRAY['a', 'b', 'c', '@', '.', E'\n', 'é', '日', '-', '1', '2', ' ', E'\\', 'z', '_', ']',
		'ü', '本', '😀', '[', '^', '$', '{', '}', E'\t', '%', '+', E'\u00a0', '٣'];
	used integer := 2 + pick(seed || 'u', array_length(alphabet, 1) - 1);
	result text := '';
BEGIN
	FOR i IN 1 .. pick(seed || 'n', 9) LOOP
		result := result || alphabet[1 + pick(seed || i, used)];
	END LOOP;
	RETURN result;
END $$;

CREATE TABLE string AS
	SELECT DISTINCT value COLLATE "C" AS value FROM (
		SELECT string('s' || i) FROM generate_series(1, 400) i
		UNION ALL SELECT unnest(ARRAY['', E'\n', E'a\n', E'\na', 'a', 'ab', 'aab', 'abc', 'a@b.c', 'a@b', '@', 'a@b.c.d',
			E'a@b.c\n', 'user.name+tag@example.co.uk', 'user@example.c', 'user@@example.com', 'é@日.本',
			'2024-02-29', '2024-2-29', '2024-02-299', '192.168.0.1', '1.2.3.', 'ABC123', 'abc_123', '+4915112345678',
			'550e8400-e29b-41d4-a716-446655440000', '550E8400-E29B-41D4-A716-44665544000G',
			repeat('a', 300), repeat('a', 300) || 'b', repeat('é', 255), repeat('日', 256), 'é', 'éé', 'e', 'ab' || E'\n' || 'ab'])
	) s(value);

-- Patterns that people write, and corners.
CREATE TABLE pattern AS
	SELECT DISTINCT pattern COLLATE "C" AS pattern FROM unnest(ARRAY['', 'a', '^', '$', '^$', '$^', '^^', '$$', 'a^', '$a', '^a^', '(^)*a', '(^|b)a',
		'(a|$)', 'a$|^b', '(^a|b$)', '(^|a)*b', '(a*)*', '(a*)+$', '(a|b)*abb', '((a))', '()', '(|a)b', 'a||b', '|', '(?:)', '^(?:)$',
		'^[^@]+@[^@]+\.[^@]+$', '^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}$', '^\d{4}-\d{2}-\d{2}$',
		'^(\d{1,3}\.){3}\d{1,3}$', '^[A-Z]{3}\d+$', '^\+?[0-9]{7,15}$', '^\S+$', '\s', '^\s*$', '^\w+$', '^[[:alnum:]_]+$',
		'^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', '^.{1,5}$', '^.*$', '.', '..', '^...$', E'a.b',
		'a{255}', '^a{300}', '^a{1,255}$', '^é{255}$', '^.{255}$', 'a{,3}', 'a{', 'a{x', '{', '{1', 'x{0}', '^(a{0})b?$', '^(a|b){0}',
		'[a-]', '[]]', '[^]]', '[]', '[a', '[b-a]', '[a-a]', '[a-b-c]', '[--a]', '[a--]', '[+--]', '[\]]', '[\\]', '[\d.]+', '[^\d]',
		'[\w-x]', '[[:foo:]]', '[[.a.]]', '[[=a=]]', '[[:<:]]a', '[[:space:]x]', '[[:^alpha:]]', '[\q]', '[a\', '\', 'a\', '\q',
		'\d+', '\D', '\m', '\ya', '(a)\1', '\1', '\x41', '\u0041', '\101', '\e', '\a', '\cA', '(?i)a', '(?=a)', '(?!a)a', '(?<=a)b',
		'(?#x)a', '***=a', '***:a', '***', '*', '*a', '+', '?', 'a**', 'a+*', 'a*?', 'a{2}{3}', 'a{2}?', 'a{1,2}?', '^*', '$*', '(*)',
		'(', ')', 'a)', '(a', '(a))', '(?', '(?:', '(?a)', 'é', '[é]', '[^é]+', '[é-日]', '^[^é]$', '^.$', '😀', '[a-😀]', '^[^a-😀]',
		E'\n', '\n', '[^\n]*$', E'^[^\n]*$', '^a\n$', 'a\Z', '\Aa', '\A\Z', 'x*', '(x|y|z)*$', '(a|ab)(c|bcd)(d*)', '^(a|aa)+$',
		'(a?){20}a{20}', '(a|b)*a(a|b){12}', '(a|b)*a(a|b){8}$', '([a-c]{1,200}){1,200}', '[[:upper:]]', '[[:punct:]]{2}', '[^[:ascii:]]']) p(pattern);

-- Which of them are in the subset? (Those that are not, and that are right,
-- depend on the version of the server only if the server changes.)
SELECT pattern, etl_catalog.dfa_matches('', pattern) IS NOT NULL AS accepted FROM pattern ORDER BY pattern;

-- Differences, under the C collation and that of the database. The strings are
-- the inner side: each pattern is compiled once.
SELECT sum(pairs) AS pairs, count(*) AS patterns, sum(matching) > 1000 AS some_match, sum(differences) AS differences
  FROM (SELECT pattern FROM pattern WHERE etl_catalog.dfa_matches('', pattern) IS NOT NULL OFFSET 0) p
 CROSS JOIN LATERAL (
	SELECT count(*) AS pairs, count(*) FILTER (WHERE s.value ~ p.pattern) AS matching,
		   count(*) FILTER (WHERE etl_catalog.dfa_matches(s.value, p.pattern) IS DISTINCT FROM (s.value ~ p.pattern)) AS differences
	  FROM string s) d;
SELECT sum(pairs) AS pairs, count(*) AS patterns, sum(matching) > 1000 AS some_match, sum(differences) AS differences
  FROM (SELECT pattern COLLATE "default" AS pattern FROM pattern WHERE etl_catalog.dfa_matches('', pattern) IS NOT NULL OFFSET 0) p
 CROSS JOIN LATERAL (
	SELECT count(*) AS pairs, count(*) FILTER (WHERE s.value COLLATE "default" ~ p.pattern) AS matching,
		   count(*) FILTER (WHERE etl_catalog.dfa_matches(s.value COLLATE "default", p.pattern) IS DISTINCT FROM (s.value COLLATE "default" ~ p.pattern)) AS differences
	  FROM string s) d;

-- Patterns from the grammar.
CREATE TABLE generated AS
	SELECT DISTINCT pattern('g' || i, 2 + i % 4) COLLATE "C" AS pattern FROM generate_series(1, 3500) i;
ALTER TABLE generated ADD accepted boolean;
UPDATE generated SET accepted = etl_catalog.dfa_matches('', pattern) IS NOT NULL;
SELECT count(*) AS patterns, count(*) FILTER (WHERE accepted) AS accepted FROM generated;
SELECT sum(pairs) AS pairs, sum(matching) > 100000 AS many_match, sum(differences) AS differences
  FROM (SELECT pattern FROM generated WHERE accepted OFFSET 0) p
 CROSS JOIN LATERAL (
	SELECT count(*) AS pairs, count(*) FILTER (WHERE s.value ~ p.pattern) AS matching,
		   count(*) FILTER (WHERE etl_catalog.dfa_matches(s.value, p.pattern) IS DISTINCT FROM (s.value ~ p.pattern)) AS differences
	  FROM string s) d;
SELECT sum(matching) > 10000 AS many_match, sum(differences) AS differences
  FROM (SELECT pattern COLLATE "default" AS pattern FROM generated WHERE accepted AND pattern ~ '\\[dwsDWS]|\[\[:' OFFSET 0) p
 CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE s.value COLLATE "default" ~ p.pattern) AS matching,
		   count(*) FILTER (WHERE etl_catalog.dfa_matches(s.value COLLATE "default", p.pattern) IS DISTINCT FROM (s.value COLLATE "default" ~ p.pattern)) AS differences
	  FROM string s) d;

-- LIKE
CREATE TABLE like_pattern AS
	SELECT DISTINCT replace(replace(string('l' || i), '.', '%'), '-', '_') COLLATE "C" AS pattern FROM generate_series(1, 1200) i
	UNION SELECT unnest(ARRAY['', '%', '%%', '_', '__%', '%_', '%_%', 'a%', '%a', '%a%', 'a%b', '\%', '\_', '\\', '\', 'a\', '%\', '\a', 'é_', '_é%', '%日', '\é', '%@%.%']);
SELECT count(*) AS patterns, count(*) FILTER (WHERE etl_catalog.dfa_like('', pattern) IS NOT NULL) AS accepted FROM like_pattern;
SELECT sum(pairs) AS pairs, sum(matching) > 1000 AS many_match, sum(differences) AS differences
  FROM (SELECT pattern FROM like_pattern WHERE etl_catalog.dfa_like('', pattern) IS NOT NULL OFFSET 0) p
 CROSS JOIN LATERAL (
	SELECT count(*) AS pairs, count(*) FILTER (WHERE s.value LIKE p.pattern) AS matching,
		   count(*) FILTER (WHERE etl_catalog.dfa_like(s.value, p.pattern) IS DISTINCT FROM (s.value LIKE p.pattern)) AS differences
	  FROM string s) d;
SELECT count(*) AS refused, bool_and(pattern ~ '(^|[^\\])(\\\\)*\\$') AS all_end_with_an_escape
  FROM like_pattern WHERE etl_catalog.dfa_like('', pattern) IS NULL;

-- Under a nondeterministic collation the server refuses or means something
-- else.
CREATE COLLATION no_case (provider = icu, locale = 'und', deterministic = false);
SELECT etl_catalog.dfa_matches('a' COLLATE no_case, 'a') AS matches, etl_catalog.dfa_like('a' COLLATE no_case, 'a') AS is_like;

-- The same through checks, by the scan and by SQL: texts of all types, long
-- ones, NULL, both directions.
CREATE TABLE texts AS
	SELECT value AS t, value::varchar(400) AS v, left(value, 12)::char(12) AS c, repeat(value, 300) AS long
	  FROM string UNION ALL VALUES (NULL, NULL, NULL, NULL);
CREATE FUNCTION verdicts(way text) RETURNS TABLE (evaluation text, verdict text)
LANGUAGE plpgsql AS $$
BEGIN
	PERFORM set_config('dq_etl.force_evaluation', way, true);
	RETURN QUERY SELECT r.evaluation, concat_ws(' ', r.check_name, r.status, r.tested_rows, r.null_rows, r.failed_rows)
	  FROM etl.check('texts', ARRAY(SELECT format('%s COLLATE "default" %s %L', c, o, p)
		  FROM unnest('{t,v,c,long}'::text[]) c, unnest('{~,!~,LIKE,NOT LIKE}'::text[]) o,
			   unnest('{a,^a,b$,^[^@]+@[^@]+$,\w\d,_b%,%a%b,a_,%}'::text[]) p), sample_rows => 0) r;
END $$;
SELECT count(*) AS checks, count(*) FILTER (WHERE a.evaluation = 'scan') AS by_scan, count(*) FILTER (WHERE a.verdict <> b.verdict) AS differences
  FROM verdicts('scan') WITH ORDINALITY a JOIN verdicts('sql') WITH ORDINALITY b USING (ordinality);

DROP SCHEMA check_dfa CASCADE;
