/*
 * difference.c
 *	  What a batch has and its target has not, row by row.
 *
 * Who finds the rows fills stores that spill to disk; who writes them reads
 * the stores as tables. Between the two everything is known: how many rows are
 * new and how many changed, and what is wrong with the batch.
 */
#include "postgres.h"

#include "base/sqltext.h"
#include "catalog/pg_type.h"
#include "load/column.h"
#include "load/difference.h"
#include "load/map.h"
#include "miscadmin.h"

/*
 * dq_difference_memory: see difference.h. A load is maintenance, as CREATE
 * INDEX is.
 */
int
dq_difference_memory(void)
{
	return Max(work_mem, maintenance_work_mem);
}

/*
 * dq_difference_place: see difference.h.
 */
const char *
dq_difference_place(const DqTask *task)
{
	return dq_map_free_name(task, "place");
}

/*
 * describe: the columns of the stores.
 */
static TupleDesc
describe(const DqTask *task)
{
	int n = list_length(task->columns);
	TupleDesc desc = CreateTemplateTupleDesc(n + 1);
	ListCell *lc;

	foreach(lc, task->columns)
	{
		DqColumn *column = (DqColumn *) lfirst(lc);
		AttrNumber attnum = foreach_current_index(lc) + 1;

		TupleDescInitEntry(desc, attnum, column->name, column->type,
						   column->typmod, 0);
		TupleDescInitEntryCollation(desc, attnum, column->collation);
	}
	TupleDescInitEntry(desc, n + 1, dq_difference_place(task), TIDOID, -1, 0);
	return desc;
}

/*
 * dq_difference_new: see difference.h.
 */
DqDifference *
dq_difference_new(const DqTask *task, bool separate)
{
	DqDifference *difference = palloc0(sizeof(DqDifference));

	difference->separate = separate;
	difference->desc = describe(task);
	difference->fresh = tuplestore_begin_heap(false, false,
											  dq_difference_memory());
	difference->stale = tuplestore_begin_heap(false, false,
											  dq_difference_memory());
	return difference;
}

/*
 * dq_difference_put: see difference.h.
 */
void
dq_difference_put(DqDifference *difference, DqRowState state, Datum *values,
				  bool *nulls)
{
	bool is_fresh = state == DQ_ROW_FRESH && difference->separate;

	if (state == DQ_ROW_LOST)
		difference->lost++;
	if (state == DQ_ROW_SAME || state == DQ_ROW_LOST)
		return;
	tuplestore_putvalues(is_fresh ? difference->fresh : difference->stale,
						 difference->desc, values, nulls);
	if (is_fresh)
		difference->fresh_rows++;
	else
		difference->stale_rows++;
}

/*
 * dq_difference_clear: see difference.h.
 */
void
dq_difference_clear(DqDifference *difference)
{
	tuplestore_clear(difference->fresh);
	tuplestore_clear(difference->stale);
	difference->fresh_rows = 0;
	difference->stale_rows = 0;
	difference->lost = 0;
	memset(&difference->facts, 0, sizeof(DqBatchFacts));
}

/*
 * dq_difference_free: see difference.h.
 */
void
dq_difference_free(DqDifference *difference)
{
	tuplestore_end(difference->fresh);
	tuplestore_end(difference->stale);
}
