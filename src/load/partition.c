/*
 * partition.c
 *	  Loads that put whole partitions in the place of others.
 *
 * Which ones? Those into which rows of the batch go; with window_column also
 * those that hold rows of the window, so that a day that became empty is
 * emptied. Each is built aside, in the schema of the run's stages and under
 * the partition's own name: LIKE the partition, with a CHECK that says what
 * its bounds say. So rows are checked while they are inserted, and ATTACH
 * finds the proof and does not scan. Only then is the target locked (ACCESS
 * EXCLUSIVE, as DETACH demands), the old partition detached and dropped, and
 * the new one attached in its place. Readers wait for the commit.
 *
 * The new partition has the owner, privileges, storage parameters, access
 * method and tablespace of the old one, and another OID. What would be lost
 * or passed by is refused: triggers, row security, publications, partitions
 * that are partitioned or foreign. What else depends on a partition, as a
 * view, makes DROP TABLE fail.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/sysattr.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_class.h"
#include "lib/stringinfo.h"
#include "load/batch.h"
#include "load/block.h"
#include "load/check.h"
#include "load/column.h"
#include "load/defaults.h"
#include "load/partition.h"
#include "load/target.h"
#include "optimizer/optimizer.h"
#include "partitioning/partdefs.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"

/* the CHECK that proves the bounds, until it is attached */
#define PROOF "dq_etl_bounds"

/* one partition of the target */
typedef struct Part
{
	Oid relid;
	char *name; /* qualified */
	char *schema;
	char *bare; /* without its schema */
	char *bounds; /* SQL: what ATTACH takes */
	char *condition; /* SQL: what its rows fulfil; of plain column names */
	char *storage; /* SQL: what follows the columns of CREATE TABLE */
	char *built; /* what takes its place, qualified */
	char *built_schema;
	char *built_bare;
	bool is_unlogged;
	int64 rows; /* of the batch */
	bool replaced;
} Part;

/*
 * read_parts: the partitions of the target: List of Part *.
 */
static List *
read_parts(const DqTask *task)
{
	DqArgs args = {0};
	List *parts = NIL;
	DqRows *rows;
	uint64 i;
	int level = dq_key_unambiguous();

	dq_args_oid(&args, RelationGetRelid(task->target));
	rows = dq_spi_query(
		DQ_GENERATED,
		"SELECT c.oid, c.relname::pg_catalog.text AS name,"
		" n.nspname::pg_catalog.text AS schema,"
		" c.relpersistence = 'u' AS unlogged,"
		" pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bounds,"
		" COALESCE(pg_catalog.pg_get_partition_constraintdef(c.oid), 'true') AS condition,"
		" pg_catalog.concat("
		" ' USING ' || pg_catalog.quote_ident(a.amname),"
		" (SELECT ' WITH (' || pg_catalog.string_agg(pg_catalog.quote_ident(o.option_name)"
		"  || ' = ' || pg_catalog.quote_literal(o.option_value), ', ') || ')'"
		"  FROM pg_catalog.pg_options_to_table(c.reloptions) AS o),"
		" ' TABLESPACE ' || pg_catalog.quote_ident(t.spcname)) AS storage"
		" FROM pg_catalog.pg_inherits i"
		" JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
		" JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
		" LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam"
		" LEFT JOIN pg_catalog.pg_tablespace t ON t.oid = c.reltablespace"
		" WHERE i.inhparent = $1 ORDER BY c.oid",
		&args);
	AtEOXact_GUC(false, level);
	for (i = 0; i < rows->count; i++)
	{
		Part *part = palloc0(sizeof(Part));

		part->relid = dq_rows_oid(rows, i, "oid");
		part->bare = dq_rows_text(rows, i, "name");
		part->schema = dq_rows_text(rows, i, "schema");
		part->name = dq_sqltext_qualified(part->schema, part->bare);
		part->is_unlogged = dq_rows_bool(rows, i, "unlogged");
		part->bounds = dq_rows_text(rows, i, "bounds");
		part->condition = dq_rows_text(rows, i, "condition");
		part->storage = dq_rows_text(rows, i, "storage");
		parts = lappend(parts, part);
	}
	return parts;
}

/*
 * check_routable: 42703 when the batch lacks a column of the partition key.
 */
static void
check_routable(const DqTask *task)
{
	PartitionKey key = RelationGetPartitionKey(task->target);
	Bitmapset *used = NULL;
	int attnum = -1;
	int i;

	pull_varattnos((Node *) key->partexprs, 1, &used);
	for (i = 0; i < key->partnatts; i++)
	{
		if (key->partattrs[i] != InvalidAttrNumber)
			used = bms_add_member(used,
								  key->partattrs[i] -
									  FirstLowInvalidHeapAttributeNumber);
	}
	while ((attnum = bms_next_member(used, attnum)) >= 0)
	{
		char *name = get_attname(RelationGetRelid(task->target),
								 attnum + FirstLowInvalidHeapAttributeNumber,
								 false);
		ListCell *lc;
		bool given = false;

		foreach(lc, task->columns)
			given = given ||
					strcmp(((DqColumn *) lfirst(lc))->name, name) == 0;
		if (!given)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("partition key column \"%s\" of %s is missing in \"%s\"",
							name, dq_target_name(task->target),
							task->options->source),
					 errhint("Add it to the query of \"%s\".",
							 task->options->source)));
	}
}

