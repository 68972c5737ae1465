/*
 * ledger.c
 *	  What is done: finished windows of a pipeline, merged to maximal ranges.
 *
 * Invariant: two rows of a pipeline neither overlap nor touch. Overlap is
 * refused by the exclusion constraint. Touching is avoided because writers of
 * one pipeline's ledger take turns: a transaction-level advisory lock of a
 * class that SQL cannot reach, held from the last statement before the commit
 * to the commit, so it waits for nothing else and conflicts with nothing but
 * another publish of the same pipeline (etl.define does not take it). Under
 * REPEATABLE READ a neighbour that the snapshot cannot see is a serialization
 * failure, as it would be for any row.
 */
#include "postgres.h"

#include "access/xact.h"
#include "base/dq_etl.h"
#include "base/spi.h"
#include "catalog/ledger.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/timestamp.h"

/*
 * Every statement has the condition on the range of ids that the index of the
 * exclusion constraint answers. Rows that overlap or touch [$2, $3) are those
 * that overlap the closed range from $4, a microsecond earlier.
 */
static const char add_sql[] =
	"WITH gone AS ("
	" DELETE FROM etl_catalog.ledger"
	" WHERE int8range(pipeline_id, pipeline_id, '[]')"
	" && int8range($1, $1, '[]') AND pipeline_id = $1"
	" AND done && tstzrange($4, $3, '[]')"
	" RETURNING done)"
	" INSERT INTO etl_catalog.ledger (pipeline_id, done)"
	" SELECT $1, range_merge(range_agg(d))"
	" FROM (SELECT done FROM gone"
	" UNION ALL SELECT tstzrange($2, $3)) AS x(d)";

static const char neighbours_sql[] =
	"SELECT count(*) AS n"
	" FROM etl_catalog.ledger"
	" WHERE int8range(pipeline_id, pipeline_id, '[]')"
	" && int8range($1, $1, '[]') AND pipeline_id = $1"
	" AND done && tstzrange($4, $3, '[]')";

static const char find_sql[] =
	"SELECT upper(done) AS done_end"
	" FROM etl_catalog.ledger"
	" WHERE int8range(pipeline_id, pipeline_id, '[]')"
	" && int8range($1, $1, '[]') AND pipeline_id = $1"
	" AND done @> tstzrange($2, $3)";

static const char span_sql[] =
	"SELECT lower(r) AS first_start, upper(r) AS last_end"
	" FROM (SELECT range_merge(range_agg(done)) AS r"
	" FROM etl_catalog.ledger"
	" WHERE int8range(pipeline_id, pipeline_id, '[]')"
	" && int8range($1, $1, '[]') AND pipeline_id = $1) AS x"
	" WHERE r IS NOT NULL";

static const char last_sql[] =
	"SELECT max(upper(done)) AS last_end"
	" FROM etl_catalog.ledger"
	" WHERE int8range(pipeline_id, pipeline_id, '[]')"
	" && int8range($1, $1, '[]') AND pipeline_id = $1";

/*
 * args_bound: a bound of a range; infinite is unbounded, an SQL NULL.
 */
static void
args_bound(DqArgs *args, TimestampTz bound)
{
	if (TIMESTAMP_NOT_FINITE(bound))
		dq_args_null(args, TIMESTAMPTZOID);
	else
		dq_args_timestamptz(args, bound);
}

/*
 * lock_ledger: wait for other publishes of the pipeline; until commit.
 */
static void
lock_ledger(int64 pipeline_id)
{
	LOCKTAG tag;

	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, (uint32) (pipeline_id >> 32),
						 (uint32) pipeline_id, DQ_LOCK_LEDGER);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * check_snapshot: 40001 when the snapshot of this transaction misses a range
 * that would have to be merged. Called with the ledger locked.
 */
static void
check_snapshot(DqArgs *args)
{
	DqRows *seen = dq_spi_query(DQ_BOOKKEEPING, neighbours_sql, args);
	DqRows *there = dq_spi_query_fresh(neighbours_sql, args);

	if (dq_rows_int8(seen, 0, "n") != dq_rows_int8(there, 0, "n"))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to a concurrent run of the pipeline")));
}

/*
 * dq_ledger_add: see ledger.h.
 */
void
dq_ledger_add(int64 pipeline_id, TimestampTz start, TimestampTz end)
{
	DqArgs args = {0};

	lock_ledger(pipeline_id);
	dq_args_int8(&args, pipeline_id);
	args_bound(&args, start);
	args_bound(&args, end);
	args_bound(&args, IS_VALID_TIMESTAMP(start - 1) ? start - 1 : DT_NOBEGIN);
	if (IsolationUsesXactSnapshot())
		check_snapshot(&args);
	if (dq_spi_execute(DQ_BOOKKEEPING, add_sql, &args) != 1)
		elog(ERROR, "ledger of pipeline " INT64_FORMAT " was not written",
			 pipeline_id);
}

/*
 * dq_ledger_find: the row that contains [start, end): false when there is
 * none, else *done_end is where it ends. Reads what is committed now.
 */
bool
dq_ledger_find(int64 pipeline_id, TimestampTz start, TimestampTz end,
			   TimestampTz *done_end)
{
	DqArgs args = {0};
	DqRows *rows;
	bool isnull;
	Datum value;

	dq_args_int8(&args, pipeline_id);
	args_bound(&args, start);
	args_bound(&args, end);
	rows = dq_spi_query_fresh(find_sql, &args);
	if (rows->count == 0)
		return false;
	value = dq_rows_datum(rows, 0, "done_end", &isnull);
	*done_end = isnull ? DT_NOEND : DatumGetTimestampTz(value);
	return true;
}

/*
 * dq_ledger_last_end: where the last finished window ends; DT_NOBEGIN when
 * nothing is done.
 */
TimestampTz
dq_ledger_last_end(int64 pipeline_id)
{
	DqArgs args = {0};
	DqRows *rows;
	bool isnull;
	Datum value;

	dq_args_int8(&args, pipeline_id);
	rows = dq_spi_query_fresh(last_sql, &args);
	value = dq_rows_datum(rows, 0, "last_end", &isnull);
	return isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
}

/*
 * dq_ledger_span: see ledger.h.
 */
bool
dq_ledger_span(int64 pipeline_id, TimestampTz *start, TimestampTz *end)
{
	DqArgs args = {0};
	DqRows *rows;
	bool isnull;
	Datum value;

	dq_args_int8(&args, pipeline_id);
	rows = dq_spi_query_fresh(span_sql, &args);
	if (rows->count == 0)
		return false;
	value = dq_rows_datum(rows, 0, "first_start", &isnull);
	*start = isnull ? DT_NOBEGIN : DatumGetTimestampTz(value);
	value = dq_rows_datum(rows, 0, "last_end", &isnull);
	*end = isnull ? DT_NOEND : DatumGetTimestampTz(value);
	return true;
}
