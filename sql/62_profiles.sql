-- Saved profiles. Like all catalogue tables written through src/catalog only;
-- nobody is granted anything on it. Not dumped: history stays with the server
-- that made it, and the state holds OIDs of types.
CREATE TABLE etl_catalog.profile (
	profile_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	-- what it is called: a relation's qualified name
	relation       text NOT NULL,
	label          text,
	-- whose rows went into it: who may read these may see the profile, as long
	-- as OID and name agree
	relation_oids  oid[] NOT NULL,
	relation_names text[] NOT NULL,
	columns        text[] NOT NULL,
	all_columns    boolean NOT NULL,
	row_filter     text,
	-- row security hid some of the rows from the role that saved it
	partial        boolean NOT NULL,
	total_rows     bigint NOT NULL CHECK (total_rows >= 0),
	owner_oid      oid NOT NULL,
	owner_name     text NOT NULL,
	saved_at       timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	-- counters, sketches and sample, which merge; see src/quality/profile.h
	state          bytea NOT NULL,
	CHECK (pg_catalog.cardinality(relation_oids) = pg_catalog.cardinality(relation_names))
);
COMMENT ON TABLE etl_catalog.profile IS 'One row per saved profile of a relation';
-- people look for the latest of a relation
CREATE INDEX profile_relation_idx ON etl_catalog.profile (relation, profile_id DESC);
ALTER TABLE etl_catalog.profile ENABLE ROW LEVEL SECURITY;
CREATE TRIGGER tableguard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON etl_catalog.profile
	FOR EACH STATEMENT EXECUTE FUNCTION etl_catalog.tableguard();

CREATE FUNCTION etl_catalog.may_read(relation_oids oid[], relation_names text[], columns text[]) RETURNS boolean
LANGUAGE C STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'dq_etl_catalog_may_read';
COMMENT ON FUNCTION etl_catalog.may_read(oid[], text[], text[]) IS
'Tell whether the current user may read these columns of these relations as a whole, which count only while they are still called so; false where row security is in force, and for views and foreign tables, which may show others other rows';

CREATE VIEW etl.profiles WITH (security_barrier) AS
	SELECT p.profile_id, p.relation, p.label, p.columns, p.row_filter,
		   p.partial, p.total_rows, p.owner_name AS owner, p.saved_at
	  FROM etl_catalog.profile p
	 CROSS JOIN (SELECT) nothing
	 WHERE etl_catalog.has_role(p.owner_oid, p.owner_name)
		OR (NOT p.partial
			AND etl_catalog.may_read(p.relation_oids, p.relation_names, p.columns))
	 ORDER BY p.profile_id DESC;
COMMENT ON VIEW etl.profiles IS
'Show each saved profile that one may see, the latest first: those of roles whose privileges one has, and those of tables and materialized views that one may read as a whole';
COMMENT ON COLUMN etl.profiles.profile_id IS 'Number of the profile, for etl.show_profile, etl.profile_diff, etl.merge_profiles and etl.drop_profile';
COMMENT ON COLUMN etl.profiles.relation IS 'Relation that it is a profile of';
COMMENT ON COLUMN etl.profiles.label IS 'Label given when it was saved';
COMMENT ON COLUMN etl.profiles.columns IS 'Columns that are in it';
COMMENT ON COLUMN etl.profiles.row_filter IS 'Condition of the rows that are in it; NULL: all';
COMMENT ON COLUMN etl.profiles.partial IS 'Whether row security hid some of the rows from the role that saved it';
COMMENT ON COLUMN etl.profiles.total_rows IS 'Rows that are in it';
COMMENT ON COLUMN etl.profiles.owner IS 'Role that saved it';
COMMENT ON COLUMN etl.profiles.saved_at IS 'When it was saved';

CREATE FUNCTION etl.save_profile(
	source      regclass,
	label       text    DEFAULT NULL,
	columns     text[]  DEFAULT NULL,
	row_filter  text    DEFAULT NULL,
	sample_rows integer DEFAULT 2000)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_save_profile';
COMMENT ON FUNCTION etl.save_profile(regclass, text, text[], text, integer) IS
'Take a profile of a relation, keep it, and return its number. Kept are counters, sketches and a sample of at most sample_rows (1 to 1000000) rows, about 20 kB a column and the sample; so kept profiles merge and compare. Other arguments and errors as etl.profile; 25006 where nothing may be written';

CREATE FUNCTION etl.show_profile(
	profile_id bigint,
	top_values integer DEFAULT 5)
RETURNS SETOF etl.column_profile
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_show_profile';
COMMENT ON FUNCTION etl.show_profile(bigint, integer) IS
'Tell what a saved profile knows, one row for each column, as etl.profile does. Errors: 22004 for NULL, 22023 for values out of bounds, 42704 for a profile that does not exist or that one may not see';

CREATE FUNCTION etl.merge_profiles(
	profile_ids bigint[],
	source      regclass DEFAULT NULL,
	label       text     DEFAULT NULL)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_merge_profiles';
COMMENT ON FUNCTION etl.merge_profiles(bigint[], regclass, text) IS
'Make one profile of several, as of partitions or of days, keep it under the name of source (NULL: that of the first one), and return its number. Counts, sums, extremes and distinct counts are those of a profile of all the rows; a row that is in two of them counts twice. Columns are those of the first one. Errors: 22004 for NULL, 22023 for an empty list, 42704 for a profile that does not exist or that one may not see, 42804 when a column is not in all of them or is of another type or collation, 25006 where nothing may be written';

CREATE FUNCTION etl.drop_profile(profile_id bigint) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_drop_profile';
COMMENT ON FUNCTION etl.drop_profile(bigint) IS
'Drop a saved profile and return its number. Errors: 22004 for NULL, 42704 for one that does not exist or that one may not see, 42501 for one saved by a role whose privileges one does not have, 25006 where nothing may be written';

CREATE FUNCTION etl.profile_diff(
	before_id bigint,
	after_id  bigint   DEFAULT NULL,
	source    regclass DEFAULT NULL,
	min_magnitude double precision DEFAULT 0)
RETURNS TABLE (
	column_name  text,
	difference   text,
	before_value text,
	after_value  text,
	magnitude    double precision)
LANGUAGE C VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dq_etl_profile_diff';
COMMENT ON FUNCTION etl.profile_diff(bigint, bigint, regclass, double precision) IS
'Compare a saved profile with another one, or, when after_id is NULL, with a relation as it is now (source, NULL: the relation that the profile is of), read with the same row filter: one row for each difference, the greatest magnitude first, no row when there is none. What comes from samples is told only when it exceeds four standard errors. difference and its magnitude: row_count (change in relation to the greater number), column_added, column_removed, type (1), null_fraction, blank_fraction, true_fraction (change), distinct_count, stddev (change in relation to the greater), mean (change in standard deviations before), min, max (change in relation to the range before), quantile (the one that moved most: by how much of the distribution before), psi (population stability index over the deciles before), new_value, vanished_value, new_pattern, vanished_pattern (fraction of values), row_order (1). Errors: 22004 for NULL as before_id or min_magnitude, 22023 when both after_id and source are given, 42704 for a profile that does not exist or that one may not see, otherwise as etl.profile';
