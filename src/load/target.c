/*
 * target.c
 *	  Finding, locking and refusing what is to be loaded into.
 *
 * Everything here runs as the current user. Loads of one target take turns by
 * an advisory lock of a class that SQL cannot reach, held to the end of the
 * transaction; it is taken before the relation is locked, so that a load that
 * waits for its turn blocks nobody.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/transam.h"
#include "base/compat.h"
#include "base/dq_etl.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "base/suggest.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "common/hashfn.h"
#include "load/target.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/reltrigger.h"
#include "utils/varlena.h"

/* names looked at for "Perhaps you meant" */
#define MAX_SUGGESTED 5000

/*
 * parse_name: the wish's name as a RangeVar; 42602 when it cannot be one.
 */
static RangeVar *
parse_name(const char *name)
{
	List *names = textToQualifiedNameList(cstring_to_text(name));

	return makeRangeVarFromNameList(names);
}

/*
 * range_name: the RangeVar as SQL text.
 */
static char *
range_name(const RangeVar *range)
{
	if (range->schemaname == NULL)
		return pstrdup(dq_sqltext_ident(range->relname));
	return dq_sqltext_qualified(range->schemaname, range->relname);
}

/*
 * nearby_table: the table nearest to the wished one, as SQL text, or NULL.
 *
 * Looks where the name was looked for: in its schema, or along search_path.
 */
static char *
nearby_table(const RangeVar *range)
{
	List *schemas;
	List *names = NIL;
	StringInfoData oids;
	DqArgs args = {0};
	DqRows *rows;
	const char *best;
	ListCell *lc;
	uint64 i;

	if (range->schemaname != NULL)
		schemas = list_make1_oid(LookupExplicitNamespace(range->schemaname,
														 true));
	else
		schemas = fetch_search_path(false);
	initStringInfo(&oids);
	foreach(lc, schemas)
		appendStringInfo(&oids, "%s%u", oids.len > 0 ? "," : "{",
						 lfirst_oid(lc));
	appendStringInfoString(&oids, oids.len > 0 ? "}" : "{}");

	dq_args_text(&args, oids.data);
	dq_args_int4(&args, MAX_SUGGESTED);
	rows = dq_spi_query(DQ_GENERATED,
						"SELECT c.relname::pg_catalog.text AS name"
						" FROM pg_catalog.pg_class c"
						" WHERE c.relkind IN ('r', 'p')"
						" AND c.relnamespace = ANY ($1::pg_catalog.oid[])"
						" ORDER BY c.relname LIMIT $2",
						&args);
	for (i = 0; i < rows->count; i++)
		names = lappend(names, dq_rows_text(rows, i, "name"));
	best = dq_suggest_name(range->relname, names);
	if (best == NULL)
		return NULL;
	if (range->schemaname == NULL)
		return pstrdup(dq_sqltext_ident(best));
	return dq_sqltext_qualified(range->schemaname, best);
}

/*
 * create_statement: CREATE TABLE for a target that is not there. With a stage
 * it is complete; at definition only the key is known.
 */
static char *
create_statement(const DqTargetWish *wish, const RangeVar *range)
{
	StringInfoData buf;
	ListCell *lc;
	int i;

	initStringInfo(&buf);
	if (range->schemaname != NULL &&
		!OidIsValid(get_namespace_oid(range->schemaname, true)))
		appendStringInfo(&buf, "CREATE SCHEMA %s; ",
						 dq_sqltext_ident(range->schemaname));
	appendStringInfo(&buf, "CREATE TABLE %s (", range_name(range));
	if (wish->stage != NULL)
	{
		TupleDesc desc = RelationGetDescr(wish->stage);

		for (i = 0; i < desc->natts; i++)
		{
			Form_pg_attribute att = TupleDescAttr(desc, i);

			if (!att->attisdropped)
				appendStringInfo(&buf, "%s %s, ",
								 dq_sqltext_ident(NameStr(att->attname)),
								 dq_sqltext_type(att->atttypid,
												 att->atttypmod));
		}
	}
	else
	{
		foreach(lc, wish->key)
			appendStringInfo(&buf, "%s ..., ",
							 dq_sqltext_ident((char *) lfirst(lc)));
		appendStringInfoString(&buf, "..., ");
	}
	if (wish->key != NIL)
		appendStringInfo(&buf, "PRIMARY KEY (%s)",
						 dq_sqltext_ident_list(wish->key));
	else if (buf.len > 2 && buf.data[buf.len - 2] == ',')
		buf.len -= 2;
	buf.data[buf.len] = '\0';
	appendStringInfoString(&buf, ");");
	return buf.data;
}

/*
 * report_missing: 42P01 with the nearest name or the CREATE TABLE.
 */
static void
report_missing(const DqTargetWish *wish, const RangeVar *range)
{
	char *near_name = nearby_table(range);
	char *create = create_statement(wish, range);
	char *hint = psprintf("Create it first: %s", create);

	if (near_name != NULL)
		hint = psprintf("Perhaps you meant %s. Otherwise: %s",
						near_name, create);

	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("target %s does not exist", range_name(range)),
			 errhint("%s", hint)));
}

/*
 * dq_target_open: resolve by the search_path in force, AccessShareLock.
 */
Relation
dq_target_open(const DqTargetWish *wish)
{
	RangeVar *range = parse_name(wish->name);
	Oid relid = RangeVarGetRelid(range, AccessShareLock, true);

	if (!OidIsValid(relid))
		report_missing(wish, range);
	return relation_open(relid, NoLock);
}

/*
 * dq_target_exists: see target.h. Sees what was committed a moment ago.
 */
bool
dq_target_exists(const char *name)
{
	AcceptInvalidationMessages();
	return OidIsValid(RangeVarGetRelid(parse_name(name), NoLock, true));
}

