-- JSON: is it, has it keys, does it satisfy a schema
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS dq_etl;
SET search_path = pg_catalog;
\set VERBOSITY terse

SELECT v, etl.is_json(v) FROM (VALUES ('{}'), ('[]'), ('1'), ('"a"'), ('null'), (''), (' '), ('{"a":1}x'), ('[1,]'), ('{"a":}'), ('nul'), ('-'), ('1.'), ('"\u12"'), ('"\u0000"'), (' [ ] '), (NULL)) t (v);
SELECT etl.is_json(repeat('[', 100000) || repeat(']', 100000)) AS deep, etl.is_json(repeat('[{"a":', 100000) || '1' || repeat('}]', 100000)) AS deep_mixed, etl.is_json(repeat('[', 100000) || repeat(']', 99999)) AS open;

SELECT etl.json_has_keys('{"a": 1, "b": null}', '{a,b}'), etl.json_has_keys('{"a": 1}', '{a,b}'), etl.json_has_keys('{"a": 1}', '{}'), etl.json_has_keys('["a"]', '{a}'), etl.json_has_keys('"a"', '{a}'), etl.json_has_keys('{"a": {"b": 1}}', '{b}'), etl.json_has_keys(NULL, '{a}'), etl.json_has_keys('{"a": 1}', '{a,NULL}');