/*
 * route_batch: how many rows of the batch go into which partition; 23514 for
 * rows that go nowhere.
 */
static void
route_batch(const DqTask *task, List *parts, int64 expected)
{
	StringInfoData sql;
	DqRows *rows;
	ListCell *lc;
	int64 routed = 0;

	initStringInfo(&sql);
	foreach(lc, parts)
		appendStringInfo(&sql, "%spg_catalog.count(*) FILTER (WHERE %s)",
						 sql.len > 0 ? ", " : "SELECT u.n FROM (SELECT ARRAY[",
						 ((Part *) lfirst(lc))->condition);
	if (sql.len > 0)
	{
		appendStringInfo(&sql, "] AS counts FROM %s) AS q,"
							   " LATERAL pg_catalog.unnest(q.counts)"
							   " WITH ORDINALITY AS u (n, i) ORDER BY u.i",
						 dq_batch_rows(task, DQ_BATCH_ALL, "s"));
		rows = dq_spi_query(DQ_USER, sql.data, NULL);
		foreach(lc, parts)
		{
			Part *part = (Part *) lfirst(lc);

			part->rows = dq_rows_int8(rows, foreach_current_index(lc), "n");
			part->replaced = part->rows > 0;
			routed += part->rows;
		}
	}
	if (routed != expected)
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("no partition of %s for " INT64_FORMAT " of " INT64_FORMAT " rows of \"%s\"",
						dq_target_name(task->target), expected - routed,
						expected, task->options->source),
				 errtable(task->target)));
}

/*
 * add_window: partitions that hold rows of the window are replaced too; 23514
 * when one that is replaced holds rows outside it.
 */
static void
add_window(const DqTask *task, List *parts)
{
	ListCell *lc;

	foreach(lc, parts)
	{
		Part *part = (Part *) lfirst(lc);
		char *inside = dq_batch_in_window(task, "target");
		char *sql = psprintf("SELECT EXISTS (SELECT 1 FROM %s AS target"
							 " WHERE %s) AS holds, EXISTS (SELECT 1"
							 " FROM %s AS target WHERE NOT %s) AS others",
							 part->name, inside, part->name, inside);
		DqRows *rows = dq_spi_query(DQ_USER, sql, NULL);

		if (dq_rows_bool(rows, 0, "holds"))
			part->replaced = true;
		if (!part->replaced || !dq_rows_bool(rows, 0, "others"))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_CHECK_VIOLATION),
				 errmsg("partition %s holds rows outside the window, which would be lost",
						part->name),
				 errhint("Use partitions within windows, or mode => 'replace_window'."),
				 errtable(task->target)));
	}
}

/*
 * run_ddl: one statement of ours.
 */
static void
run_ddl(char *sql)
{
	(void) dq_spi_execute(DQ_GENERATED, sql, NULL);
}

/*
 * copy_privileges: the owner of the old partition, and who may do what.
 */
static void
copy_privileges(const Part *part)
{
	DqArgs args = {0};
	DqRows *rows;
	uint64 i;

	dq_args_oid(&args, part->relid);
	dq_args_text(&args, part->built);
	rows = dq_spi_query(
		DQ_GENERATED,
		"SELECT pg_catalog.format('ALTER TABLE %s OWNER TO %s', $2,"
		" pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(c.relowner))) AS sql"
		" FROM pg_catalog.pg_class c, pg_catalog.pg_roles r"
		" WHERE c.oid = $1 AND r.rolname = current_user"
		" AND c.relowner <> r.oid"
		" UNION ALL"
		" SELECT pg_catalog.format('GRANT %s ON %s TO %s%s', a.privilege_type,"
		" $2, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident("
		"pg_catalog.pg_get_userbyid(a.grantee)) END,"
		" CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' END)"
		" FROM pg_catalog.pg_class c,"
		" LATERAL pg_catalog.aclexplode(c.relacl) AS a"
		" WHERE c.oid = $1 AND a.grantee <> c.relowner",
		&args);
	for (i = 0; i < rows->count; i++)
		run_ddl(dq_rows_text(rows, i, "sql"));
}

/*
 * free_name: a name in the schema of the stages for what takes the place of a
 * partition: its own when no stage is called so.
 */
static char *
free_name(Oid schema, const char *wish)
{
	char *name = pstrdup(wish);

	while (OidIsValid(get_relname_relid(name, schema)))
		name = psprintf("%s$", dq_sqltext_clip(name, 60));
	return name;
}