/*
 * dq_target_future_name: see target.h.
 */
char *
dq_target_future_name(const char *name)
{
	RangeVar *range = parse_name(name);
	Oid schema = RangeVarGetCreationNamespace(range);
	AclResult allowed = dq_compat_schema_create(schema, GetUserId());

	if (allowed != ACLCHECK_OK)
		aclcheck_error(allowed, OBJECT_SCHEMA, get_namespace_name(schema));
	return dq_sqltext_qualified(get_namespace_name(schema), range->relname);
}

/*
 * dq_target_lock_name: see target.h.
 */
void
dq_target_lock_name(const char *name)
{
	LOCKTAG tag;
	uint32 hash = hash_bytes((const unsigned char *) name, strlen(name));

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, hash, 1, DQ_LOCK_TARGET);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * wait_for_turn: until no other transaction loads this relation.
 */
static void
wait_for_turn(Oid relid)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, relid, 0, DQ_LOCK_TARGET);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * dq_target_take_turns: wait for the turn at several targets, in the order of
 * their OIDs. Rights are not looked at: that is for the load itself.
 */
void
dq_target_take_turns(List *names)
{
	List *relids = NIL;
	ListCell *lc;

	foreach(lc, names)
	{
		RangeVar *range = parse_name((char *) lfirst(lc));
		Oid schema = InvalidOid;
		Oid relid = InvalidOid;

		if (range->schemaname != NULL)
			schema = get_namespace_oid(range->schemaname, true);
		if (OidIsValid(schema))
			relid = get_relname_relid(range->relname, schema);
		if (OidIsValid(relid))
			relids = lappend_oid(relids, relid);
	}
	list_sort(relids, list_oid_cmp);
	foreach(lc, relids)
		wait_for_turn(lfirst_oid(lc));
}

/*
 * dq_target_open_to_write: wait for our turn, then lock and resolve again
 * until the name means what we waited for.
 */
Relation
dq_target_open_to_write(const DqTargetWish *wish)
{
	RangeVar *range = parse_name(wish->name);
	Oid waited = InvalidOid;

	for (;;)
	{
		Oid relid = RangeVarGetRelid(range, NoLock, true);

		if (!OidIsValid(relid))
			report_missing(wish, range);
		if (relid == waited)
		{
			/* locks, and resolves once more while it waits for the lock */
			relid = RangeVarGetRelid(range, RowExclusiveLock, true);
			if (relid == waited)
				return relation_open(relid, NoLock);
			if (OidIsValid(relid))
				UnlockRelationOid(relid, RowExclusiveLock);
			continue;
		}
		wait_for_turn(relid);
		waited = relid;
	}
}

/*
 * refuse: 42809 with the reason.
 */
static void
refuse(Relation target, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("cannot load into %s", dq_target_name(target)),
			 errdetail("%s", reason),
			 errhint("Load into a table of your own.")));
}

/*
 * refuse_rules: 0A000 naming the first rule.
 */
static void
refuse_rules(Relation target)
{
	DqArgs args = {0};
	DqRows *rows;
	char *name = dq_target_name(target);

	dq_args_oid(&args, RelationGetRelid(target));
	rows = dq_spi_query(DQ_GENERATED,
						"SELECT r.rulename FROM pg_catalog.pg_rewrite r"
						" WHERE r.ev_class = $1 AND r.ev_type <> '1'"
						" ORDER BY r.rulename LIMIT 1",
						&args);
	if (rows->count == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot load into %s", name),
			 errdetail("Its rule \"%s\" rewrites statements, so that rows could not be counted.",
					   dq_rows_text(rows, 0, "rulename")),
			 errhint("DROP RULE %s ON %s;",
					 dq_sqltext_ident(dq_rows_text(rows, 0, "rulename")),
					 name)));
}

/*
 * has_instead_trigger: does the view say itself what an INSERT into it means?
 */
static bool
has_instead_trigger(Relation view)
{
	return view->trigdesc != NULL &&
		   view->trigdesc->trig_insert_instead_row;
}

/*
 * dq_target_check: throw when no mode can load into this relation.
 */
void
dq_target_check(Relation target)
{
	char relkind = target->rd_rel->relkind;
	char *schema = get_namespace_name(RelationGetNamespace(target));

	if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE &&
		relkind != RELKIND_FOREIGN_TABLE &&
		!(relkind == RELKIND_VIEW && has_instead_trigger(target)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("cannot load into %s", dq_target_name(target)),
				 errdetail_relkind_not_supported(relkind),
				 errhint("%s", relkind == RELKIND_VIEW ?
								   "Give it INSTEAD OF triggers." :
								   "Load into a table.")));
	if (RelationGetRelid(target) < FirstNormalObjectId ||
		IsSystemRelation(target))
		refuse(target, "It is a system catalog.");
	if (strcmp(schema, DQ_SCHEMA) == 0 || strcmp(schema, DQ_CATALOG) == 0)
		refuse(target, "It belongs to the extension " DQ_EXTENSION ".");
	if (target->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		refuse(target, "It is a temporary table of one session.");
	if (target->rd_rules != NULL)
		refuse_rules(target);
}

/*
 * dq_target_name: schema-qualified, quoted where needed.
 */
char *
dq_target_name(Relation target)
{
	return dq_sqltext_relation(RelationGetRelid(target));
}

/*
 * dq_target_columns: names of the live columns of any relation.
 */
List *
dq_target_columns(Relation rel)
{
	TupleDesc desc = RelationGetDescr(rel);
	List *names = NIL;
	int i;

	for (i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		if (!att->attisdropped)
			names = lappend(names, pstrdup(NameStr(att->attname)));
	}
	return names;
}
