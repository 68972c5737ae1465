/*
 * catalogue.c
 *	  What pg_catalog says about a relation, as SQL: keys, indexes, grants,
 *	  comments, a fingerprint.
 */
#include "postgres.h"

#include "base/json.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "quality/catalogue.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define GT " OPERATOR(pg_catalog.>) "
#define MINUS " OPERATOR(pg_catalog.-) "
#define CAT " OPERATOR(pg_catalog.||) "

/* names of the key columns of pg_index AS i, in order */
#define INDEX_COLUMNS                                                       \
	"ARRAY(SELECT a.attname::pg_catalog.text"                               \
	" FROM pg_catalog.generate_series(0, i.indnkeyatts" MINUS "1) AS k (n)" \
	" JOIN pg_catalog.pg_attribute AS a ON a.attrelid" EQ "i.indrelid"      \
	" AND a.attnum" EQ "i.indkey[k.n] ORDER BY k.n)"

/* an index that keeps its promise for every row, of columns only */
#define INDEX_IS_WHOLE \
	"i.indisvalid AND i.indisready AND i.indpred IS NULL AND i.indexprs IS NULL"

/*
 * dq_catalogue_regclass: the relation, as a value.
 */
char *
dq_catalogue_regclass(Oid relid)
{
	return psprintf("%s::pg_catalog.regclass",
					dq_sqltext_literal(dq_sqltext_relation(relid)));
}

/*
 * dq_catalogue_array: texts as an array.
 */
char *
dq_catalogue_array(List *texts)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "ARRAY[");
	foreach(lc, texts)
		appendStringInfo(&buf, "%s%s",
						 foreach_current_index(lc) > 0 ? ", " : "",
						 dq_sqltext_literal((char *) lfirst(lc)));
	appendStringInfoString(&buf, "]::pg_catalog.text[]");
	return buf.data;
}

/*
 * dq_catalogue_columns: the names of the columns in order.
 */
char *
dq_catalogue_columns(const DqSource *source)
{
	return psprintf("ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute AS a"
					" WHERE a.attrelid" EQ "%s AND a.attnum" GT
					"0 AND NOT a.attisdropped ORDER BY a.attnum)",
					dq_catalogue_regclass(source->relid));
}

/*
 * dq_catalogue_column: a column with this name exists and meets a condition.
 */
char *
dq_catalogue_column(const DqSource *source, const char *name,
					const char *condition)
{
	return psprintf("EXISTS (SELECT FROM pg_catalog.pg_attribute AS a"
					" WHERE a.attrelid" EQ "%s AND a.attname" EQ
					"%s AND a.attnum" GT "0 AND NOT a.attisdropped AND %s)",
					dq_catalogue_regclass(source->relid),
					dq_sqltext_literal(name), condition);
}

/*
 * same_set: SQL for two arrays with the same elements.
 */
static char *
same_set(const char *left, const char *right)
{
	return psprintf("(%s OPERATOR(pg_catalog.@>) %s AND %s OPERATOR(pg_catalog.<@) %s)",
					left, right, left, right);
}

/*
 * write_index: an index of the relation exists that meets a condition.
 */
static void
write_index(StringInfo buf, const DqProbe *probe, const char *condition)
{
	appendStringInfo(buf, "EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid" EQ "%s AND %s)",
					 dq_catalogue_regclass(probe->source->relid), condition);
}

/*
 * dq_catalogue_has_primary_key: there is a primary key, of exactly the
 * columns in any order when some are given.
 */
void
dq_catalogue_has_primary_key(StringInfo buf, const DqProbe *probe,
							 const char *value)
{
	char *columns = "true";

	if (probe->check->columns != NIL)
		columns = same_set(INDEX_COLUMNS,
						   dq_catalogue_array(probe->check->columns));
	write_index(buf, probe,
				psprintf("i.indisprimary AND i.indisvalid AND %s", columns));
}

/*
 * dq_catalogue_has_unique: a unique index of exactly the columns in any order
 * keeps all rows apart; a primary key does.
 */
void
dq_catalogue_has_unique(StringInfo buf, const DqProbe *probe,
						const char *value)
{
	write_index(buf, probe,
				psprintf("i.indisunique AND " INDEX_IS_WHOLE " AND %s",
						 same_set(INDEX_COLUMNS,
								  dq_catalogue_array(probe->check->columns))));
}

