/*
 * dating.c
 *	  Since when the version that a row of a batch brings is valid.
 *
 * A version begins at the sequence of the row that brings it, or at the end of
 * the run's window, never at the time of the clock. It may begin at minus
 * infinity, which is since ever.
 */
#include "postgres.h"

#include "base/spi.h"
#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "load/batch.h"
#include "load/column.h"
#include "load/dating.h"
#include "load/map.h"
#include "load/target.h"
#include "load/version.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"

/*
 * dq_dating_is_time: see dating.h.
 */
bool
dq_dating_is_time(Oid type)
{
	return type == TIMESTAMPTZOID || type == TIMESTAMPOID || type == DATEOID;
}

/*
 * sequence_value: SQL: the sequence of a row of the stage, as valid_from holds
 * it. 42804 when an INSERT would not convert it.
 */
static char *
sequence_value(const DqTask *task, const DqColumn *start)
{
	char *name = (char *) linitial(task->options->sequence_by);
	Form_pg_attribute from = dq_map_attribute(task->stage, name);
	DqColumn column = *start;

	if (!can_coerce_type(1, &from->atttypid, &start->type,
						 COERCION_ASSIGNMENT))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" of %s is of type %s but the sequence \"%s\" of \"%s\" has type %s",
						start->name, dq_target_name(task->target),
						format_type_be(start->type), name,
						task->options->source,
						format_type_be(from->atttypid)),
				 errhint("Cast it in the query of \"%s\": %s::%s",
						 task->options->source, dq_sqltext_ident(name),
						 format_type_be(start->type))));
	column.name = name;
	column.stage_type = from->atttypid;
	column.stage_typmod = from->atttypmod;
	column.stage_collation = from->attcollation;
	return dq_column_assigned(&column,
							  dq_sqltext_ident(task->options->source));
}

/*
 * add_start: the column valid_from, dated by the sequence or the window.
 */
static void
add_start(DqTask *task)
{
	const DqLoadOptions *options = task->options;
	Form_pg_attribute to = dq_map_attribute(task->target,
											options->valid_from);
	DqColumn *start = palloc0(sizeof(DqColumn));

	start->name = options->valid_from;
	start->output = start->name;
	start->type = to->atttypid;
	start->typmod = to->atttypmod;
	start->collation = to->attcollation;
	start->is_key = true;
	if (options->sequence_by != NIL)
		start->expression = sequence_value(task, start);
	else
		start->expression =
			psprintf("(%s)::%s",
					 dq_batch_bound(task, task->run->window_end),
					 dq_sqltext_type(to->atttypid, to->atttypmod));
	task->columns = lappend(task->columns, start);
}

/*
 * dq_dating_settle: see dating.h.
 */
void
dq_dating_settle(DqTask *task)
{
	const DqLoadOptions *options = task->options;
	bool has_start = false;
	ListCell *lc;

	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		bool is_start = strcmp(column->name, options->valid_from) == 0;

		if (is_start && options->sequence_by != NIL &&
			strcmp((char *) linitial(options->sequence_by),
				   column->name) == 0)
		{
			has_start = true;
			continue;
		}
		if (is_start || strcmp(column->name, options->valid_to) == 0 ||
			dq_options_is(options->is_current, column->name))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("column \"%s\" of %s is set by %s", column->name,
							dq_target_name(task->target), task->what),
					 errhint("Leave it out of the query of \"%s\".",
							 options->source)));
	}
	if (!has_start)
		add_start(task);
}

/*
 * dq_dating_check: see dating.h. A version that begins at the end of time, or
 * at no number, would never be valid.
 */
void
dq_dating_check(const DqHistory *history)
{
	const DqTask *task = history->task;
	Oid type = history->type;
	const char *name = task->options->valid_from;
	char *endless;
	char *sql;
	int code = ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
	int64 n;

	if (task->options->sequence_by == NIL || type == INT2OID ||
		type == INT4OID || type == INT8OID)
		return;
	/* NaN comes behind it */
	endless = dq_version_compare(history, dq_version_from(history, "s"),
								 BTGreaterEqualStrategyNumber,
								 psprintf("'infinity'::%s",
										  dq_sqltext_type(type, -1)));
	sql = psprintf("SELECT pg_catalog.count(*) AS n FROM %s WHERE %s",
				   dq_batch_rows(task, DQ_BATCH_ALL, "s"), endless);
	n = dq_rows_int8(dq_spi_query(DQ_USER, sql, NULL), 0, "n");
	if (n == 0)
		return;
	if (dq_dating_is_time(type))
		code = ERRCODE_DATETIME_FIELD_OVERFLOW;
	ereport(ERROR,
			(errcode(code),
			 errmsg("\"%s\" has %s in its sequence for %s (%s)",
					task->options->source,
					dq_dating_is_time(type) ? "infinity" : "infinity or NaN",
					dq_target_name(task->target), dq_sqltext_ident(name)),
			 errdetail(INT64_FORMAT " of the rows would begin versions that are never valid.",
					   n),
			 errtable(task->target)));
}
