/*
 * shape_schema.c
 *	  What the catalogue answers about the relation itself; no row is read.
 *
 * The rule looks ("look"), or writes its condition ("holds") and what was
 * found ("detail") as SQL over pg_catalog, which is public. A rule that looks
 * by itself has the condition too: it is the SQL that etl.explain_check shows.
 *
 * Filters have no meaning here. The relation is locked, so what is found is
 * true until the end of the transaction.
 */
#include "postgres.h"

#include "base/errctx.h"
#include "base/json.h"
#include "base/spi.h"
#include "base/sqltext.h"
#include "portability/instr_time.h"
#include "quality/catalogue.h"
#include "quality/fused.h"
#include "quality/shape.h"

/*
 * prepare: there is nothing to resolve before the rule looks, but for columns
 * that have to be there.
 */
static void
prepare(DqProbe *probe)
{
	const DqRuleType *type = probe->check->type;

	if (type->arity == DQ_EACH_COLUMN || type->look == NULL)
		probe->columns = dq_source_columns(probe->source,
										   probe->check->columns);
}

/*
 * condition_of: the rule's condition as SQL.
 */
static char *
condition_of(const DqProbe *probe)
{
	StringInfoData buf;

	initStringInfo(&buf);
	probe->check->type->holds(&buf, probe, NULL);
	return buf.data;
}

/*
 * look_by_sql: ask pg_catalog.
 */
static void
look_by_sql(DqProbe *probe)
{
	StringInfoData sql;
	DqRows *rows;

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT (%s) AS holds, (", condition_of(probe));
	if (probe->check->type->detail != NULL)
		probe->check->type->detail(&sql, probe, NULL);
	else
		appendStringInfoString(&sql, "NULL::pg_catalog.jsonb");
	appendStringInfoString(&sql, ") AS detail");
	rows = dq_spi_query_readonly(DQ_GENERATED, sql.data, NULL);
	probe->holds = dq_rows_bool(rows, 0, "holds") ? 1 : 0;
	if (!dq_rows_is_null(rows, 0, "detail"))
		probe->observed = dq_rows_jsonb(rows, 0, "detail");
	else
		probe->observed =
			dq_shape_metric_observed(probe->holds ? "true" : "false", NULL);
	probe->finding = psprintf("%s: %.*s", probe->holds ? "true" : "not true",
							  (int) strcspn(probe->check->type->help, ";"),
							  probe->check->type->help);
}

/*
 * look: find the answer.
 */
static void
look(void *arg)
{
	DqProbe *probe = (DqProbe *) arg;

	if (probe->check->type->look != NULL)
		probe->check->type->look(probe);
	else
		look_by_sql(probe);
	probe->evaluation = "catalog";
}

/*
 * dq_shape_schema_answer: strategy: each check in a subtransaction of its
 * own.
 */
void
dq_shape_schema_answer(const DqSource *source, List *probes)
{
	ListCell *lc;

	foreach(lc, probes)
	{
		DqProbe *probe = (DqProbe *) lfirst(lc);
		instr_time start;
		instr_time end;

		INSTR_TIME_SET_CURRENT(start);
		probe->error = dq_errctx_try_subxact(look, probe);
		INSTR_TIME_SET_CURRENT(end);
		INSTR_TIME_SUBTRACT(end, start);
		probe->duration_ms += INSTR_TIME_GET_MILLISEC(end);
		if (probe->error != NULL && dq_fused_is_fatal(probe->error))
			dq_errctx_rethrow(probe->error);
	}
}

/*
 * write_nothing: the fused statement has nothing to say about it.
 */
static void
write_nothing(struct DqFused *fused, DqProbe *probe)
{
}

/*
 * read_catalogue: as part of a composite.
 */
static void
read_catalogue(const struct DqFused *fused, DqProbe *probe)
{
	look(probe);
}

/*
 * failed_rows: there are none.
 */
static char *
failed_rows(const DqProbe *probe)
{
	return NULL;
}

/*
 * equivalent: the condition over pg_catalog.
 */
static char *
equivalent(const DqProbe *probe)
{
	return psprintf("SELECT 0::pg_catalog.int8 AS tested_rows, 0::pg_catalog.int8 AS failed_rows, (%s) AS holds",
					condition_of(probe));
}

const DqShape dq_shape_schema = {.is_metric = true,
								 .scan_only = false,
								 .prepare = prepare,
								 .write = write_nothing,
								 .read = read_catalogue,
								 .failed_rows = failed_rows,
								 .equivalent = equivalent};