/*
 * dq_catalogue_has_index: an index begins with the columns, in this order;
 * of the method that is asked for, if any.
 */
void
dq_catalogue_has_index(StringInfo buf, const DqProbe *probe,
					   const char *value)
{
	const DqCheck *check = probe->check;
	char *method = dq_json_text(check->doc, "method", check->what);
	StringInfoData condition;

	initStringInfo(&condition);
	appendStringInfo(&condition, INDEX_IS_WHOLE " AND (%s)[1:%d]" EQ "%s",
					 INDEX_COLUMNS, list_length(check->columns),
					 dq_catalogue_array(check->columns));
	if (method != NULL)
		appendStringInfo(&condition, " AND (SELECT m.amname FROM pg_catalog.pg_class AS c"
									 " JOIN pg_catalog.pg_am AS m ON m.oid" EQ "c.relam WHERE c.oid" EQ "i.indexrelid)" EQ "%s",
						 dq_sqltext_literal(method));
	write_index(buf, probe, condition.data);
}

/*
 * dq_catalogue_indexes: detail: the definitions of the indexes.
 */
void
dq_catalogue_indexes(StringInfo buf, const DqProbe *probe,
					 const char *value)
{
	appendStringInfo(buf, "SELECT pg_catalog.jsonb_build_object('value', COALESCE(pg_catalog.jsonb_agg("
						  "pg_catalog.pg_get_indexdef(i.indexrelid) ORDER BY c.relname), '[]'))"
						  " FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid" EQ "i.indexrelid WHERE i.indrelid" EQ "%s",
					 dq_catalogue_regclass(probe->source->relid));
}

/*
 * key_pairs: SQL for the columns of pg_constraint AS c and, when "with_other",
 * the columns they refer to, as an array of JSON texts.
 */
static char *
key_pairs(bool with_other)
{
	if (!with_other)
		return "ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute AS a"
			   " WHERE a.attrelid" EQ "c.conrelid AND a.attnum" EQ
			   "ANY (c.conkey))";
	return "ARRAY(SELECT pg_catalog.jsonb_build_array(a.attname, b.attname)::pg_catalog.text"
		   " FROM ROWS FROM (pg_catalog.unnest(c.conkey), pg_catalog.unnest(c.confkey)) AS k (here, there)"
		   " JOIN pg_catalog.pg_attribute AS a ON a.attrelid" EQ
		   "c.conrelid AND a.attnum" EQ "k.here"
		   " JOIN pg_catalog.pg_attribute AS b ON b.attrelid" EQ
		   "c.confrelid AND b.attnum" EQ "k.there)";
}

/*
 * wanted_pairs: the same of the check.
 */
static char *
wanted_pairs(const DqCheck *check)
{
	StringInfoData buf;
	ListCell *lc;
	ListCell *other;

	if (check->referenced_columns == NIL)
		return dq_catalogue_array(check->columns);
	initStringInfo(&buf);
	forboth(lc, check->columns, other, check->referenced_columns)
		appendStringInfo(&buf, "%spg_catalog.jsonb_build_array(%s::pg_catalog.name, %s::pg_catalog.name)::pg_catalog.text",
						 buf.len > 0 ? ", " : "",
						 dq_sqltext_literal((char *) lfirst(lc)),
						 dq_sqltext_literal((char *) lfirst(other)));
	return psprintf("ARRAY[%s]", buf.data);
}

/*
 * dq_catalogue_has_foreign_key: a foreign key of exactly the columns exists
 * and is validated; to the relation and columns that are asked for, if any.
 * What that is worth: replicas and disabled triggers leave orphans behind it.
 */
void
dq_catalogue_has_foreign_key(StringInfo buf, const DqProbe *probe,
							 const char *value)
{
	const DqCheck *check = probe->check;

	appendStringInfo(buf, "EXISTS (SELECT FROM pg_catalog.pg_constraint AS c WHERE c.conrelid" EQ "%s AND c.contype" EQ "'f' AND c.convalidated AND %s",
					 dq_catalogue_regclass(probe->source->relid),
					 same_set(key_pairs(check->referenced_columns != NIL),
							  wanted_pairs(check)));
	if (check->referenced != NULL)
		appendStringInfo(buf, " AND c.confrelid" EQ "%s",
						 dq_catalogue_regclass(RangeVarGetRelid(
							 check->referenced, NoLock, false)));
	appendStringInfoChar(buf, ')');
}

