/*
 * exchange.c
 *	  May partitions of a target be exchanged for others?
 *
 * Not where an exchange would lose something, or pass by what an INSERT or a
 * DELETE would meet.
 */
#include "postgres.h"

#include "base/spi.h"
#include "catalog/pg_class.h"
#include "load/exchange.h"
#include "load/target.h"
#include "nodes/parsenodes.h"
#include "utils/partcache.h"

/*
 * cannot: 0A000 with the reason.
 */
static void
cannot(const DqTask *task, const char *reason)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("cannot load into %s in mode \"%s\"",
					dq_target_name(task->target), task->options->mode),
			 errdetail("%s", reason),
			 errhint("Pass mode => 'replace_window' or 'replace_keys'.")));
}

/*
 * is_true: the answer of a query about the target, given as $1.
 */
static bool
is_true(const DqTask *task, const char *sql)
{
	DqArgs args = {0};

	dq_args_oid(&args, RelationGetRelid(task->target));
	return dq_rows_bool(dq_spi_query(DQ_GENERATED, sql, &args), 0, "answer");
}

/*
 * dq_exchange_validate: see exchange.h.
 */
void
dq_exchange_validate(DqTask *task)
{
	Relation target = task->target;

	if (target == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s in mode \"%s\" cannot create its target",
						task->what, task->options->mode)));
	if (target->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		cannot(task, "It is not partitioned.");
	if (RelationGetPartitionKey(target)->strategy ==
		PARTITION_STRATEGY_HASH)
		cannot(task, "Its partitions are by hash.");
	if (target->rd_rel->relrowsecurity)
		cannot(task, "It has row security, which a partition attached would pass by.");
	if (is_true(task, "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_inherits i"
					  " JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid"
					  " WHERE i.inhparent = $1 AND c.relkind <> 'r') AS answer"))
		cannot(task, "It has partitions that are partitioned or foreign.");
	if (is_true(task, "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger t"
					  " WHERE NOT t.tgisinternal AND (t.tgrelid = $1 OR t.tgrelid IN"
					  " (SELECT i.inhrelid FROM pg_catalog.pg_inherits i"
					  " WHERE i.inhparent = $1))) AS answer"))
		cannot(task, "It has triggers, which would not fire.");
	if (is_true(task, "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_publication_tables p"
					  " JOIN pg_catalog.pg_class c ON c.relname = p.tablename"
					  " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
					  " AND n.nspname = p.schemaname"
					  " WHERE c.oid = $1 OR c.oid IN"
					  " (SELECT i.inhrelid FROM pg_catalog.pg_inherits i"
					  " WHERE i.inhparent = $1)) AS answer"))
		cannot(task, "It is published, and subscribers would not see the change.");
}