/*
 * append_defaults: columns that the batch lacks, and the values that an INSERT
 * into the target would give them: its own defaults, not the partition's.
 */
static void
append_defaults(const DqTask *task, StringInfo names, StringInfo values)
{
	ListCell *lc;

	foreach(lc, dq_defaults_missing(task))
	{
		DqDefault *one = (DqDefault *) lfirst(lc);

		appendStringInfo(names, ", %s", dq_sqltext_ident(one->name));
		appendStringInfo(values, ", %s", one->value);
	}
}

/*
 * build: what takes the place of a partition, filled with its rows of the
 * batch; returns how many there are.
 */
static int64
build(const DqTask *task, Part *part)
{
	Oid schema = RelationGetNamespace(task->stage);
	const char *separator = " ORDER BY ";
	StringInfoData sql;
	StringInfoData names;
	StringInfoData values;
	ListCell *lc;

	part->built_schema = get_namespace_name(schema);
	part->built_bare = free_name(schema, part->bare);
	part->built = dq_sqltext_qualified(part->built_schema, part->built_bare);
	run_ddl(psprintf("CREATE %sTABLE %s (LIKE %s INCLUDING ALL"
					 " EXCLUDING IDENTITY)%s",
					 part->is_unlogged ? "UNLOGGED " : "", part->built,
					 part->name, part->storage));
	run_ddl(psprintf("ALTER TABLE %s ADD CONSTRAINT " PROOF " CHECK (%s)",
					 part->built, part->condition));
	copy_privileges(part);
	if (part->rows == 0)
		return 0;
	initStringInfo(&sql);
	initStringInfo(&names);
	initStringInfo(&values);
	append_defaults(task, &names, &values);
	appendStringInfo(&sql,
					 "INSERT INTO %s (%s%s) SELECT %s%s FROM %s WHERE %s",
					 part->built, dq_column_list(task->columns, ""),
					 names.data, dq_column_list(task->columns, "s."),
					 values.data,
					 dq_batch_rows(task, DQ_BATCH_ALL, "s"),
					 part->condition);
	foreach(lc, task->options->order_by)
	{
		appendStringInfo(&sql, "%ss.%s", separator,
						 dq_sqltext_ident((char *) lfirst(lc)));
		separator = ", ";
	}
	return dq_spi_execute(DQ_USER, sql.data, NULL);
}

/*
 * put_in_place: the old partition goes, the new one comes; returns how many
 * rows went. The target is not held open here.
 */
static int64
put_in_place(const char *target, const Part *part)
{
	char *sql = psprintf("SELECT pg_catalog.count(*) AS n FROM %s",
						 part->name);
	int64 rows = dq_rows_int8(dq_spi_query(DQ_USER, sql, NULL), 0, "n");

	run_ddl(psprintf("ALTER TABLE %s DETACH PARTITION %s", target,
					 part->name));
	run_ddl(psprintf("DROP TABLE %s", part->name));
	if (strcmp(part->built_bare, part->bare) != 0)
		run_ddl(psprintf("ALTER TABLE %s RENAME TO %s", part->built,
						 dq_sqltext_ident(part->bare)));
	run_ddl(psprintf("ALTER TABLE %s SET SCHEMA %s",
					 dq_sqltext_qualified(part->built_schema, part->bare),
					 dq_sqltext_ident(part->schema)));
	run_ddl(psprintf("ALTER TABLE %s ATTACH PARTITION %s %s", target,
					 part->name, part->bounds));
	run_ddl(psprintf("ALTER TABLE %s DROP CONSTRAINT " PROOF, part->name));
	return rows;
}

/*
 * dq_partition_run: see the head of the file.
 */
void
dq_partition_run(DqTask *task, DqLoadCounts *counts)
{
	Oid relid = RelationGetRelid(task->target);
	char *name = dq_target_name(task->target);
	List *parts = read_parts(task);
	ListCell *lc;

	dq_block_check_snapshot(task);
	check_routable(task);
	dq_check_batch(task, counts);
	route_batch(task, parts, counts->rows_read - counts->rejected);
	foreach(lc, parts)
	{
		Part *part = (Part *) lfirst(lc);

		if (part->replaced)
			counts->inserted += build(task, part);
	}
	dq_block_relation(relid, AccessExclusiveLock,
					  task->options->lock_timeout);
	if (task->options->window_column != NULL)
		add_window(task, parts);
	foreach(lc, parts)
	{
		Part *part = (Part *) lfirst(lc);

		if (part->replaced && part->built == NULL)
			(void) build(task, part);
	}
	relation_close(task->target, NoLock);
	foreach(lc, parts)
	{
		Part *part = (Part *) lfirst(lc);

		if (part->replaced)
			counts->deleted += put_in_place(name, part);
	}
	task->target = relation_open(relid, NoLock);
	counts->suppressed = counts->rows_read - counts->rejected -
						 counts->inserted;
}