/*
 * dq_catalogue_foreign_keys: detail: the definitions of the foreign keys.
 */
void
dq_catalogue_foreign_keys(StringInfo buf, const DqProbe *probe,
						  const char *value)
{
	appendStringInfo(buf, "SELECT pg_catalog.jsonb_build_object('value', COALESCE(pg_catalog.jsonb_agg("
						  "pg_catalog.pg_get_constraintdef(c.oid) ORDER BY c.conname), '[]'))"
						  " FROM pg_catalog.pg_constraint AS c WHERE c.conrelid" EQ "%s AND c.contype" EQ "'f'",
					 dq_catalogue_regclass(probe->source->relid));
}

/*
 * granted: SQL for what others than the owner may do, as "role: PRIVILEGE"
 */
static char *
granted(const DqProbe *probe)
{
	return psprintf("ARRAY(SELECT DISTINCT (CASE WHEN g.grantee" EQ "0 THEN 'public' ELSE pg_catalog.pg_get_userbyid(g.grantee)::pg_catalog.text END" CAT "': '" CAT "g.privilege_type) COLLATE pg_catalog.\"C\""
					" FROM pg_catalog.pg_class AS c, pg_catalog.aclexplode(c.relacl) AS g"
					" WHERE c.oid" EQ "%s AND g.grantee OPERATOR(pg_catalog.<>) c.relowner ORDER BY 1)",
					dq_catalogue_regclass(probe->source->relid));
}

/*
 * wanted_grants: what the check demands, in the same form.
 */
static char *
wanted_grants(const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	Jsonb *grants = dq_json_part(check->doc, "grants");
	List *texts = NIL;
	ListCell *lc;
	ListCell *word;

	foreach(lc, dq_json_keys(grants))
	{
		const char *role = (char *) lfirst(lc);

		foreach(word, dq_json_text_list(grants, role, check->what))
			texts = lappend(texts, psprintf("%s: %s", role,
											(char *) lfirst(word)));
	}
	return dq_catalogue_array(texts);
}

/*
 * without: SQL for the elements of one array that are not in another.
 */
static char *
without(const char *left, const char *right)
{
	return psprintf("ARRAY(SELECT l.x FROM pg_catalog.unnest(%s) AS l (x) WHERE NOT l.x" EQ "ANY (%s) ORDER BY l.x COLLATE pg_catalog.\"C\")",
					left, right);
}

/*
 * dq_catalogue_grants_are: roles other than the owner may do what is listed
 * and, unless "exact" is false, nothing else.
 */
void
dq_catalogue_grants_are(StringInfo buf, const DqProbe *probe,
						const char *value)
{
	const DqCheck *check = probe->check;
	char *have = granted(probe);
	char *want = wanted_grants(probe);

	if (dq_json_bool(check->doc, "exact", true, check->what))
		appendStringInfoString(buf, same_set(have, want));
	else
		appendStringInfo(buf, "%s OPERATOR(pg_catalog.@>) %s", have, want);
}

/*
 * dq_catalogue_grants: detail: what is granted, missing and too much.
 */
void
dq_catalogue_grants(StringInfo buf, const DqProbe *probe,
					const char *value)
{
	char *have = granted(probe);
	char *want = wanted_grants(probe);

	appendStringInfo(buf, "pg_catalog.jsonb_build_object('value', %s, 'missing', %s, 'unexpected', %s)",
					 have, without(want, have), without(have, want));
}

/*
 * dq_catalogue_row_security_on: row security is enabled; also for the owner
 * when "forced".
 */
void
dq_catalogue_row_security_on(StringInfo buf, const DqProbe *probe,
							 const char *value)
{
	const DqCheck *check = probe->check;
	bool forced = dq_json_bool(check->doc, "forced", false, check->what);

	appendStringInfo(buf, "SELECT c.relrowsecurity%s FROM pg_catalog.pg_class AS c WHERE c.oid" EQ "%s",
					 forced ? " AND c.relforcerowsecurity" : "",
					 dq_catalogue_regclass(probe->source->relid));
}