-- each keyword: documents that satisfy it and documents that do not
CREATE TEMP TABLE expected (keyword text, schema jsonb, good jsonb, bad jsonb);
INSERT INTO expected VALUES
('type', '{"type": "integer"}', '[0, -3, 1.0, 1e2]', '[1.5, "1", null, true, [], {}]'),
('type', '{"type": ["string", "null"]}', '["", null]', '[1, false, [], {}]'),
('type', '{"type": "number"}', '[1, 1.5]', '["1"]'),
('type', '{"type": "array"}', '[[], [1]]', '[{}, 1]'),
('type', '{"type": "object"}', '[{}]', '[[], "{}"]'),
('type', '{"type": "boolean"}', '[true, false]', '[0, "true"]'),
('enum', '{"enum": [1, "a", [1, {"x": null}], null]}', '[1, 1.0, "a", [1, {"x": null}], null]', '[2, "A", [1], false, [{"x": null}, 1]]'),
('enum', '{"enum": []}', '[]', '[1]'),
('const', '{"const": {"a": 1, "b": [true]}}', '[{"b": [true], "a": 1.0}]', '[{"a": 1}, null]'),
('const', '{"const": null}', '[null]', '[0, false]'),
('properties', '{"properties": {"a": {"type": "integer"}}}', '[{"a": 1}, {}, {"b": "x"}, 5]', '[{"a": "x"}]'),
('required', '{"required": ["a", "b"]}', '[{"a": 1, "b": null}, "no object"]', '[{"a": 1}, {}]'),
('additionalProperties', '{"properties": {"a": true}, "patternProperties": {"^x": {"type": "string"}}, "additionalProperties": false}', '[{"a": 1, "xy": "z"}, {}]', '[{"b": 1}, {"xy": 1}]'),
('additionalProperties', '{"additionalProperties": {"type": "string"}}', '[{"a": "1"}]', '[{"a": 1}]'),
('propertyNames', '{"propertyNames": {"maxLength": 2}}', '[{"ab": 1}]', '[{"abc": 1}]'),
('minProperties', '{"minProperties": 1, "maxProperties": 2}', '[{"a": 1}, {"a": 1, "b": 2}]', '[{}, {"a": 1, "b": 2, "c": 3}]'),
('items', '{"items": {"type": "integer"}}', '[[1, 2], [], "x"]', '[[1, "x"]]'),
('items', '{"items": false}', '[[]]', '[[1]]'),
('prefixItems', '{"prefixItems": [{"type": "integer"}, {"type": "string"}], "items": {"type": "boolean"}}', '[[1, "a", true], [1], []]', '[["a"], [1, "a", 1]]'),
('additionalItems', '{"items": [{"type": "integer"}], "additionalItems": false}', '[[1], []]', '[[1, 2]]'),
('contains', '{"contains": {"const": 1}}', '[[0, 1], "x"]', '[[], [0]]'),
('minContains', '{"contains": {"const": 1}, "minContains": 2, "maxContains": 3}', '[[1, 1], [1, 0, 1, 1]]', '[[1], [1, 1, 1, 1]]'),
('minContains', '{"contains": {"const": 1}, "minContains": 0}', '[[]]', '[]'),
('uniqueItems', '{"uniqueItems": true}', '[[1, 2, "1", [1], {"a": 1}], [], [false, 0, null, ""]]', '[[1, 1.0], [{"a": 1, "b": 2}, {"b": 2, "a": 1}], [[1], [1]]]'),
('minItems', '{"minItems": 1, "maxItems": 2}', '[[1], [1, 2]]', '[[], [1, 2, 3]]'),
('minimum', '{"minimum": 1, "maximum": 2.5}', '[1, 2.5, "x"]', '[0.99, 2.51]'),
('exclusiveMinimum', '{"exclusiveMinimum": 1, "exclusiveMaximum": 2}', '[1.5]', '[1, 2]'),
('exclusiveMinimum', '{"minimum": 1, "exclusiveMinimum": true}', '[1.1]', '[1]'),
('multipleOf', '{"multipleOf": 0.01}', '[0.07, 1, 0]', '[0.075]'),
('minLength', '{"minLength": 2, "maxLength": 3}', '["ää", "abc", 1]', '["ä", "abcd"]'),
('pattern', '{"pattern": "^\\d+$"}', '["12", 1]', '["", "1a", "٣"]'),
('pattern', '{"pattern": "b"}', '["abc"]', '["ac"]'),
('format', '{"format": "date"}', '["2024-02-29", 1]', '["2023-02-29", ""]'),
('format', '{"format": "email"}', '["a@b.co"]', '["a"]'),
('format', '{"format": "made up"}', '["x"]', '[]'),
('allOf', '{"allOf": [{"minimum": 1}, {"maximum": 3}]}', '[2]', '[0, 4]'),
('anyOf', '{"anyOf": [{"type": "string"}, {"minimum": 5}]}', '["x", 5]', '[4]'),
('oneOf', '{"oneOf": [{"multipleOf": 2}, {"multipleOf": 3}]}', '[2, 3]', '[6, 1]'),
('not', '{"not": {"type": "null"}}', '[1]', '[null]'),
('if', '{"if": {"properties": {"k": {"const": 1}}, "required": ["k"]}, "then": {"required": ["a"]}, "else": {"required": ["b"]}}', '[{"k": 1, "a": 0}, {"k": 2, "b": 0}]', '[{"k": 1, "b": 0}, {"a": 0}]'),
('$ref', '{"$defs": {"p": {"minimum": 0}}, "properties": {"x": {"$ref": "#/$defs/p"}}}', '[{"x": 1}]', '[{"x": -1}]'),
('$ref', '{"definitions": {"a/b~c%": {"minimum": 0}}, "items": {"$ref": "#/definitions/a~1b~0c%25"}}', '[[1]]', '[[-1]]'),
('$ref', '{"type": ["object", "null"], "properties": {"next": {"$ref": "#"}}, "additionalProperties": false}', '[null, {"next": {"next": null}}]', '[{"next": {"nxt": null}}]'),
('$ref', '{"$ref": "#pos", "$defs": {"x": {"$anchor": "pos", "minimum": 0}}, "maximum": 9}', '[1]', '[-1, 10]'),
('$ref', '{"$schema": "http://json-schema.org/draft-07/schema#", "$ref": "#/definitions/x", "maximum": 0, "definitions": {"x": {"minimum": 0}}}', '[1]', '[-1]'),
('$id', '{"$id": "http://a.test/s", "$ref": "http://a.test/s#/$defs/x", "$defs": {"x": {"minimum": 0}}}', '[1]', '[-1]'),
('dependentRequired', '{"dependentRequired": {"a": ["b"]}}', '[{"a": 1, "b": 1}, {"c": 1}]', '[{"a": 1}]'),
('dependentSchemas', '{"dependentSchemas": {"a": {"minProperties": 2}}}', '[{"a": 1, "b": 1}, {"c": 1}]', '[{"a": 1}]'),
('dependencies', '{"dependencies": {"a": ["b"], "c": {"minProperties": 2}}}', '[{"a": 1, "b": 1}, {}]', '[{"a": 1}, {"c": 1}]'),
('boolean', 'true', '[1, {}]', '[]'), ('boolean', 'false', '[]', '[1, null]'),
('unknown', '{"title": "x", "x-mine": {"a": 1}, "default": 5}', '[1, null, {}]', '[]');
SELECT keyword, schema, doc, wanted FROM (
	SELECT keyword, schema, jsonb_array_elements(good) AS doc, true AS wanted FROM expected
	UNION ALL SELECT keyword, schema, jsonb_array_elements(bad), false FROM expected) e
