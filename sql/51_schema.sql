-- The columns of a relation as one value, for the rule schema_unchanged.

CREATE FUNCTION etl.schema_fingerprint(relation regclass) RETURNS text
LANGUAGE C STABLE STRICT PARALLEL RESTRICTED
AS 'MODULE_PATHNAME', 'dq_etl_schema_fingerprint';
COMMENT ON FUNCTION etl.schema_fingerprint(regclass) IS
'Digest the columns of a relation (64 hexadecimal digits): names, types with modifiers, order, NOT NULL, collations, identity and generation; for the rule schema_unchanged. NULL for NULL; error 42P01 for a relation that does not exist';