/*
 * uncommented: SQL for the names of what should have a comment and has none:
 * the columns that are given, or the relation, and with "all_columns" every
 * column too.
 */
static char *
uncommented(const DqProbe *probe)
{
	const DqCheck *check = probe->check;
	char *relation = dq_catalogue_regclass(probe->source->relid);
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfo(&buf, "ARRAY(SELECT a.attname::pg_catalog.text FROM pg_catalog.pg_attribute AS a"
						   " WHERE a.attrelid" EQ "%s AND a.attnum" GT "0 AND NOT a.attisdropped"
						   " AND pg_catalog.btrim(COALESCE(pg_catalog.col_description(a.attrelid, a.attnum), ''))" EQ "''",
					 relation);
	if (check->columns != NIL)
		appendStringInfo(&buf, " AND a.attname::pg_catalog.text" EQ "ANY (%s)",
						 dq_catalogue_array(check->columns));
	else if (!dq_json_bool(check->doc, "all_columns", false, check->what))
		appendStringInfoString(&buf, " AND false");
	appendStringInfoString(&buf, " ORDER BY a.attnum)");
	if (check->columns == NIL)
		appendStringInfo(&buf, CAT "(CASE WHEN pg_catalog.btrim(COALESCE(pg_catalog.obj_description(%s, 'pg_class'), ''))" EQ "''"
								   " THEN ARRAY[%s]::pg_catalog.text[] ELSE '{}' END)",
						 relation,
						 dq_sqltext_literal(dq_sqltext_relation(
							 probe->source->relid)));
	return psprintf("(%s)", buf.data);
}

/*
 * dq_catalogue_comment_present: the columns, or the relation, have comments.
 */
void
dq_catalogue_comment_present(StringInfo buf, const DqProbe *probe,
							 const char *value)
{
	appendStringInfo(buf, "%s" EQ "'{}'", uncommented(probe));
}

/*
 * dq_catalogue_comments: detail: what has none.
 */
void
dq_catalogue_comments(StringInfo buf, const DqProbe *probe,
					  const char *value)
{
	char *names = uncommented(probe);

	appendStringInfo(buf, "pg_catalog.jsonb_build_object('value', pg_catalog.cardinality(%s), 'missing', %s)",
					 names, names);
}

/*
 * dq_catalogue_fingerprint: a digest of the columns in order: name, type and
 * its modifier, NOT NULL, collation, generated or identity. "relation" is an
 * SQL value.
 */
char *
dq_catalogue_fingerprint(const char *relation)
{
	return psprintf("SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(COALESCE(pg_catalog.string_agg("
					"pg_catalog.jsonb_build_array(a.attname, n.nspname, t.typname, a.atttypmod, a.attnotnull,"
					" (SELECT c.collname FROM pg_catalog.pg_collation AS c"
					" WHERE c.oid" EQ
					"a.attcollation), a.attgenerated, a.attidentity)::pg_catalog.text, E'\\n' ORDER BY a.attnum), ''), 'UTF8')), 'hex') AS fingerprint"
					" FROM pg_catalog.pg_attribute AS a"
					" JOIN pg_catalog.pg_type AS t ON t.oid" EQ
					"a.atttypid JOIN pg_catalog.pg_namespace AS n ON n.oid" EQ
					"t.typnamespace WHERE a.attrelid" EQ
					"%s AND a.attnum" GT "0 AND NOT a.attisdropped",
					relation);
}

/*
 * dq_catalogue_unchanged: the columns are what they were when the fingerprint
 * was taken.
 */
void
dq_catalogue_unchanged(StringInfo buf, const DqProbe *probe,
					   const char *value)
{
	const DqCheck *check = probe->check;

	appendStringInfo(buf, "(%s)" EQ "%s",
					 dq_catalogue_fingerprint(
						 dq_catalogue_regclass(probe->source->relid)),
					 dq_sqltext_literal(dq_json_text(check->doc, "fingerprint",
													 check->what)));
}

/*
 * dq_catalogue_fingerprints: detail: the fingerprint now.
 */
void
dq_catalogue_fingerprints(StringInfo buf, const DqProbe *probe,
						  const char *value)
{
	appendStringInfo(buf, "pg_catalog.jsonb_build_object('value', (%s))",
					 dq_catalogue_fingerprint(
						 dq_catalogue_regclass(probe->source->relid)));
}
