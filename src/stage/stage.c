/*
 * stage.c
 *	  Where the results of extract and transform steps are during a run: one
 *	  schema per run, one table per step.
 *
 * The schema is created for the owner without asking for CREATE on the
 * database, which owners of pipelines rarely have; it is never adopted when
 * it exists. Tables are made by CREATE TABLE AS from the parse tree of the
 * step's query, by the owner, unlogged: after a crash of the server they are
 * empty, and the run that they belong to is over.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/dq_etl.h"
#include "base/portal.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "nodes/makefuncs.h"
#include "stage/stage.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* a stage of fewer rows is planned well enough without statistics */
#define ANALYZE_FROM_ROWS 1000

/*
 * dq_stage_schema_name: the schema of a run's stages.
 */
char *
dq_stage_schema_name(int64 run_id)
{
	return psprintf(DQ_STAGE_PREFIX INT64_FORMAT, run_id);
}

/*
 * dq_stage_schema_exists: is the name taken, by whomever?
 */
bool
dq_stage_schema_exists(int64 run_id)
{
	return OidIsValid(get_namespace_oid(dq_stage_schema_name(run_id), true));
}

/*
 * dq_stage_create_schema: make the schema and give it to the owner.
 */
void
dq_stage_create_schema(int64 run_id, Oid owner)
{
	/* default privileges may be long enough to be toasted */
	PushActiveSnapshot(GetTransactionSnapshot());
	(void) NamespaceCreate(dq_stage_schema_name(run_id), owner, false);
	PopActiveSnapshot();
	CommandCounterIncrement();
}

/*
 * dq_stage_build: run a step's query into its table, as the current user;
 * returns the number of rows.
 */
uint64
dq_stage_build(const char *schema, const char *step, const char *query)
{
	RawStmt *parsed = dq_portal_parse_one(query, "the query of the step");
	CreateTableAsStmt *create = makeNode(CreateTableAsStmt);
	RawStmt *statement = makeNode(RawStmt);
	uint64 count;

	create->query = parsed->stmt;
	create->into = makeNode(IntoClause);
	create->into->rel = makeRangeVar(pstrdup(schema), pstrdup(step), -1);
	create->into->rel->relpersistence = RELPERSISTENCE_UNLOGGED;
	create->into->onCommit = ONCOMMIT_NOOP;
	create->objtype = OBJECT_TABLE;
	statement->stmt = (Node *) create;
	statement->stmt_location = parsed->stmt_location;
	statement->stmt_len = parsed->stmt_len;

	count = dq_portal_run(statement, query, false);
	if (count >= ANALYZE_FROM_ROWS)
		(void) dq_spi_execute(DQ_GENERATED,
							  psprintf("ANALYZE %s",
									   dq_sqltext_qualified(schema, step)),
							  NULL);
	return count;
}

/*
 * dq_stage_relation: the table of a step, InvalidOid when it has none.
 */
Oid
dq_stage_relation(const char *schema, const char *step)
{
	Oid namespace = get_namespace_oid(schema, true);

	if (!OidIsValid(namespace))
		return InvalidOid;
	return get_relname_relid(step, namespace);
}

/*
 * dq_stage_drop: drop at most max_tables stages of a run, and the schema with
 * the last of them, as the current user; true when nothing is left.
 *
 * The schema is the first in the path of a run, so what a call step creates
 * without naming a schema is in it and goes too, the youngest first. Never
 * what was made of a stage elsewhere: a view on it makes this fail.
 */
bool
dq_stage_drop(int64 run_id, int max_tables)
{
	char *schema = dq_stage_schema_name(run_id);
	DqArgs args = {0};
	DqRows *rows;
	uint64 i;

	if (!dq_stage_schema_exists(run_id))
		return true;
	dq_args_text(&args, schema);
	dq_args_int4(&args, max_tables);
	rows = dq_spi_query(DQ_GENERATED,
						"SELECT c.relname::text AS name,"
						" CASE c.relkind WHEN 'v' THEN 'VIEW'"
						" WHEN 'm' THEN 'MATERIALIZED VIEW'"
						" WHEN 'f' THEN 'FOREIGN TABLE'"
						" ELSE 'TABLE' END AS kind"
						" FROM pg_catalog.pg_class c"
						" JOIN pg_catalog.pg_namespace n"
						" ON n.oid = c.relnamespace"
						" WHERE n.nspname = $1 AND NOT c.relispartition"
						" AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
						" ORDER BY c.oid DESC LIMIT $2",
						&args);
	for (i = 0; i < rows->count; i++)
	{
		char *name = dq_rows_text(rows, i, "name");
		char *kind = dq_rows_text(rows, i, "kind");

		(void) dq_spi_execute(DQ_GENERATED,
							  psprintf("DROP %s %s", kind,
									   dq_sqltext_qualified(schema, name)),
							  NULL);
	}
	if (rows->count == max_tables)
		return false;
	(void) dq_spi_execute(DQ_GENERATED,
						  psprintf("DROP SCHEMA %s", dq_sqltext_ident(schema)),
						  NULL);
	return true;
}
