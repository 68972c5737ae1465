-- Doors to the pattern automata of the checks: they let a test compare them
-- with the server's own matching, and show which patterns are fast.

CREATE FUNCTION etl_catalog.dfa_matches(value text, pattern text) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_dfa_matches';
COMMENT ON FUNCTION etl_catalog.dfa_matches(text, text) IS
'Tell what value ~ pattern is, as checks find out with an automaton; NULL when checks leave this pattern to the server';

CREATE FUNCTION etl_catalog.dfa_like(value text, pattern text) RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
	AS 'MODULE_PATHNAME', 'dq_etl_catalog_dfa_like';
COMMENT ON FUNCTION etl_catalog.dfa_like(text, text) IS
'Tell what value LIKE pattern is, as checks find out with an automaton; NULL when checks leave this pattern to the server';