WHERE etl.matches_json_schema(doc, schema) IS DISTINCT FROM wanted
   OR etl.text_matches_json_schema(doc::text, schema) IS DISTINCT FROM wanted;

-- text that is no JSON, or none that jsonb can hold, satisfies nothing
SELECT v, etl.text_matches_json_schema(v, 'true') FROM (VALUES ('{"a": 1'), ('"\u0000"'), ('1e200000'), ('1'), (NULL)) t (v);
SELECT etl.matches_json_schema('1', NULL) IS NULL AS null_schema;

-- what is no schema
SELECT etl.matches_json_schema('1', '[]');
SELECT etl.matches_json_schema('1', '"x"');
SELECT etl.matches_json_schema('1', '{"type": "int"}');
SELECT etl.matches_json_schema('1', '{"type": 1}');
SELECT etl.matches_json_schema('1', '{"required": "a"}');
SELECT etl.matches_json_schema('1', '{"required": [1]}');
SELECT etl.matches_json_schema('1', '{"minLength": -1}');
SELECT etl.matches_json_schema('1', '{"minLength": 1.5}');
SELECT etl.matches_json_schema('1', '{"minimum": "1"}');
SELECT etl.matches_json_schema('1', '{"multipleOf": 0}');
SELECT etl.matches_json_schema('1', '{"enum": 1}');
SELECT etl.matches_json_schema('1', '{"properties": {"a": 1}}');
SELECT etl.matches_json_schema('1', '{"properties": []}');
SELECT etl.matches_json_schema('1', '{"allOf": []}');
SELECT etl.matches_json_schema('1', '{"uniqueItems": 1}');
SELECT etl.matches_json_schema('1', '{"dependentRequired": {"a": "b"}}');
SELECT etl.matches_json_schema('1', '{"$ref": "#/$defs/missing"}');
SELECT etl.matches_json_schema('1', '{"$ref": 1}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.matches_json_schema('1', '{"pattern": "["}');
\echo :LAST_ERROR_SQLSTATE
SELECT etl.matches_json_schema('1', '{"$ref": "http://elsewhere.test/x"}');
SELECT etl.matches_json_schema('1', '{"unevaluatedProperties": false}');
\echo :LAST_ERROR_SQLSTATE
-- a reference to itself ends in an error, not in a crash
SELECT etl.matches_json_schema('1', '{"$ref": "#"}');
\echo :LAST_ERROR_SQLSTATE
-- a schema that is not a constant
SELECT s, etl.matches_json_schema('5', s) FROM (VALUES ('{"minimum": 5}'::jsonb), ('{"minimum": 6}'), ('{"minimum": 5}')) t (s);
