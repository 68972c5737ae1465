-- One value looked at: formats, casts, templates of dates, JSON. Harmless: they
-- read no table, and everybody may execute them.

CREATE FUNCTION etl.has_format(value text, format text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'dq_etl_has_format';
COMMENT ON FUNCTION etl.has_format(text, text) IS
'Tell whether the whole text has a format of etl.formats(), byte by byte and the same in every locale; the empty text has none; NULL for a NULL; error 22023 for an unknown format';

CREATE FUNCTION etl.formats(
	OUT format text, OUT alias text, OUT description text, OUT defined_by text)
RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE ROWS 70
AS 'MODULE_PATHNAME', 'dq_etl_formats';
COMMENT ON FUNCTION etl.formats() IS
'List the formats that etl.has_format knows: name, another name (NULL: none), what is accepted, and the standard that says so (NULL: none)';

CREATE FUNCTION etl.castable(value text, type_name text) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'dq_etl_castable';
COMMENT ON FUNCTION etl.castable(text, text) IS
'Tell whether a type, such as integer, numeric(10,2), varchar(20) or a domain, takes the text as COPY would, with its modifier and constraints; never an error for a value; NULL for a NULL; error 42704 for an unknown type';

CREATE FUNCTION etl.matches_datetime_format(value text, format text) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 20
AS 'MODULE_PATHNAME', 'dq_etl_matches_datetime_format';
COMMENT ON FUNCTION etl.matches_datetime_format(text, text) IS
'Tell whether the text is a date or time exactly as a template of to_timestamp writes it: read by the template and written again it is the same, in its own time zone if the template has one; NULL for a NULL; error 22023 for an empty template and what to_char throws for one that it does not understand';

CREATE FUNCTION etl.is_json(value text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 5
AS 'MODULE_PATHNAME', 'dq_etl_is_json';
COMMENT ON FUNCTION etl.is_json(text) IS
'Tell whether the text is a JSON document (RFC 8259: an object, array or scalar), without an error; NULL for a NULL';

CREATE FUNCTION etl.json_has_keys(document jsonb, keys text[]) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 2
AS 'MODULE_PATHNAME', 'dq_etl_json_has_keys';
COMMENT ON FUNCTION etl.json_has_keys(jsonb, text[]) IS
'Tell whether the document is an object with all of these keys at its top level, whatever their values; a NULL among the keys asks for nothing; NULL for a NULL document or NULL keys';

CREATE FUNCTION etl.matches_json_schema(document jsonb, schema jsonb) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 50
AS 'MODULE_PATHNAME', 'dq_etl_matches_json_schema';
COMMENT ON FUNCTION etl.matches_json_schema(jsonb, jsonb) IS
'Tell whether the document satisfies a JSON Schema (drafts 4 to 2020-12, references within the schema, formats asserted, patterns as regular expressions of PostgreSQL); NULL for a NULL; error 22023 for an invalid schema, 0A000 for unevaluatedProperties, unevaluatedItems, dynamic references and references to other documents';

CREATE FUNCTION etl.text_matches_json_schema(document text, schema jsonb) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 60
AS 'MODULE_PATHNAME', 'dq_etl_text_matches_json_schema';
COMMENT ON FUNCTION etl.text_matches_json_schema(text, jsonb) IS
'Tell the same of a text; false when it is no JSON that jsonb can hold';

CREATE FUNCTION etl.in_charset(value text, charset text) RETURNS boolean
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 3
AS 'MODULE_PATHNAME', 'dq_etl_in_charset';
COMMENT ON FUNCTION etl.in_charset(text, text) IS
'Tell whether every character is in a set: ascii, printable_ascii, latin1, printable, digits, alpha, alnum, upper, lower, hex, word (all but latin1 and printable within ASCII), or a list like [a-z0-9_-]; true for the empty text; NULL for a NULL; error 22023 for an unknown set';
